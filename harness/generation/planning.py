"""Plans a generation: the problems, their prompts and the sampling are settled before the model is loaded."""

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from harness.benchmarks.benchmark import Benchmark, LoadedBenchmark
from harness.benchmarks.flaws import refuse_flawed
from harness.benchmarks.problem_info import ProblemInfos, problem_infos, sha256_of, splits_of
from harness.benchmarks.selection import of_shard, selected_problems
from harness.errors import UserError
from harness.generation.backend import Backend, Engine, Request, Tells
from harness.generation.generate import complete_requests, missing_of, put_in_order, requests_of
from harness.generation.prompts import PromptCard, card_id, load_card, render_prompt
from harness.plugins import resolve
from harness.progress import announced, watched
from harness.runs.jsonl import sole_writer
from harness.runs.records import Generation, Producer, PromptCardId, Sample, Sampling, Source
from harness.runs.row_store import SampleFile
from harness.runs.run_folder import SAMPLES, open_generation

BACKENDS = "proctor.backends"
"""The entry-point group."""


class GenerationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Requests samples of a model; None leaves a setting to the prompt card or the benchmark."""

    model: str
    backend: str | Backend
    options: dict[str, Any] = {}
    """Of the backend."""
    policy: str | None = None
    split: str | None = None
    problem_set: str = ""
    limit: int | None = None
    shard: str = ""
    prompt_card: str | None = None
    n: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int = 0


class GenerationPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the requests and all else that is settled before the model is loaded."""

    requests: tuple[Request, ...]
    sampling: Sampling
    policy: str
    prompt_card: PromptCardId
    infos: ProblemInfos
    problem_set: str
    shard: str
    source: Source

    def record(self, producer: Producer) -> Generation:
        """Return the record of these requests to a producer.

        Args:
            producer: of the engine that is loaded.

        Returns:
            The record, with the SHA-256 of each prompt.
        """
        prompts = {request.task_id: request.prompt for request in self.requests}
        return Generation(
            policy=self.policy,
            producer=producer,
            sampling=self.sampling,
            prompt_card=self.prompt_card,
            benchmark=next(iter(self.infos.values())).benchmark,
            problem_set=self.problem_set,
            splits=splits_of(self.infos),
            proctor=version("proctor"),
            source=self.source,
            prompts={task_id: sha256_of(prompt) for task_id, prompt in prompts.items()},
            shard=self.shard,
        )


def plan_generation(settings: GenerationSettings, source: Source, loaded: LoadedBenchmark) -> GenerationPlan:
    """Choose the problems, render their prompts, and settle the sampling.

    Args:
        settings: as the user gave them.
        source: of the problems.
        loaded: the benchmark at that source.

    Returns:
        The plan; the model has not been looked for.

    Raises:
        UserError: There is no such card or set, a problem's tests can't be run, or the card, the problems and the
            sampling don't go together.
    """
    benchmark, problems = loaded
    card = card_for(benchmark, settings.prompt_card)
    sampling = _sampling(settings, card)
    policy = settings.policy or Path(settings.model).name or settings.model
    if not policy.isprintable():
        raise UserError(f"the policy {policy!r} holds unprintable characters; name it with --policy")
    infos = of_shard(
        _selected(settings, benchmark, problem_infos(problems, problems, benchmark.family)), settings.shard
    )
    refuse_flawed(problems, infos)
    prompts = {task_id: render_prompt(card, problems[task_id], problems) for task_id in infos}
    return GenerationPlan(
        requests=requests_of(prompts, sampling),
        sampling=sampling,
        policy=policy,
        prompt_card=card_id(card),
        infos=infos,
        problem_set=settings.problem_set,
        shard=settings.shard,
        source=source,
    )


def card_for(benchmark: Benchmark, name: str | None) -> PromptCard:
    """Load the prompt card of a name or path, or else the benchmark's default.

    Args:
        benchmark: that names the default.
        name: of a card, or path of a .toml file; None or "" for the default.

    Returns:
        The card, checked.

    Raises:
        UserError: There is no such card, or no default.
    """
    if not (name or benchmark.prompt_card):
        raise UserError(f"{benchmark.name} has no prompt card of its own; name one with --prompt-card")
    return load_card(name or benchmark.prompt_card)


