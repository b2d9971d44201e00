"""Runs `proctor compile`: human submissions, judged samples of runs, or rows with rewards become groups to train on."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial, reduce
from itertools import islice
from pathlib import Path
from typing import Any

import click
import msgspec

from harness.benchmarks.benchmark import Benchmark
from harness.cli.options import jail_options
from harness.cli.values import Choice, FiniteRange, RunPath
from harness.errors import UserError
from harness.examination.examine import jail_report
from harness.plugins import resolve
from harness.progress import watched
from harness.runs.records import Problem
from sandbox.jail import Jail
from trainers.compile import codenet
from trainers.compile.data_card import ODDITIES, PROBLEMS, Card, Counts, Recipe, card_markdown
from trainers.compile.decontamination import contamination
from trainers.compile.mix import mix_groups
from trainers.compile.own_samples import compile_job, read_jobs
from trainers.compile.pipeline import Compiled, CompilePlan, compile_all, compile_codenet_problem
from trainers.compile.provenance import Provenance, tree_provenance
from trainers.compile.rejudge import Rejudged, rejudge, sample_tests
from trainers.compile.rewards import PAPER, RewardTable, read_table, with_resource_limits
from trainers.compile.rows import compile_rows, read_row_places
from trainers.compile.statements import Language
from trainers.compile.write import LeftOut, Rejudging, compilation, refuse_taken, write_folder
from trainers.dataset import load_token_counter, tokenizer_sha256
from trainers.groups import Group

_OPTIONS = (
    click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write: new or empty."),
    click.option("--seed", default=0, metavar="N", help="Seed of the sampling of submissions (default: 0)."),
    click.option(
        "--max-tokens",
        default=2048,
        type=click.IntRange(min=1),
        help="Drop completions with more tokens; none is truncated (default: 2048).",
    ),
    click.option(
        "--max-accepted",
        default=50,
        type=click.IntRange(min=1),
        help="Accepted completions kept per problem (default: 50).",
    ),
    click.option("--group-size", default=4, type=click.IntRange(min=2), help="Completions per group (default: 4)."),
    click.option(
        "--unbalanced", is_flag=True, help="Also make groups with only accepted or only rejected completions."
    ),
    click.option(
        "--rewards",
        type=click.Path(path_type=Path),
        help="TOML file with your own [rewards], and weights in [terms] (default: the paper's table).",
    ),
    click.option(
        "--reward-resource-limits",
        is_flag=True,
        help="Reward memory and output limits with -0.6 instead of dropping them.",
    ),
    click.option(
        "--against",
        multiple=True,
        metavar="NAME[=DATA]",
        help="Drop what overlaps this benchmark, e.g. mbpp=mbpp.jsonl; repeatable.",
    ),
    click.option(
        "--threshold",
        default=0.5,
        type=FiniteRange(min=0, max=1, min_open=True),
        help="Share of a task's n-grams that counts as overlap (default: 0.5).",
    ),
    click.option("--keep-contaminated", is_flag=True, help="Report overlap with benchmarks, but drop nothing for it."),
    click.option("--json", "as_json", is_flag=True, help="Print the data card as JSON."),
)


def group_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every source of groups takes.

    Args:
        command: Function of a subcommand.

    Returns:
        The same, decorated.
    """
    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), command)


@click.group("compile", no_args_is_help=False)
def command() -> None:
    """Turn submissions, samples or rows into groups to train on.

    The samples are judged ones of runs, the rows have rewards. The folder written holds groups.parquet, and a data
    card (card.json, card.md) that accounts for every row.
    """


