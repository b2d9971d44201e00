"""The options that say which problems are put to which model, and how: shared by `generate` and `run`."""

import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import click
import msgspec

from harness.benchmarks.benchmark import Benchmark
from harness.benchmarks.flaws import refuse_flawed
from harness.benchmarks.problem_info import ProblemInfos, problem_infos, sha256_of
from harness.benchmarks.selection import of_shard, of_split, whole_set
from harness.cli.options import collect_options, shard_option
from harness.errors import UserError
from harness.generation.backend import Backend, Engine, Request
from harness.generation.generate import generate, plan_of
from harness.generation.prompts import PromptCard, card_id, load_card, render_prompt
from harness.plugins import names, resolve
from harness.progress import watched
from harness.runs.records import Generation, Problem, Producer, PromptCardId, Sample, Sampling, Source

BACKENDS = "proctor.backends"


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be drawn from which model, as the command line said it; None where the prompt card decides."""

    split: str | None
    problem_set: str
    limit: int | None
    shard: str
    model: str
    backend: str
    options: dict[str, Any]
    policy: str | None
    prompt_card: str | None
    n: int | None
    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    stop: tuple[str, ...]
    seed: int


def _options(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise click.BadParameter(f"{text!r} is no KEY=VALUE.")
        if key in options:
            raise click.BadParameter(f"{key} is given twice.")
        options[key] = _toml(value)
    return options


def _toml(text: str) -> Any:
    """Return a TOML value, or the text itself where it is none."""
    try:
        found = msgspec.toml.decode(f"value = {text}")
    except msgspec.DecodeError:
        return text
    return found["value"] if len(found) == 1 else text


drawing_options = collect_options(
    "drawing",
    Drawing,
    (
        click.option("--split", metavar="NAME", help="Draw for this split, or all (default: the benchmark's own)."),
        click.option("--problem-set", default="", metavar="NAME", help="Draw for a published set of problems."),
        click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N of these problems."),
        shard_option,
        click.option(
            "--model", required=True, metavar="MODEL", help="A hub's id, a folder, a file, or a name on a server."
        ),
        click.option(
            "--backend",
            required=True,
            metavar="NAME",
            help=f"What draws: {', '.join(names(BACKENDS))}, or path.py:attribute.",
        ),
        click.option(
            "--option",
            "options",
            multiple=True,
            callback=_options,
            metavar="KEY=VALUE",
            help="A setting of the backend, the value as in TOML; repeatable.",
        ),
        click.option("--policy", metavar="NAME", help="Name of the model in results (default: the end of MODEL)."),
        click.option("--prompt-card", metavar="CARD", help="Name or path of a card (default: the benchmark's)."),
        click.option("--n", type=click.IntRange(min=1), help="Samples a problem (default: the card's)."),
        click.option(
            "--temperature",
            type=click.FloatRange(min=0),
            help="How freely tokens are drawn (default: the card's, and 0 for one sample).",
        ),
        click.option(
            "--top-p",
            type=click.FloatRange(min=0, min_open=True, max=1),
            help="Share of the likeliest tokens that are drawn from (default: the card's).",
        ),
        click.option("--max-tokens", type=click.IntRange(min=1), help="Longest completion (default: the card's)."),
        click.option(
            "--stop", multiple=True, metavar="TEXT", help="Ends a completion; repeatable (default: the card's)."
        ),
        click.option("--seed", type=click.IntRange(min=0), default=0, help="What every sample's seed is made of (0)."),
    ),
)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that is settled before the model is loaded."""

    requests: tuple[Request, ...]
    sampling: Sampling
    policy: str
    prompt_card: PromptCardId
    infos: ProblemInfos
    problem_set: str
    shard: str
    source: Source

    def generation(self, producer: Producer) -> Generation:
        """Return what is asked of this producer."""
        prompts = {request.task_id: request.prompt for request in self.requests}
        return Generation(
            policy=self.policy,
            producer=producer,
            sampling=self.sampling,
            prompt_card=self.prompt_card,
            benchmark=next(iter(self.infos.values())).benchmark,
            problem_set=self.problem_set,
            splits=tuple(dict.fromkeys(info.split for info in self.infos.values())),
            proctor=version("proctor"),
            source=self.source,
            prompts={task_id: sha256_of(prompt) for task_id, prompt in prompts.items()},
            shard=self.shard,
        )


