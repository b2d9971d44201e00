"""Generates on any server of OpenAI's protocol: one request a sample, repeated until the answer is a completion.

A text goes to `/completions`, a chat to `/chat/completions`. A server may be busy, fall silent, drop the connection or
answer nonsense: each costs a wait and another try, and each request is yielded once. What no try can heal, such as a
wrong key or an unknown model, ends the run in one line. That a prompt is too long for the model is an answer too: an
empty completion that ended by `context`.

The key comes from the environment. It is sent to the server, and goes nowhere else.
"""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from queue import SimpleQueue
from time import time
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from harness.errors import Unavailable, UserError, install_command
from harness.generation.backend import Backend, Completion, Engine, Generated, Request
from harness.generation.backends.openai_protocol import (
    ServerOptions,
    completion_of,
    key_of,
    left_to_server,
    message_of,
    prompt_too_long,
    public,
    server_options,
    weights_of,
)
from harness.progress import say
from harness.runs.records import Producer, Sampling

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal
    from openai import APIStatusError, AsyncOpenAI

T = TypeVar("T")

_LONGEST_BACKOFF_S = 60.0
_LONGEST_WAIT_S = 600.0
"""A server that requests a longer wait is taken for gone."""
_LONGEST_MESSAGE = 400
_FIRST_RETRIES, _FIRST_TIMEOUT_S = 2, 30.0
"""At most these for the first question: the user is still there to hear that the server isn't."""
_BUSY = frozenset({408, 409, 425, 429, 502, 503, 504})
_BROKEN = 500
_ADVICE = {
    401: "check the key in the variable that --option api_key_env names",
    403: "check what the key in the variable that --option api_key_env names may do",
    404: "check --model and --option base_url; a server that only chats takes --option text_as_chat=true",
}


class _Fault(Exception):  # noqa: N818 - never leaves this module
    """Reports a missing or unusable answer; another try may bring one, after the wait that the server requests."""

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class _Server:
    """Generates on a server. Requests run in the portal's thread, so that they can be dropped at any moment."""

    def __init__(
        self,
        model: str,
        options: ServerOptions,
        key: str,
        portal: "BlockingPortal",
        connect: "Callable[[], AsyncOpenAI]",
    ) -> None:
        self._model, self._options, self._key, self._portal, self._connect = model, options, key, portal, connect
        self._address = public(options.base_url)
        self._weights = portal.call(self._request_weights)

    @property
    def producer(self) -> Producer:
        """Return the identity of the model, as far as a server tells."""
        return Producer(
            backend=openai.name,
            model=self._model,
            weights=self._weights,
            dtype="",
            versions={},
            options={
                "base_url": self._address,
                "extra": msgspec.json.encode(self._options.extra, order="deterministic").decode(),
                "left_to_server": ", ".join(left_to_server(self._options)),
                "text_as_chat": str(self._options.text_as_chat),
            },
            repeatable="each request carries the seed of its sample, but a server need not keep to it",
        )

    def generate(
        self, plan: Sequence[Request], missing: Collection[tuple[str, int]], sampling: Sampling
    ) -> Iterator[Generated]:
        """Generate what is missing; a closed iterator drops the requests that are under way."""
        from anyio import create_task_group  # noqa: PLC0415 - a part of the extra

        todo = iter([request for request in plan if request.key in missing])
        arrived = SimpleQueue[Generated | None]()

        async def work(client: "AsyncOpenAI") -> None:
            for request in todo:  # which all workers share
                arrived.put(Generated(request, await self._complete(client, request, sampling)))

        async def work_together() -> None:
            try:
                async with self._connect() as client, create_task_group() as workers:
                    for _ in range(self._options.concurrency):
                        workers.start_soon(work, client)
            except ExceptionGroup as errors:  # the first to fail has stopped the others
                raise errors.exceptions[0] from None
            finally:
                arrived.put(None)

        generating = self._portal.start_task_soon(work_together)
        try:
            while generated := arrived.get():
                yield generated
            generating.result()
        finally:
            generating.cancel()

    async def _complete(self, client: "AsyncOpenAI", request: Request, sampling: Sampling) -> Completion:
        from openai import APIStatusError  # noqa: PLC0415 - an extra

        chat = self._options.text_as_chat or not isinstance(request.prompt, str)
        path = "/chat/completions" if chat else "/completions"
        body = self._body(request, sampling, chat=chat)

        async def attempt() -> Completion:
            return completion_of(await client.post(path, body=body, cast_to=bytes), sampling.stop, chat=chat)

        try:
            return await self._insist(attempt, path, self._options.retries, self._options.timeout_s)
        except APIStatusError as refusal:
            if prompt_too_long(refusal.status_code, refusal.response.text):
                return Completion(text="", finish_reason="context", prompt_tokens=None, tokens=0)
            raise UserError(
                f"{self._address}{path} refuses task {request.task_id} with status {refusal.status_code}: "
                f"{self._reported(message_of(refusal.body))}; "
                + _ADVICE.get(refusal.status_code, "check the options of the server and of the command")
            ) from None

    def _body(self, request: Request, sampling: Sampling, *, chat: bool) -> dict[str, Any]:
        prompt = request.prompt
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else msgspec.to_builtins(prompt)
        body = {
            "model": self._model,
            **({"messages": messages} if chat else {"prompt": prompt}),
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": request.seed,
            "stop": list(sampling.stop) or None,
        } | self._options.extra
        return {name: value for name, value in body.items() if value is not None}

    async def _request_weights(self) -> str:
        """Return what the server calls the model's weights: the model's name where it doesn't list its models."""
        from openai import APIStatusError  # noqa: PLC0415 - an extra

        async def attempt() -> str:
            try:
                return weights_of(await client.get("/models", cast_to=bytes), self._model)
            except (APIStatusError, ValueError) as error:  # `transformers serve` answers 500 without a network
                if isinstance(error, APIStatusError) and error.status_code in _BUSY:
                    raise
                return self._model

        async with self._connect() as client:
            retries = min(_FIRST_RETRIES, self._options.retries)
            return await self._insist(attempt, "/models", retries, min(_FIRST_TIMEOUT_S, self._options.timeout_s))

    async def _insist(self, attempt: Callable[[], Awaitable[T]], path: str, retries: int, timeout_s: float) -> T:
        """Return the first usable answer.

        Raises:
            APIStatusError: The server refuses, and would again.
            Unavailable: No try brought an answer.
        """
        for tried in range(1, retries + 2):
            try:
                return await _once(attempt, timeout_s)
            except _Fault as error:
                fault = error
            if tried > retries or fault.wait_s > _LONGEST_WAIT_S:
                break
            await asyncio.sleep(max(fault.wait_s, self._backoff_s(tried)))
        raise Unavailable(
            f"{self._address}{path} gave no usable answer after {tried - 1} retries: {self._reported(str(fault))}; "
            "check the server and --option base_url, then run the same command again"
        )

    def _backoff_s(self, tried: int) -> float:
        longest = min(_LONGEST_BACKOFF_S, self._options.backoff_s * 2.0 ** min(tried - 1, 16))
        return random.uniform(longest / 2, longest)  # noqa: S311 - spreads the tries, hides nothing

    def _reported(self, message: str) -> str:
        """Return one line for the user, without the key, which some servers repeat."""
        line = " ".join(message.split())
        return (line.replace(self._key, "***") if self._key else line)[:_LONGEST_MESSAGE]


