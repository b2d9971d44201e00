"""Generates in this process through transformers: batches of similar length, each prompt computed once.

Every sample has random numbers of its own, from its seed, and is yielded when it ends, while others of its batch go on.
What a model's generation config says about sampling, such as a repetition penalty, is ignored; only its tokens that end
a text count. Batches depend on the plan alone, so that a run that was killed goes on with the same arithmetic, unless
memory runs out at another batch.
"""

import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from harness.errors import UserError, install_command
from harness.generation.backend import Backend, Engine, Generated, Request
from harness.generation.backends.common import Batch, batches, options_of, pieces
from harness.generation.loading import LoadedModel, adapted_by, ends_of, load_whole
from harness.generation.models import Weights, find_weights, of_one_base, refuse_absent
from harness.generation.threads import choose_threads, wait_passively
from harness.generation.tokens import PromptedRow, Tokens, context_of, too_long
from harness.progress import say
from harness.runs.records import Producer, Sampling

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, StopStringCriteria

    from harness.generation.backends.decoding import BatchProgress


_DIGITS = 3
"""Of a log-probability: more are of the machine that summed it."""
_WRONG_IN_BATCHES = frozenset({"rwkv"})
"""Kinds of models whose state transformers 5 mixes up between the rows of a batch, and which ignore padding."""


class TransformersOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Holds the options of the backend transformers."""

    batch_size: Annotated[int, msgspec.Meta(ge=1)] = 64
    """Samples generated at once; halved where memory runs out."""
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = "auto"
    """Of the weights; auto is what they are stored in."""
    device: Annotated[str, msgspec.Meta(pattern="^(auto|cpu|cuda(:[0-9]+)?)$")] = "auto"
    """auto is the first GPU, or the CPU where there is none."""
    merge: bool = True
    """Whether an adapter is merged into the weights: faster, and rounded once more."""


class _Loaded:
    """Generates with a model in this process."""

    def __init__(
        self,
        name: str,
        weights: Weights,
        options: TransformersOptions,
        loaded: LoadedModel,
    ) -> None:
        from harness.generation.backends import decoding  # noqa: PLC0415 - torch

        model, tokens, self._ends = loaded
        self._decoding, self._model, self._tokenizer = decoding, model, tokens
        self._name, self._weights, self._options = name, weights, options
        decoding.quiet(model)
        self._tokens = Tokens(tokens, context_of(model.config))
        self._size = options.batch_size
        """Halved where memory runs out."""
        self._under_way = UnderWay()

    @property
    def under_way(self) -> str:
        """Return how far the batch is that is being generated."""
        return self._under_way.text()

    @property
    def producer(self) -> Producer:
        """Return the identity of the model."""
        libraries = ("peft", "tokenizers", "torch", "transformers")
        adapter = {"merge": str(self._options.merge)} if self._weights.adapter else {}
        return Producer(
            backend=transformers.name,
            model=self._name,
            weights=self._weights.identity,
            dtype=str(self._model.dtype).removeprefix("torch."),
            versions={library: version(library) for library in libraries},
            options={"batch_size": str(self._options.batch_size), "device": _kind_of(self._model.device)} | adapter,
            repeatable="yes",
        )

    def generate(
        self, plan: Sequence[Request], missing: Collection[tuple[str, int]], sampling: Sampling
    ) -> Iterator[Generated]:
        """Generate the batches of which something is missing, and yield each missing completion when it ends."""
        stop = self._decoding.stop_criterion(self._tokenizer, sampling.stop)
        rows, left = list[PromptedRow](), set(missing)
        for row in self._tokens.rows(plan, sampling.max_tokens):
            if row.limit > 0:
                rows.append(row)
            elif row.request.key in left:
                yield Generated(row.request, too_long(row.prompt))
        waiting = deque(
            batch for batch in batches(rows, self._options.batch_size) if any(row.request.key in left for row in batch)
        )
        of = f"{len(waiting)} batch{'' if len(waiting) == 1 else 'es'} of at most {self._options.batch_size}"
        say(f"{len(left)} samples to generate, in {of}")
        self._under_way = UnderWay()
        while waiting:
            batch = waiting.popleft()
            if len(batch) > self._size:
                waiting.extendleft(reversed(pieces(batch, self._size)))
                continue
            progress = self._decoding.BatchProgress()
            self._under_way.begin(batch, waiting, progress)
            try:
                for generated in self._generated(batch, sampling, stop, left, progress):
                    left.remove(generated.request.key)
                    self._under_way.silent = False
                    yield generated
            except _OutOfMemory:
                self._halve(batch)
                waiting.appendleft(batch)

    def _generated(
        self,
        batch: Batch,
        sampling: Sampling,
        stop: "StopStringCriteria | None",
        missing: Collection[tuple[str, int]],
        progress: "BatchProgress",
    ) -> Iterator[Generated]:
        """Yield the completions of a batch's missing rows.

        Raises:
            _OutOfMemory: Memory ran out; what was yielded holds.
        """
        from accelerate.utils.memory import should_reduce_batch_size  # noqa: PLC0415 - torch

        wanted = [place for place, row in enumerate(batch) if row.request.key in missing]
        try:
            for place, tokens, ended, log_prob in self._decoding.generate_batch(
                self._model, batch, sampling, ends=self._ends, stop=stop, wanted=wanted, progress=progress
            ):
                row = batch[place]
                completion = self._tokens.completion(row.prompt, tokens, ended=ended, stop=sampling.stop)
                if ended and tokens[-1] in self._ends:  # a stop string is sampled, but no part of the completion
                    completion = msgspec.structs.replace(completion, log_prob=round(log_prob, _DIGITS))
                yield Generated(row.request, completion)
        except RuntimeError as error:
            if not should_reduce_batch_size(error):
                raise
            raise _OutOfMemory from error

    def _halve(self, batch: Batch) -> None:
        """Take smaller batches from now on."""
        from accelerate.utils.memory import clear_device_cache  # noqa: PLC0415 - torch

        if len(batch) == 1:
            raise UserError(
                f"out of memory at task {batch[0].request.task_id}, generated alone: "
                "use a smaller --max-tokens, a smaller dtype or a larger device"
            )
        clear_device_cache(garbage_collection=True)
        self._size = len(batch) // 2
        say(f"out of memory with {len(batch)} samples at once: going on with {self._size}")


class _OutOfMemory(Exception):  # noqa: N818 - never leaves this module
    """Reports that a batch is too large for the device."""


class UnderWay:
    """Tells another thread the progress of a generation within its batches."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        """Start the clock."""
        self._clock_s, self._start_s = clock_s, clock_s()
        self._waiting = self._later = self._steps = self._number = self._limit = 0
        self.progress: BatchProgress | None = None
        self.silent = True
        """Whether no sample has ended yet, which would tell the time left."""

    def begin(self, batch: Batch, waiting: Collection[Batch], progress: "BatchProgress") -> None:
        """Go on with a batch.

        Args:
            batch: that is generated now.
            waiting: those that come after it.
            progress: counts its tokens.
        """
        if self.progress:
            self._steps += self.progress.tokens
        self._number, self._waiting = self._number + 1, len(waiting)
        self._limit, self._later = batch[0].limit, sum(batch[0].limit for batch in waiting)
        self.progress = progress

    def text(self) -> str:
        """Return the batch and its token, and the longest time left where nothing else tells it."""
        if self.progress is None:
            return ""
        tokens = self.progress.tokens
        text = f"batch {self._number} of {self._number + self._waiting} at token {tokens} of {self._limit}"
        if not (self.silent and tokens):
            return text
        pace_s = (self._clock_s() - self._start_s) / (self._steps + tokens)
        return f"{text}, at most {timedelta(seconds=round(pace_s * (self._limit - tokens + self._later)))} left"


@contextmanager
def _load(model: str, given: Mapping[str, Any]) -> Iterator[Engine]:
    options = options_of(transformers.name, given, TransformersOptions)
    wait_passively()
    try:
        import transformers as _library  # noqa: F401, PLC0415 - seconds
    except ModuleNotFoundError as error:
        raise UserError(
            f"the backend transformers needs libraries: {install_command('proctor[transformers]')}"
        ) from error
    weights = find_weights(model)
    device = _device(options.device)
    loaded = _from_disk(weights, options, device)
    say(f"loaded {model}: {_described(loaded.model)}")
    yield _Loaded(model, weights, options, loaded)


def _described(model: "PreTrainedModel") -> str:
    """Return a loaded model's size, type and device in words, and settle the threads that compute it on a CPU."""
    parameters = sum(weight.numel() for weight in model.parameters())
    threads = f", {choose_threads(parameters)}" if model.device.type == "cpu" else ""
    dtype = str(model.dtype).removeprefix("torch.")
    return f"{parameters / 1e6:.1f} million parameters in {dtype} on {_kind_of(model.device)}{threads}"


