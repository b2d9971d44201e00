"""`proctor plan`: forecasts the cost of an examination."""

import os
from functools import partial
from pathlib import Path

import click
import msgspec

from harness.api import load_benchmark
from harness.benchmarks.benchmark import BENCHMARKS, Benchmark
from harness.benchmarks.problem_info import problem_infos
from harness.benchmarks.selection import selected_problems
from harness.cli.options import jail_options, problem_options
from harness.cli.values import completing_cards
from harness.errors import UserError
from harness.examination.evaluate import evaluate
from harness.examination.examine import jail_report
from harness.extraction.program import AS_IT_IS
from harness.generation.models import model_token_counter, parameters_of
from harness.generation.planning import card_for
from harness.plan import (
    ExaminationSize,
    ProblemMeasurements,
    forecast_examination,
    measured_problems,
    plan_markdown,
)
from harness.plugins import resolve
from harness.runs.jsonl import pretty_json, read, write_whole
from harness.runs.records import MOST_SAMPLES
from sandbox.jail import Jail

_UNITS = {"B": 1e9, "M": 1e6}


def _parameters(_context: click.Context, _option: click.Parameter, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        number = float(text[:-1]) * _UNITS[text[-1:].upper()]
    except (ValueError, KeyError):
        number = 0.0
    if not 0 < number < float("inf"):
        raise click.BadParameter(f"{text!r} is not a size such as 7B or 500M.")
    return number


@click.command("plan")
@problem_options
@click.option("--split", metavar="NAME", help="Split of the problems, or all (default: the benchmark's own).")
@click.option("--problem-set", default="", metavar="NAME", help="A published set of problems, or a window of dates.")
@click.option("--n", required=True, type=click.IntRange(1, MOST_SAMPLES), help="Samples per problem.")
@click.option("--model", type=click.Path(path_type=Path), help="Folder of the model, for its size and its tokenizer.")
@click.option("--params", callback=_parameters, metavar="SIZE", help="Number of parameters instead, such as 7B.")
@click.option(
    "--prompt-card",
    metavar="CARD",
    shell_complete=completing_cards(),
    help="Name or path of a card (default: the benchmark's).",
)
@click.option("--max-tokens", type=click.IntRange(min=1), help="Token limit per sample (default: the card's).")
@click.option("--nodes", default=1, type=click.IntRange(min=1), help="Machines (default: 1).")
@click.option(
    "--cores",
    type=click.IntRange(min=1),
    default=lambda: len(os.sched_getaffinity(0)),
    help="Cores of each (default: as many as here).",
)
@click.option("--gpus", default=1, type=click.IntRange(min=1), help="GPUs of each (default: 1).")
@click.option(
    "--measured",
    "record",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Measurements of the problems: read where the file is there, else written.",
)
@jail_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    *,
    benchmark: str,
    data: Path | None,
    split: str | None,
    problem_set: str,
    n: int,
    model: Path | None,
    params: float | None,
    prompt_card: str | None,
    max_tokens: int | None,
    nodes: int,
    cores: int,
    gpus: int,
    record: Path | None,
    workers: int,
    jail: Jail,
    as_json: bool,
) -> int:
    """Forecast the cost of an evaluation.

    Reported are tokens, GPU hours by device, core hours of judging, wall time and disk, as ranges with their
    assumptions. References are judged on this machine to measure the cost of judging.
    """
    if (model is None) == (params is None):
        raise UserError("give either --model or --params; the GPU hours depend on the size of the model")
    card = card_for(resolve(BENCHMARKS, benchmark, Benchmark), prompt_card)
    chosen = f"{benchmark} {problem_set or split or ''}".rstrip()
    if record and record.exists():
        kept = read(record, MeasuredProblems)
        if kept.chosen != chosen:
            raise UserError(f"{record}: is of {kept.chosen}, not of {chosen}; name another file for --measured")
    else:
        found, problems = load_benchmark(benchmark, data=data)
        task_ids = tuple(selected_problems(problem_infos(problems, problems), found, split, problem_set))
        jail_report(jail)
        judge = partial(evaluate, extraction=AS_IT_IS, jail=jail, workers=workers)
        count = model_token_counter(model) if model else None
        means = measured_problems(problems, task_ids, card, count, judge)
        kept = MeasuredProblems(chosen=chosen, problems=len(task_ids), means=means)
        if record:
            write_whole(record, pretty_json(kept))
    size = ExaminationSize(
        problems=kept.problems, n=n, max_tokens=max_tokens or card.max_tokens, nodes=nodes, cores_per_node=cores,
        gpus_per_node=gpus, parameters=parameters_of(model) if model else params or 0.0,
    )  # fmt: skip
    forecast = forecast_examination(size, kept.means)
    click.echo(msgspec.json.encode(forecast) if as_json else plan_markdown(size, kept.means, forecast))
    return 0


class MeasuredProblems(msgspec.Struct, frozen=True, kw_only=True):
    """Records the measurements of some problems, for plans without the problems."""

    chosen: str
    """Benchmark, and its split or set."""
    problems: int
    means: ProblemMeasurements