@command.command("codenet")
@click.argument("tree", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--tokenizer",
    required=True,
    type=click.Path(path_type=Path),
    help="The policy's tokenizer.json, or the folder that holds it.",
)
@click.option(
    "--language",
    default="any",
    type=Choice(["en", "ja", "any"]),
    help="Language of the statements (default: any).",
)
@click.option(
    "--rejudge",
    "rejudging",
    is_flag=True,
    help="Judge the members of groups on the samples of their statements; accepted ones that can't run are dropped.",
)
@group_options
@jail_options
def from_codenet(
    *,
    tree: Path,
    tokenizer: Path,
    language: Language,
    rejudging: bool,
    out: Path,
    as_json: bool,
    workers: int,
    jail: Jail,
    **options: Any,
) -> int:
    """Compile CodeNet's Python submissions.

    DIR is the folder that holds CodeNet's metadata, data and problem_descriptions.
    """
    refuse_taken(out)
    ids = codenet.problem_ids(tree)
    rejudged_by = jail_report(jail).python if rejudging else ""
    plan = _plan(options, tokenizer=tokenizer, language=language, rejudged_by=rejudged_by)
    work = partial(compile_codenet_problem, tree=tree, language=language, plan=plan)

    def compile_after(done: int) -> Iterable[Compiled]:
        return watched(compile_all(work, ids[done:], workers), len(ids), "compiled", sys.stderr, done=done)

    rejudged = Rejudging(
        judge=partial(_rejudged, tree=tree, jail=jail, workers=workers),
        compile_again=partial(compile_all, partial(_without, work=work), workers=workers),
    )
    record = compilation(tree_provenance(tree), [tree], plan.recipe)
    counts = _listed(tree, ids)
    card = write_folder(out, record, compile_after, counts=counts, rejudging=rejudged if rejudging else None)
    return _reported(card, out, as_json=as_json)