@contextmanager
def _share(models: Sequence[str], given: Mapping[str, Any]) -> Iterator[Backend]:
    """Load the base once, for the first of them; adapters are computed beside it, as merging would change it."""
    options = msgspec.structs.replace(options_of(transformers.name, given, TransformersOptions), merge=False)
    found = of_one_base(models)
    device = _device(options.device)

    @cache
    def base() -> LoadedModel:
        loaded = _from_disk(msgspec.structs.replace(found[models[0]], adapter=None), options, device)
        say(f"loaded {found[models[0]].name} for all: {_described(loaded.model)}")
        return loaded

    @contextmanager
    def load(model: str, _given: Mapping[str, Any]) -> Iterator[Engine]:
        weights, loaded = found[model], base()
        if weights.adapter is None:
            yield _Loaded(model, weights, options, loaded)
            return
        adapted = adapted_by(weights.adapter, loaded.model)
        try:
            ends = ends_of(loaded.tokenizer, weights.base, weights.adapter)
            yield _Loaded(model, weights, options, LoadedModel(loaded.model.eval(), loaded.tokenizer, ends))
        finally:
            adapted.unload()

    yield msgspec.structs.replace(transformers, load=load)


def _from_disk(weights: Weights, options: TransformersOptions, device: "torch.device") -> LoadedModel:
    """Return a model on its device, its tokenizer and its ends.

    From here on this process computes attention without cuDNN, which PyTorch prefers on Hopper and Blackwell GPUs: it
    makes a plan for each number of tokens, and every token that is generated makes another.

    Raises:
        UserError: As of `load_whole`, the library can't compute batches of it, or the device's memory is too small.
    """
    import torch  # noqa: PLC0415 - seconds

    torch.backends.cuda.enable_cudnn_sdp(enabled=False)
    loaded = load_whole(weights, dtype=options.dtype, merge=options.merge)
    kind = loaded.model.config.model_type
    if kind in _WRONG_IN_BATCHES and options.batch_size > 1:
        raise UserError(
            f"{weights.base}: transformers computes a batch of {kind} otherwise than its rows alone; "
            "give --option batch_size=1"
        )
    try:
        return loaded._replace(model=loaded.model.to(device).eval())
    except RuntimeError as error:
        raise UserError(f"{weights.base}: can't be moved to {device}: {' '.join(str(error).split())}") from error


def _device(wanted: str) -> "torch.device":
    """Return the device.

    Raises:
        UserError: There is no such GPU.
    """
    import torch  # noqa: PLC0415 - seconds

    gpus = torch.cuda.device_count()
    device = torch.device("cuda" if gpus else "cpu") if wanted == "auto" else torch.device(wanted)
    if device.type == "cuda" and (device.index or 0) >= gpus:
        raise UserError(
            f"--option device={wanted}: there {'is' if gpus == 1 else 'are'} {gpus or 'no'} GPU"
            f"{'' if gpus == 1 else 's'} for PyTorch here; use device=cpu or check the driver"
        )
    return device


def _kind_of(device: "torch.device") -> str:
    import torch  # noqa: PLC0415 - seconds

    if device.type == "cuda":
        return f"cuda ({torch.cuda.get_device_name(device)})"
    return f"{device.type} ({torch.backends.cpu.get_cpu_capability()})"


transformers = Backend(
    name="transformers",
    load=_load,
    share=_share,
    check=refuse_absent,
    about="a model in this process: hub id, local folder or LoRA adapter",
)
