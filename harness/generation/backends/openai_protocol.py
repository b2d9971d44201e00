"""Reads the options of an OpenAI-compatible server and, strictly, its answers."""

import os
import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from harness.errors import UserError
from harness.generation.backend import Completion, cut_at_stop
from harness.generation.backends.common import options_of
from harness.runs.python_json import converted, parse_json
from harness.runs.records import FinishReason

T = TypeVar("T")

_FIXED = frozenset({"messages", "model", "n", "prompt", "stream"})
"""Fields of a request without which an answer would be of another kind."""


class ServerOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Holds the options of the backend openai."""

    base_url: str = ""
    """Up to and with `/v1`; by default OPENAI_BASE_URL, or OpenAI's own server."""
    api_key_env: str = "OPENAI_API_KEY"
    """Name of the environment variable that holds the key; a server on the loopback may need none."""
    concurrency: Annotated[int, msgspec.Meta(ge=1)] = 16
    """Requests under way at once."""
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 600.0
    """For a whole answer."""
    retries: Annotated[int, msgspec.Meta(ge=0)] = 8
    """Tries after the first."""
    backoff_s: Annotated[float, msgspec.Meta(ge=0)] = 1.0
    """Longest wait before the second try, doubled for each further one, up to a minute."""
    text_as_chat: bool = False
    """Send a text as the only message of a chat, to a server without `/completions`."""
    extra: dict[str, Any] = {}
    """Fields added to each request, such as top_k; null leaves one out."""


def server_options(given: Mapping[str, Any]) -> ServerOptions:
    """Return the options of the backend, its address among them.

    Args:
        given: option -> value, as --option gave it.

    Returns:
        The options, with the address from the environment where none was given.

    Raises:
        UserError: An option is unknown, of another type, or makes no sense.
    """
    options = options_of("openai", {**given, "extra": _table(given.get("extra", {}))}, ServerOptions)
    if fixed := sorted(_FIXED & options.extra.keys()):
        raise UserError(f"--option extra can't set {', '.join(fixed)}; leave that to proctor")
    url = options.base_url or os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"
    if not _is_address(url):
        raise UserError("--option base_url must be a URL such as http://127.0.0.1:8000/v1")
    return msgspec.structs.replace(options, base_url=url)


_OF_THE_SERVER = ("top_k", "min_p", "repetition_penalty")
"""Settings of sampling that are not OpenAI's: where a request lacks them, many servers take the model's own."""


def left_to_server(options: ServerOptions) -> tuple[str, ...]:
    """Return the settings of sampling that no request says, so that the server's own configuration decides them.

    Args:
        options: of the backend.

    Returns:
        Their names.
    """
    return tuple(name for name in _OF_THE_SERVER if options.extra.get(name) is None)


def _table(extra: Any) -> Any:
    """Return a JSON text's value; the command line leaves as a text what is no TOML, which has no null."""
    try:
        return msgspec.json.decode(extra) if isinstance(extra, str) else extra
    except msgspec.DecodeError as error:
        raise UserError(f'--option extra: {error}; it takes a table such as {{"top_k": 20}}') from None


def key_of(options: ServerOptions) -> str:
    """Return the key for a server, empty where none is needed.

    Args:
        options: that name the server and the variable with the key.

    Returns:
        Printable ASCII, without white space.

    Raises:
        UserError: There is no key, or it can't be one. The error doesn't repeat the option: it may be the key itself.
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", options.api_key_env):
        raise UserError("--option api_key_env takes the name of an environment variable, not the key itself")
    key = os.environ.get(options.api_key_env, "").strip()
    if not key and not _on_loopback(options.base_url):
        raise UserError(
            f"{public(options.base_url)} takes a key: put it into the environment variable OPENAI_API_KEY, or into "
            "the one that --option api_key_env names; any text will do for a server that checks none"
        )
    if re.search(r"[^!-~]", key):
        raise UserError("the key in the variable that --option api_key_env names has characters that no key has")
    return key


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port or an address in brackets
        return False


def _on_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def public(url: str) -> str:
    """Return the URL without a password or a query, in which some servers take their key.

    Args:
        url: as it was given.

    Returns:
        Scheme, host, port and path, without a slash at the end.

    >>> public("https://me:secret@host:8000/v1/?key=secret")
    'https://host:8000/v1'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"


_FINISH_REASONS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "stop_sequence": "stop",
    "end_turn": "stop",
    "content_filter": "stop",  # what the server's filter left is what this policy answers
    "tool_calls": "stop",  # a call that was not offered is not a text, but it is what the model said
    "function_call": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
}
"""Servers' words; any other, such as `abort`, ends no completion."""

