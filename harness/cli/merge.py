"""`proctor merge`: merges the shards of a run."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from harness.benchmarks.benchmark import open_benchmark
from harness.benchmarks.problem_info import ProblemInfos, problem_infos
from harness.benchmarks.selection import in_order
from harness.cli.options import out_option
from harness.cli.values import RunPath
from harness.errors import UserError
from harness.runs.jsonl import read
from harness.runs.records import Generation, Run
from harness.runs.run_folder import GENERATION, RUN, read_run
from harness.scoring.merge import merge_generations, merge_runs
from harness.scoring.report import report_markdown

Record = TypeVar("Record", Run, Generation)


@click.command("merge")
@click.argument("shards", nargs=-1, required=True, metavar="RUN...", type=RunPath())
@click.option("--data", type=click.Path(), help="File or folder of the problems (default: the shards').")
@out_option
def command(*, shards: tuple[Path, ...], data: str | None, out: Path) -> int:
    """Merge the shards of a run.

    RUN... are the folders that `generate`, `score` or `run` wrote with --shard 1/N to N/N, in any order. The files are
    those of the same command without --shard; where samples came from a file in another order than the benchmark's,
    samples.jsonl is in the benchmark's.
    """
    generations = _records(shards, GENERATION, lambda folder: read(folder / GENERATION, Generation))
    runs = _records(shards, RUN, read_run)
    if not (generations or runs):
        raise UserError(f"{shards[0]}: holds no {RUN}; name the folders that were made with --shard")
    infos = _infos([*runs.values(), *generations.values()], data)
    if generations:
        merge_generations(generations, infos, out)
    if runs:
        click.echo(report_markdown(merge_runs(runs, infos, out)))
    click.echo(f"{'Results' if runs else 'Samples'} written to {out}")
    return 0


def _records(folders: tuple[Path, ...], name: str, read_record: Callable[[Path], Record]) -> Mapping[Path, Record]:
    """Return the record of each shard, in their order; nothing where none of them has such a file."""
    having = [folder for folder in folders if (folder / name).exists()]
    if not having:
        return {}
    if lacking := set(folders) - set(having):
        raise UserError(f"{lacking.pop()}: holds no {name}, which {having[0]} has; finish it or leave it out")
    found = {folder: read_record(folder) for folder in folders}
    return {folder: found[folder] for folder in in_order(found)}


def _infos(records: Sequence[Run | Generation], data: str | None) -> ProblemInfos:
    """Return the infos of all problems of the shards."""
    source = records[0].source
    benchmark, problems = open_benchmark(msgspec.structs.replace(source, data=data or source.data))
    return problem_infos(
        problems,
        {task_id for shard in records for task_id in (shard.problems if isinstance(shard, Run) else shard.prompts)},
        benchmark.family,
    )
