"""The options that name a benchmark's problems, shared by every command that reads them."""

from collections.abc import Callable, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import click

from harness.benchmark import Benchmark
from harness.calibration import CalibratedProblems, read_calibration
from harness.plugins import resolve
from harness.records import Problem, Source
from harness.shards import numbers_of

_OPTIONS = (
    click.option(
        "--benchmark", required=True, metavar="NAME", help="A known name, such as mbpp, or path.py:attribute."
    ),
    click.option("--data", type=click.Path(path_type=Path), help="Local file or folder with the benchmark's problems."),
)


def _shard(_context: click.Context, _option: click.Parameter, text: str) -> str:
    try:
        return "/".join(map(str, numbers_of(text))) if text else ""
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None


shard_option = click.option(
    "--shard", default="", callback=_shard, metavar="I/N", help="Only every Nth problem, from the Ith on; see `merge`."
)

limits_option = click.option(
    "--limits",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Calibrated limits, as `proctor audit --out` writes them (default: the benchmark's own).",
)


def problem_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --benchmark and --data to a command."""
    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), command)


def source_of(benchmark: str, data: Path | None, limits: Path | None = None) -> Source:
    """Return what the options named, as it goes into run.json."""
    return Source(benchmark=benchmark, data=str(data) if data else None, limits=str(limits) if limits else None)


def opened(source: Source) -> tuple[Benchmark, Mapping[str, Problem]]:
    """Find the benchmark and open its problems, under calibrated limits where they are named.

    Raises:
        UserError: There is no such benchmark, or a file is not what it should be.
    """
    benchmark = resolve("proctor.benchmarks", source.benchmark, Benchmark)
    problems = benchmark.problems(Path(source.data) if source.data else None)
    if source.limits:
        problems = CalibratedProblems(problems, read_calibration(Path(source.limits), problems))
    return benchmark, problems
