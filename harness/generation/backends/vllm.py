"""Generates in this process through vLLM: its scheduler packs the samples, its prefix cache keeps the prompts.

Every sample is a request of its own with its own seed; those of a prompt come in sequence, so that its keys and values
are found in the cache. What a model's generation config says about sampling is not applied.
"""

import asyncio
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import fields
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import msgspec

from harness.errors import Unavailable, UserError, install_command
from harness.generation.backend import Backend, Engine, Generated, Request
from harness.generation.loading import ends_of, load_tokenizer
from harness.generation.models import Weights, of_one_base, refuse_absent
from harness.generation.tokens import PromptedRow, Tokens, too_long
from harness.runs.jsonl import read
from harness.runs.records import Producer, Sampling

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal
    from vllm import RequestOutput, SamplingParams
    from vllm.v1.engine.async_llm import AsyncLLM

_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""Of adapters that vLLM makes room for."""
_OURS = frozenset({"enable_lora", "enable_prefix_caching", "model", "runner", "tokenizer"})
"""Options of the engine that follow from the model, or from what a backend does."""
_SHUTDOWN_S = 30.0
"""After which the engine's processes are killed, and leave shared memory behind."""


class _AdapterRank(msgspec.Struct, frozen=True):
    r: int
    rank_pattern: dict[str, int] = {}


class _Loaded:
    """Generates with vLLM's engine; its coroutines run in the portal's thread."""

    def __init__(
        self,
        name: str,
        weights: Weights,
        options: Mapping[str, Any],
        llm: "AsyncLLM",
        portal: "BlockingPortal",
        *,
        number: int = 1,
    ) -> None:
        from vllm.lora.request import LoRARequest  # noqa: PLC0415 - seconds

        self._name, self._weights, self._options = name, weights, options
        self._llm, self._portal = llm, portal
        tokenizer = load_tokenizer(weights.base)
        self._tokens = Tokens(tokenizer, llm.model_config.max_model_len)
        self._ends = ends_of(tokenizer, weights.base, *filter(None, [weights.adapter]))
        self._adapter = LoRARequest(f"adapter{number}", number, str(weights.adapter)) if weights.adapter else None

    @property
    def producer(self) -> Producer:
        """Return the identity of the model."""
        import torch  # noqa: PLC0415 - seconds
        import transformers  # noqa: PLC0415 - seconds
        import vllm as library  # noqa: PLC0415 - seconds
        from vllm import envs  # noqa: PLC0415 - seconds
        from vllm.platforms import current_platform  # noqa: PLC0415 - seconds

        return Producer(
            backend=vllm.name,
            model=self._name,
            weights=self._weights.identity,
            dtype=str(self._llm.model_config.dtype).removeprefix("torch."),
            versions={module.__name__: str(module.__version__) for module in (torch, transformers, library)},
            options={
                "device": current_platform.get_device_name(),
                **{name: str(value) for name, value in sorted(self._options.items())},
            },
            repeatable="yes"
            if envs.VLLM_BATCH_INVARIANT
            else "each sample has its own seed, but vLLM rounds by what it computes together (VLLM_BATCH_INVARIANT=1 "
            "forbids it that, on some GPUs)",
        )

    def generate(
        self, plan: Sequence[Request], missing: Collection[tuple[str, int]], sampling: Sampling
    ) -> Iterator[Generated]:
        """Hand all that is missing to the engine, and yield each completion when it is done."""
        rows = list[PromptedRow]()
        requests = (request for request in plan if request.key in missing)
        for row in self._tokens.rows(requests, sampling.max_tokens):
            if row.limit > 0:
                rows.append(row)
            else:
                yield Generated(row.request, too_long(row.prompt))
        for (request, prompt, _), output in self._outputs(rows, sampling):
            ended = output.outputs[0].finish_reason == "stop"
            tokens = output.outputs[0].token_ids
            yield Generated(request, self._tokens.completion(prompt, tokens, ended=ended, stop=sampling.stop))

    def _outputs(
        self, rows: Sequence[PromptedRow], sampling: Sampling
    ) -> "Iterator[tuple[PromptedRow, RequestOutput]]":
        """Yield the engine's output for each row; a closed iterator aborts what is under way."""
        from vllm import TokensPrompt  # noqa: PLC0415 - seconds
        from vllm.v1.engine.exceptions import EngineDeadError  # noqa: PLC0415 - seconds

        arrived: SimpleQueue[tuple[PromptedRow, RequestOutput] | None] = SimpleQueue()

        async def answer(place: int, row: PromptedRow) -> None:
            prompt, params = TokensPrompt(prompt_token_ids=list(row.prompt)), _params(row, sampling, self._ends)
            async for output in self._llm.generate(prompt, params, str(place), lora_request=self._adapter):
                arrived.put((row, output))  # the only one

        async def answer_all() -> None:
            try:
                async with asyncio.TaskGroup() as group:
                    for place, row in enumerate(rows):
                        group.create_task(answer(place, row))
            finally:
                arrived.put(None)

        answering = self._portal.start_task_soon(answer_all)
        try:
            while output := arrived.get():
                yield output
            answering.result()
        except* EngineDeadError:
            raise Unavailable(
                "vLLM's engine died, see its own message above; run the same command again to resume"
            ) from None
        finally:
            answering.cancel()