@contextmanager
def _load(model: str, given: Mapping[str, Any]) -> Iterator[Engine]:
    options = server_options(given)
    key = key_of(options)
    try:
        from anyio.from_thread import start_blocking_portal  # noqa: PLC0415 - an extra
        from openai import AsyncOpenAI  # noqa: PLC0415 - an extra, and half a second
    except ModuleNotFoundError as error:
        raise UserError(f"the backend openai needs a library: {install_command('proctor[openai]')}") from error

    def connect() -> AsyncOpenAI:
        return AsyncOpenAI(api_key=key or "none", base_url=options.base_url, timeout=None, max_retries=0)

    with start_blocking_portal() as portal:
        try:
            server = _Server(model, options, key, portal, connect)
            if left := ", ".join(left_to_server(options)):
                say(f"{public(options.base_url)}: its own settings decide {left}; --option extra sends them")
            yield server
        finally:
            portal.call(portal.stop, True)  # all that is still under way


async def _once(attempt: Callable[[], Awaitable[T]], timeout_s: float) -> T:
    """Return the answer; raise _Fault where another try may bring a better one, APIStatusError where none will."""
    from openai import APIConnectionError, APIStatusError  # noqa: PLC0415 - an extra

    try:
        async with asyncio.timeout(timeout_s):
            return await attempt()
    except TimeoutError:
        raise _Fault(f"silence for {timeout_s:g} s") from None
    except APIConnectionError as error:
        raise _Fault(f"the connection failed ({error.__cause__ or error})") from None
    except APIStatusError as error:
        if error.status_code not in _BUSY and error.status_code < _BROKEN:
            raise
        raise _Fault(f"status {error.status_code}: {message_of(error.body)}", _retry_after_s(error)) from None
    except ValueError as error:
        raise _Fault(f"an answer that is not a completion ({error})") from None


def _retry_after_s(error: "APIStatusError") -> float:
    """Return the seconds of Retry-After, which holds them or a date; 0 where it holds neither."""
    wait = error.response.headers.get("retry-after", "")
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", wait):
        return float(wait)
    try:
        return max(0.0, parsedate_to_datetime(wait).timestamp() - time())
    except ValueError:
        return 0.0


openai = Backend(
    name="openai", load=_load, about="any OpenAI-compatible server: completions and chats (docs/servers.md)"
)