def _own_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of sources that are no CodeNet."""
    tokenizer = click.option(
        "--tokenizer",
        type=click.Path(path_type=Path),
        help="The policy's tokenizer.json, or its folder; without it, lengths are not checked.",
    )
    workers = click.option(
        "--workers",
        type=click.IntRange(min=1),
        default=lambda: len(os.sched_getaffinity(0)),
        help="Problems compiled in parallel (default: one per core).",
    )
    return tokenizer(workers(command))


@command.command("run")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=RunPath())
@_own_options
@group_options
def from_runs(
    *, runs: tuple[Path, ...], tokenizer: Path | None, workers: int, out: Path, as_json: bool, **options: Any
) -> int:
    """Compile the judged samples of runs.

    RUN is the folder of a run that proctor score has judged. Samples of one task and one prompt come together,
    whichever run they are from.
    """
    refuse_taken(out)
    plan = _plan(options, tokenizer=tokenizer, language="any", rejudged_by="")
    counts = Counts()
    jobs = read_jobs(runs, plan.recipe.rewards, counts)
    work = partial(compile_job, plan=plan)
    origin = Provenance(source=f"judged samples of {', '.join(run.resolve().name for run in runs)}")
    record = compilation(origin, runs, plan.recipe)
    card = write_folder(
        out, record, lambda done: compile_all(work, islice(jobs, done, None), workers), counts=counts,
        log_probs=any(one.log_prob is not None for job in jobs for one in job.candidates),
    )  # fmt: skip
    return _reported(card, out, as_json=as_json)


@command.command("rows")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@_own_options
@group_options
def from_rows(
    *, files: tuple[Path, ...], tokenizer: Path | None, workers: int, out: Path, as_json: bool, **options: Any
) -> int:
    """Compile rows with prompts, completions and rewards.

    FILE is JSON Lines of such rows as TRL has: prompt with completions and rewards, with completion and reward or
    label, or with chosen and rejected. Rows of one prompt come together. Rewards are those of the rows; a label or a
    choice is 1, its opposite 0.
    """
    refuse_taken(out)
    if options["rewards"] or options["reward_resource_limits"]:
        raise UserError("rows have rewards of their own; leave out --rewards and --reward-resource-limits")
    plan = _plan(options, tokenizer=tokenizer, language="any", rejudged_by="")
    plan = msgspec.structs.replace(plan, recipe=msgspec.structs.replace(plan.recipe, rewards=RewardTable(rewards={})))
    counts = Counts()
    jobs = read_row_places(files, counts)
    work = partial(compile_rows, files=tuple(file.resolve() for file in files), plan=plan)
    record = compilation(Provenance(source=f"rows of {', '.join(file.name for file in files)}"), files, plan.recipe)
    card = write_folder(out, record, lambda done: compile_all(work, islice(jobs, done, None), workers), counts=counts)
    return _reported(card, out, as_json=as_json)


@command.command("mix")
@click.argument("folders", metavar="GROUPS...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write: new or empty.")
@click.option("--json", "as_json", is_flag=True, help="Print the data card as JSON.")
def from_groups(*, folders: tuple[Path, ...], out: Path, as_json: bool) -> int:
    """Put the groups of several folders into one.

    GROUPS is a folder that another compilation wrote: of human submissions, or of own samples. Training shuffles them.
    """
    refuse_taken(out)
    return _reported(mix_groups(folders, out), out, as_json=as_json)


def _plan(options: dict[str, Any], *, tokenizer: Path | None, language: Language, rejudged_by: str) -> CompilePlan:
    named = [(name, data) for name, _, data in (text.partition("=") for text in options.pop("against"))]
    sources = {_label(name): (name, data) for name, data in named}
    if len(sources) < len(named):
        raise UserError("--against: two of these have the same name; give each benchmark once")
    table = _table(options.pop("rewards"), resource_limits=options.pop("reward_resource_limits"))
    recipe = Recipe(
        rewards=table,
        language=language,
        tokenizer_sha256=tokenizer_sha256(tokenizer) if tokenizer else "",
        against=tuple(sources),
        rejudged_by=rejudged_by,
        **options,
    )
    benchmarks = {label: _problems(*source) for label, source in sources.items()}
    return CompilePlan(
        recipe=recipe,
        count_tokens=load_token_counter(tokenizer) if tokenizer else None,
        contamination=contamination(benchmarks, recipe.threshold) if benchmarks else None,
    )


def _label(benchmark: str) -> str:
    """Return the name of a benchmark for the card: of path.py:attribute, no folder of this machine."""
    return benchmark.rpartition(os.sep)[2]


def _table(path: Path | None, *, resource_limits: bool) -> RewardTable:
    table = read_table(path) if path else PAPER
    return with_resource_limits(table) if resource_limits else table


def _problems(name: str, data: str) -> Iterable[Problem]:
    return resolve("proctor.benchmarks", name, Benchmark).problems(Path(data) if data else None).values()


def _listed(tree: Path, ids: tuple[str, ...]) -> Counts:
    """Count the problems of problem_list.csv against those that have metadata."""
    listed = set(codenet.time_limits_ms(tree))
    counts = Counts()
    counts[PROBLEMS, "with metadata"] = len(ids)
    counts[PROBLEMS, "listed, without metadata"] = len(listed.difference(ids))
    counts[PROBLEMS, "with metadata, not listed"] = len(set(ids) - listed) if listed else 0
    counts[ODDITIES, "no problem_list.csv"] = int(not listed)
    return counts


def _without(job: LeftOut, work: Callable[..., Compiled]) -> Compiled:
    """Compile a problem without some of its submissions; a function of the module, so that workers can load it."""
    problem_id, left_out = job
    return work(problem_id, left_out=left_out)


def _rejudged(groups: Iterable[Group], total: int, *, tree: Path, jail: Jail, workers: int) -> Iterator[Rejudged]:
    return watched(rejudge(groups, sample_tests(tree), jail, workers), total, "rejudged", sys.stderr)


def _reported(card: Card, out: Path, *, as_json: bool) -> int:
    click.echo(msgspec.json.encode(card) if as_json else f"{card_markdown(card)}\nGroups written to {out}")
    if not card.groups:
        raise UserError(f"{out}: has no groups; card.md lists the rules that dropped the rows")
    return 0