def _params(row: PromptedRow, sampling: Sampling, ends: Sequence[int]) -> "SamplingParams":
    from vllm import SamplingParams  # noqa: PLC0415 - seconds
    from vllm.sampling_params import RequestOutputKind  # noqa: PLC0415 - seconds

    return SamplingParams(
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        seed=row.request.seed,
        max_tokens=row.limit,
        stop=list(sampling.stop),
        stop_token_ids=list(ends),
        detokenize=bool(sampling.stop),  # which it needs to see them; the text is ours to make
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


@contextmanager
def _load(model: str, given: Mapping[str, Any]) -> Iterator[Engine]:
    with _share((model,), given) as backend, backend.load(model, given) as engine:
        yield engine


@contextmanager
def _share(models: Sequence[str], given: Mapping[str, Any]) -> Iterator[Backend]:
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("VLLM_LOGGING_STREAM", "ext://sys.stderr")  # stdout is for results
    try:
        from anyio.from_thread import start_blocking_portal  # noqa: PLC0415 - an extra
        from vllm.usage.usage_lib import UsageContext  # noqa: PLC0415 - an extra
        from vllm.v1.engine.async_llm import AsyncLLM  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise UserError(f"the backend vllm needs a library: {install_command('proctor[vllm]')}") from error
    _check(given)
    found = of_one_base(models)
    try:
        llm = AsyncLLM.from_engine_args(_engine_args([*found.values()], given), usage_context=UsageContext.LLM_CLASS)
    except (OSError, ValueError, RuntimeError) as error:  # no GPU, no memory, no such architecture ...
        reason = " ".join(str(error).split())
        raise UserError(
            f"vLLM can't load {models[0]}: {reason}; see its own messages above, and check --option"
        ) from error
    with start_blocking_portal() as portal:
        engines = {
            model: _Loaded(model, weights, given, llm, portal, number=number)
            for number, (model, weights) in enumerate(found.items(), 1)
        }
        try:
            yield msgspec.structs.replace(vllm, load=lambda model, _given: nullcontext(engines[model]))
        finally:
            portal.call(llm.shutdown, _SHUTDOWN_S)
            engines.clear()
            del llm  # this frame outlives it, and Python would end with a complaint of its destructor


def _check(given: Mapping[str, Any]) -> None:
    """Raise UserError for an option that the engine doesn't have, or that proctor sets itself."""
    from vllm import AsyncEngineArgs  # noqa: PLC0415 - seconds

    known = {field.name for field in fields(AsyncEngineArgs)} - _OURS
    if unknown := sorted(given.keys() - known):
        raise UserError(
            f"--option of the backend vllm: there is no {unknown[0]} to set; it takes those of vLLM's engine, "
            "such as dtype, enforce_eager, gpu_memory_utilization, max_model_len or tensor_parallel_size"
        )


def _engine_args(models: Sequence[Weights], given: Mapping[str, Any]) -> Any:
    """Return the engine's settings for the base of some models, with room for the largest of their adapters."""
    from vllm import AsyncEngineArgs  # noqa: PLC0415 - seconds
    from vllm.platforms import current_platform  # noqa: PLC0415 - seconds

    # After a part of a prompt, vLLM 0.32 turns the sample's random numbers back, and dies if they are a CPU's.
    whole = {"enable_chunked_prefill": False} if current_platform.is_cpu() else {}
    ranks = [_rank(weights.adapter) for weights in models if weights.adapter]
    adapter = {"enable_lora": True, "max_lora_rank": max(ranks)} if ranks else {}
    ours = {"model": str(models[0].base), "enable_prefix_caching": True, "runner": "generate"}
    return AsyncEngineArgs(**{"seed": 0, "disable_log_stats": True, **whole, **adapter, **given, **ours})


def _rank(adapter: Path) -> int:
    """Return the rank for which the engine makes room."""
    config = read(adapter / "adapter_config.json", _AdapterRank)
    largest = max(config.r, *config.rank_pattern.values(), 0)
    return min(rank for rank in _RANKS if rank >= min(largest, _RANKS[-1]))


vllm = Backend(
    name="vllm",
    load=_load,
    share=_share,
    check=refuse_absent,
    about="a model in this process, through vLLM: hub id, local folder or adapter",
)
