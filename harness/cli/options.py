"""Defines the options that several commands share: the jail, the problems, the judging of samples.

What judging itself needs is imported when it begins: before that, `score` has its first worker started.
"""

import functools
import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from harness.cli.values import Choice, completing, completing_plugins
from harness.errors import OUR_FAULT, did_you_mean
from harness.extraction.program import SETTINGS
from sandbox.head_start import HeadStart
from sandbox.jail import ALL_LAYERS, Jail, layers_of
from sandbox.pool import cores_of
from sandbox.printable import one_line
from sandbox.records import Verdict

if TYPE_CHECKING:
    from harness.examination.examine import JudgingSettings
    from harness.runs.records import Result

Command = TypeVar("Command", bound=Callable[..., Any])


def collect_options(
    name: str, record: type[msgspec.Struct], options: Sequence[Callable[..., Any]]
) -> Callable[..., Any]:
    """Return a decorator that adds options to a command and collects their values in one record.

    Args:
        name: of the command's argument that takes the record.
        record: has a field for each of the options, by the name of its parameter.
        options: decorators that click.option returned, in the order of the help.

    Returns:
        The decorator.
    """

    def decorator(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def with_record(**values: Any) -> Any:
            return command(
                **{name: record(**{field: values.pop(field) for field in record.__struct_fields__})}, **values
            )

        return functools.reduce(lambda decorated, option: option(decorated), reversed(options), with_record)

    return decorator


LAYERS = ("all", "none", *sorted(ALL_LAYERS))
"""Words of --isolation."""


def _layers(_context: click.Context, _option: click.Parameter, text: str) -> frozenset[str]:
    try:
        return layers_of(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.{did_you_mean(text, LAYERS)}") from None


_PACKAGE = re.compile(r"\w(?:[\w.-]*\w)?", re.ASCII)


def _packages(_context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:
    names = [name.strip() for text in texts for name in text.split(",")]
    if wrong := [name for name in names if not _PACKAGE.fullmatch(name)]:
        raise click.BadParameter(f"{wrong[0]!r} is not the name of a package; give such as pandas,sympy.")
    return tuple(sorted(set(names)))


def _at_most_a_core(_context: click.Context, _option: click.Parameter, workers: int) -> int:
    cores = len(os.sched_getaffinity(0))
    if workers > cores:
        click.echo(f"proctor: --workers {cores} in place of {workers}: more than one a core is slower", err=True)
    return min(workers, cores)


def _absolute(_context: click.Context, _parameter: click.Parameter, python: str) -> str:
    """Return the path of an interpreter as it is found from any folder: the jail's is not ours."""
    return os.path.abspath(python) if os.sep in python else python  # noqa: PTH100 - "python3" is found by PATH


python_option = click.option(
    "--python",
    default=sys.executable,
    metavar="PATH",
    callback=_absolute,
    help="Interpreter that runs the programs (default: this one).",
)

JAIL_OPTIONS = (
    click.option(
        "--workers",
        type=click.IntRange(min=1),
        default=lambda: len(os.sched_getaffinity(0)),
        callback=_at_most_a_core,
        help="Programs judged at once (default, and most: one for each core).",
    ),
    python_option,
    click.option(
        "--isolation",
        "layers",
        default="all",
        callback=_layers,
        metavar="LAYERS",
        shell_complete=completing(lambda: LAYERS),
        help="all, none, or a comma-separated list of layers (default: all that this host supports).",
    ),
    click.option(
        "--preload",
        multiple=True,
        metavar="MODULE",
        help="Module to import once, not in each program, e.g. numpy; repeatable.",
    ),
    click.option(
        "--allow",
        multiple=True,
        callback=_packages,
        metavar="PACKAGES",
        help="Installed packages that programs may import, with those that they need, e.g. pandas,sympy.",
    ),
)


def jail_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --workers, and the options that make a jail, to a command.

    Args:
        command: takes workers and jail.

    Returns:
        The command with these options.
    """
    workers, *of_jail = JAIL_OPTIONS
    with_workers: Callable[..., Any] = workers(collect_options("jail", Jail, of_jail)(command))
    return with_workers


_OPTIONS = (
    click.option(
        "--benchmark",
        required=True,
        metavar="NAME",
        shell_complete=completing_plugins("proctor.benchmarks"),
        help="A registered name, such as mbpp, or path.py:attribute.",
    ),
    click.option("--data", type=click.Path(path_type=Path), help="Local file or folder with the problems."),
)


def _shard(_context: click.Context, _option: click.Parameter, text: str) -> str:
    from harness.benchmarks.selection import numbers_of  # noqa: PLC0415

    try:
        return "/".join(map(str, numbers_of(text))) if text else ""
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None


shard_option = click.option(
    "--shard", default="", callback=_shard, metavar="I/N", help="Only every Nth problem, from the Ith; see `merge`."
)

limits_option = click.option(
    "--limits",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Calibrated limits that `proctor audit --out` wrote (default: the benchmark's own).",
)

checkers_option = click.option(
    "--checkers",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="JSON object of checkers by task id, for problems with several right answers (default: the benchmark's own).",
)


def problem_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --benchmark and --data to a command.

    Args:
        command: takes benchmark and data.

    Returns:
        The command with these options.
    """
    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), command)


def _tries(_context: click.Context, _option: click.Parameter, text: str) -> tuple[int, ...]:
    if not all(k.isdecimal() and int(k) for k in text.split(",")):
        raise click.BadParameter(f"{text!r} is not a comma-separated list of whole numbers from 1, such as 1,10.")
    return tuple(sorted({int(k) for k in text.split(",")}))


class JudgingOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the options of judging, as given."""

    limits: Path | None
    checkers: Path | None
    extraction: str
    k: tuple[int, ...]
    workers: int
    python: str
    layers: frozenset[str]
    preload: tuple[str, ...]
    allow: tuple[str, ...]
    cluster: str | None
    exhaustive: bool
    reuse: bool
    allow_sandbox_errors: bool
    as_json: bool

    @property
    def jail(self) -> Jail:
        """Return the jail."""
        return Jail(python=self.python, layers=self.layers, preload=self.preload, allow=self.allow)

    def head_start(self) -> AbstractContextManager[HeadStart | None]:
        """Start the first worker, where this machine judges."""
        return nullcontext() if self.cluster else HeadStart(self.jail, cores_of(self.workers))

    def settings(self, ahead: HeadStart | None = None) -> "JudgingSettings":
        """Return the settings of judging.

        Args:
            ahead: the first worker, as of `head_start`; None to start it with the others.
        """
        from harness.examination.examine import JudgingSettings  # noqa: PLC0415

        return JudgingSettings(
            extraction=self.extraction,
            exhaustive=self.exhaustive,
            reuse=self.reuse,
            jail=self.jail,
            workers=self.workers,
            cluster=self.cluster,
            ahead=ahead,
        )


judging_options = collect_options(
    "judging",
    JudgingOptions,
    (
        limits_option,
        checkers_option,
        click.option(
            "--extraction",
            default=SETTINGS[0],
            type=Choice(SETTINGS),
            help=f"How to extract the program from a completion (default: {SETTINGS[0]}).",
        ),
        click.option(
            "--k", default="1", callback=_tries, metavar="LIST", help="Tries allowed, e.g. 1,10 (default: 1)."
        ),
        *JAIL_OPTIONS,
        click.option(
            "--cluster",
            metavar="ADDRESS",
            help="Judge on a Ray cluster, with every CPU of every node: host:port, auto or local.",
        ),
        click.option(
            "--exhaustive",
            is_flag=True,
            help="Judge every test instead of stopping at the first failure; maj@k needs it.",
        ),
        click.option(
            "--no-reuse", "reuse", flag_value=False, default=True, help="Judge each program, even if equal to another."
        ),
        click.option(
            "--allow-sandbox-errors", is_flag=True, help="Exit 0 even if the sandbox itself failed on some samples."
        ),
        click.option("--json", "as_json", is_flag=True, help="Print result.json instead of a table."),
    ),
)

out_option = click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder of the run, new or to resume."
)


_REUSED = b'"reused":true'
"""Part of a row with a judgement that was taken over; a text in a row has its quotation marks escaped."""


def report(results: "Sequence[Result]", out: Path, judging: JudgingOptions) -> int:
    """Print the results of a run as tables or JSON; and on stderr equal samples, and sandbox errors.

    Args:
        results: of the run, one a policy.
        out: folder of the run.
        judging: options of the command.

    Returns:
        The exit code: 3 after sandbox errors that were not allowed, else 0.
    """
    from harness.runs.run_folder import EVALUATIONS, RESULTS  # noqa: PLC0415
    from harness.scoring.report import repetition_warning, report_markdown  # noqa: PLC0415

    with (out / EVALUATIONS).open("rb") as rows:
        reused = sum(_REUSED in row for row in rows)
    equal = f"{reused} of the samples have the judgement of an equal program; see --no-reuse\n" if reused else ""
    table = f"{report_markdown(results)}\n{equal}Results written to {out}"
    click.echo((out / RESULTS).read_text() if judging.as_json else table)
    for result in results:
        if warning := repetition_warning(result):
            click.echo(f"proctor: {one_line(result.policy)}: {warning}", err=True)
    faults = sum(result.verdict_counts[Verdict.SANDBOX_ERROR] for result in results)
    if faults:
        click.echo(f"proctor: the sandbox failed on {faults} samples, left out; the same command retries", err=True)
    return OUR_FAULT if faults and not judging.allow_sandbox_errors else 0