def backend_of(settings: GenerationSettings) -> Backend:
    """Return the backend that the settings name.

    Args:
        settings: with a backend, or the name of a registered one, or "path.py:attribute".

    Returns:
        The backend; one found by its name has loaded nothing.

    Raises:
        UserError: There is no such backend.
    """
    given = settings.backend
    return given if isinstance(given, Backend) else resolve(BACKENDS, given, Backend)


@contextmanager
def loaded_engine(backend: Backend, settings: GenerationSettings, plan: GenerationPlan) -> Iterator[Engine]:
    """Load the model of a plan, and say so where that is not done at once: it may take minutes.

    Args:
        backend: that loads it.
        settings: the model's name and the options.
        plan: of the requests.

    Yields:
        The engine.

    Raises:
        UserError: The model can't be loaded.
    """
    samples = f"{len(plan.requests)} samples of {len(plan.infos)} problems"
    with ExitStack() as stack:
        with announced(f"loading {settings.model} with {backend.name}, for {samples}"):
            engine = stack.enter_context(backend.load(settings.model, settings.options))
        yield engine


def generate_samples(backend: Backend, settings: GenerationSettings, plan: GenerationPlan, out: Path) -> SampleFile:
    """Generate the samples of a plan, or those that a killed process left, into a folder.

    Args:
        backend: that loads the model.
        settings: its name and options.
        plan: of the requests.
        out: the folder.

    Returns:
        The samples, in the order of the plan.

    Raises:
        UserError: The model can't be loaded, can't do what is requested, or `out` holds other samples.
        Unavailable: The engine went away; what was generated is kept.
    """
    path = out / SAMPLES
    with loaded_engine(backend, settings, plan) as engine:
        open_generation(out, plan.record(engine.producer))
        with sole_writer(path) as file:
            for _ in generate_missing(engine, plan, missing_of(path, plan.requests, plan.policy), file):
                pass
            return put_in_order(path, plan.requests, plan.policy)


def generate_missing(
    engine: Engine,
    plan: GenerationPlan,
    missing: frozenset[tuple[str, int]],
    file: BinaryIO,
    more: Callable[[], str] = str,
) -> Generator[Sample, None, None]:
    """Generate the samples that are missing, append them to the file, and show progress on stderr.

    Args:
        engine: a loaded model.
        plan: of all requests.
        missing: keys of the requests that have no sample yet.
        file: where samples are appended.
        more: returns a text to show beside the rate.

    Yields:
        Each sample, once it is in the file.
    """
    tokens = 0

    def counted() -> Iterator[Sample]:
        nonlocal tokens
        for sample in complete_requests(
            engine, plan.requests, missing, file, sampling=plan.sampling, policy=plan.policy
        ):
            tokens += sample.tokens or 0
            yield sample

    def beside(elapsed_s: float) -> str:
        rate = f"{tokens / elapsed_s:.0f} tokens/s" if tokens and elapsed_s else ""
        under_way = engine.under_way if isinstance(engine, Tells) else ""
        return ", ".join(filter(None, (rate, under_way, more())))

    return watched(counted(), len(missing), "generated", sys.stderr, beside=beside)


def _selected(settings: GenerationSettings, benchmark: Benchmark, infos: ProblemInfos) -> ProblemInfos:
    if settings.problem_set and settings.limit:
        raise UserError("--limit leaves problems of the set out; give --problem-set or --limit")
    selected = selected_problems(infos, benchmark, settings.split, settings.problem_set)
    return dict(islice(selected.items(), settings.limit))


def _sampling(settings: GenerationSettings, card: PromptCard) -> Sampling:
    n = settings.n or card.n
    if "" in settings.stop:
        raise UserError("--stop: an empty text would end every completion at once; name some text, or leave it out")
    temperature = settings.temperature
    if temperature is None:
        temperature = 0.0 if n == 1 else card.temperature
    if n > 1 and temperature == 0:
        raise UserError(f"--n {n}: at temperature 0 all samples of a problem are alike; give a --temperature, or --n 1")
    return Sampling(
        n=n,
        temperature=temperature,
        top_p=settings.top_p or card.top_p,
        max_tokens=settings.max_tokens or card.max_tokens,
        stop=settings.stop or card.stop,
        seed=settings.seed,
    )