def planned(drawing: Drawing, source: Source, found: Benchmark, problems: Mapping[str, Problem]) -> Plan:
    """Choose the problems, put them to the card, and settle how to draw.

    Raises:
        UserError: There is no such card or set, a problem's tests can't be run, or the card, the problems and the
            sampling don't go together.
    """
    if not (drawing.prompt_card or found.prompt_card):
        raise UserError(f"{found.name} has no prompt card of its own; name one with --prompt-card")
    card = load_card(drawing.prompt_card or found.prompt_card)
    sampling = _sampling(drawing, card)
    policy = drawing.policy or Path(drawing.model).name or drawing.model
    if not policy.isprintable():
        raise UserError(f"the policy {policy!r} holds unprintable characters; name it with --policy")
    infos = of_shard(_chosen(drawing, found, problem_infos(problems, problems)), drawing.shard)
    refuse_flawed(problems, infos)
    prompts = {task_id: render_prompt(card, problems[task_id], problems) for task_id in infos}
    return Plan(
        requests=plan_of(prompts, sampling),
        sampling=sampling,
        policy=policy,
        prompt_card=card_id(card),
        infos=infos,
        problem_set=drawing.problem_set,
        shard=drawing.shard,
        source=source,
    )


def drawn(
    engine: Engine, plan: Plan, missing: frozenset[tuple[str, int]], file: BinaryIO, told: Callable[[], str] = str
) -> Generator[Sample, None, None]:
    """Draw what is missing and append it to the file; show how far that is, and what `told` says."""
    tokens = 0

    def counted() -> Iterator[Sample]:
        nonlocal tokens
        for sample in generate(engine, plan.requests, missing, file, sampling=plan.sampling, policy=plan.policy):
            tokens += sample.tokens or 0
            yield sample

    def beside(elapsed_s: float) -> str:
        rate = f"{tokens / elapsed_s:.0f} tokens/s" if tokens and elapsed_s else ""
        return ", ".join(filter(None, (rate, told())))

    return watched(counted(), len(missing), "drawn", sys.stderr, beside=beside)


def backend_of(drawing: Drawing) -> Backend:
    """Return the backend that was named; raise UserError if there is none."""
    return resolve(BACKENDS, drawing.backend, Backend)


def _chosen(drawing: Drawing, found: Benchmark, infos: ProblemInfos) -> ProblemInfos:
    if drawing.problem_set and drawing.split:
        raise UserError("--split and --problem-set each choose the problems; give one of them")
    if drawing.problem_set and drawing.limit:
        raise UserError("--limit leaves problems of the set out; give --problem-set or --limit")
    if drawing.problem_set:
        return whole_set(infos, found, drawing.problem_set)
    return dict(islice(of_split(infos, drawing.split or found.default_split).items(), drawing.limit))


def _sampling(drawing: Drawing, card: PromptCard) -> Sampling:
    n = drawing.n or card.n
    if "" in drawing.stop:
        raise UserError("--stop: an empty text would end every completion at once; name some text, or leave it out")
    temperature = drawing.temperature
    if temperature is None:
        temperature = 0.0 if n == 1 else card.temperature
    if n > 1 and temperature == 0:
        raise UserError(f"--n {n}: at temperature 0 all samples of a problem are alike; give a --temperature, or --n 1")
    return Sampling(
        n=n,
        temperature=temperature,
        top_p=drawing.top_p or card.top_p,
        max_tokens=drawing.max_tokens or card.max_tokens,
        stop=drawing.stop or card.stop,
        seed=drawing.seed,
    )