_TOO_LONG = re.compile(
    r"context[ _-]?(length|window|size|limit)|exceed_context|max_model_len|maximum [a-z]+ ([a-z]+ )?length"
    r"|(prompt|inputs?)`? (is too long|must have less than)|max_new_tokens` must be|reduce the length of",
    re.IGNORECASE,
)
"""How OpenAI, vLLM, SGLang, llama.cpp, text-generation-inference and hosted services say that a prompt doesn't fit."""

_TOO_LONG_STATUSES = (400, 413, 422)

_Tokens = Annotated[int, msgspec.Meta(ge=0)] | None


class _Usage(msgspec.Struct, frozen=True, kw_only=True):
    prompt_tokens: _Tokens = None
    completion_tokens: _Tokens = None


class _TextChoice(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    finish_reason: str


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    content: str | None
    refusal: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: tuple[Any, ...] | None = None


class _ChatChoice(msgspec.Struct, frozen=True, kw_only=True):
    message: _Message
    finish_reason: str

    @property
    def text(self) -> str:
        """Return what was said aloud: nothing where the model refused, called a tool, or thought until it was cut."""
        said = self.message
        if said.content is not None:
            return said.content
        silent = said.refusal or said.reasoning or said.reasoning_content or said.tool_calls
        if silent or _FINISH_REASONS[self.finish_reason] == "length":
            return ""
        raise ValueError("a message without content")


class _TextAnswer(msgspec.Struct, frozen=True, kw_only=True):
    choices: tuple[_TextChoice]
    usage: _Usage | None = None


class _ChatAnswer(msgspec.Struct, frozen=True, kw_only=True):
    choices: tuple[_ChatChoice]
    usage: _Usage | None = None


class _Model(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    root: str | None = None


class _Models(msgspec.Struct, frozen=True, kw_only=True):
    data: tuple[_Model, ...]


def completion_of(answer: bytes, stop: Sequence[str], *, chat: bool) -> Completion:
    """Return the one completion of an answer, without the stop string, which some servers leave in.

    Args:
        answer: body of the response.
        stop: strings that were requested.
        chat: whether it answers a chat.

    Returns:
        Counts of tokens are None where the server gave none.

    Raises:
        ValueError: The answer is something else: no JSON, no choice or several, no text, or one that didn't end.
    """
    said = _decoded(answer, _ChatAnswer) if chat else _decoded(answer, _TextAnswer)
    (choice,) = said.choices
    if choice.finish_reason not in _FINISH_REASONS:
        raise ValueError(f"finish_reason {choice.finish_reason[:40]!r}")
    text, stopped = cut_at_stop(choice.text, stop)
    usage = said.usage or _Usage()
    return Completion(
        text=text,
        finish_reason="stop" if stopped else _FINISH_REASONS[choice.finish_reason],
        prompt_tokens=usage.prompt_tokens,
        tokens=usage.completion_tokens,
    )


def _decoded(answer: bytes, type_: type[T]) -> T:
    """Decode an answer, whatever characters it holds: asking again for half a surrogate pair brings the same.

    Raises:
        ValueError: It is no JSON, or of another shape.
    """
    try:
        return msgspec.json.decode(answer, type=type_)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        try:
            return converted(parse_json(answer, "answer"), type_, "answer")
        except UserError as error:
            raise ValueError(str(error)) from error


def weights_of(answer: bytes, model: str) -> str:
    """Return the source of the model's weights as a server names it.

    Args:
        answer: body of the response to `/models`.
        model: its name in requests.

    Returns:
        The model's `root`, else its `id`, or `model` where it isn't listed.

    Raises:
        ValueError: The answer is not a list of models.
    """
    listed = _decoded(answer, _Models).data
    return next((entry.root or entry.id for entry in listed if entry.id == model), model)


def prompt_too_long(status: int, body: str) -> bool:
    """Return whether an error's status and text say that the prompt, or the prompt and max_tokens, don't fit.

    Args:
        status: of HTTP.
        body: text of the response.

    Returns:
        True for the words of the servers that are known.
    """
    return status in _TOO_LONG_STATUSES and _TOO_LONG.search(body) is not None


def message_of(body: object) -> str:
    """Return what the body of an error says, by the shapes that are in use.

    Args:
        body: decoded; None where there was none.

    Returns:
        `no message` where there is none.

    >>> message_of({"error": {"message": "no such model", "code": 404}}), message_of({"detail": "no"}), message_of(None)
    ('no such model', 'no', 'no message')
    """
    while isinstance(body, Mapping):
        body = next((body[key] for key in ("error", "message", "detail") if body.get(key)), str(dict(body)))
    return str(body or "no message")
