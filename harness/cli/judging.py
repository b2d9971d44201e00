"""The options that say how samples are judged, and what is told at the end: shared by `score` and `run`."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click
import msgspec

from harness.cli.examination import Origin, Protocol
from harness.cli.jail import JAIL_OPTIONS
from harness.cli.main import OUR_FAULT
from harness.cli.options import gathered
from harness.cli.problems import limits_option
from harness.cluster import evaluate_on_cluster
from harness.evaluate import Evaluator, evaluate
from harness.programs import SETTINGS
from harness.records import Result, Source
from harness.report import markdown
from sandbox.jail import Jail
from sandbox.verdict import Verdict


def _tries(_context: click.Context, _option: click.Parameter, text: str) -> tuple[int, ...]:
    if not all(k.isdecimal() and int(k) for k in text.split(",")):
        raise click.BadParameter(f"{text!r} is no comma list of whole numbers from 1 on, such as 1,10.")
    return tuple(sorted({int(k) for k in text.split(",")}))


class Judging(msgspec.Struct, frozen=True, kw_only=True):
    """How samples are judged, as the command line said it."""

    limits: Path | None
    extraction: str
    k: tuple[int, ...]
    workers: int
    python: str
    layers: frozenset[str]
    preload: tuple[str, ...]
    cluster: str | None
    exhaustive: bool
    allow_sandbox_errors: bool
    as_json: bool

    @property
    def jail(self) -> Jail:
        """Return the jail that is asked for."""
        return Jail(python=self.python, layers=self.layers, preload=self.preload)

    @property
    def evaluator(self) -> Evaluator:
        """Return what judges: the cluster, where there is one, or else this machine."""
        if self.cluster:
            return partial(evaluate_on_cluster, address=self.cluster)
        return partial(evaluate, workers=self.workers)

    def protocol(self, source: Source, problem_set: str, origin: Origin) -> Protocol:
        """Return what is asked of the examination of samples that came about so."""
        return Protocol(
            k=self.k,
            extraction=self.extraction,
            source=source,
            origin=origin,
            problem_set=problem_set,
            limits_file=self.limits.name if self.limits else "",
            exhaustive=self.exhaustive,
            jail=self.jail,
            evaluator=self.evaluator,
        )


judging_options = gathered(
    "judging",
    Judging,
    (
        limits_option,
        click.option(
            "--extraction",
            default=SETTINGS[0],
            type=click.Choice(SETTINGS),
            help=f"Completion to program ({SETTINGS[0]}).",
        ),
        click.option(
            "--k", default="1", callback=_tries, metavar="LIST", help="Tries allowed, e.g. 1,10 (default: 1)."
        ),
        *JAIL_OPTIONS,
        click.option(
            "--cluster",
            metavar="ADDRESS",
            help="Judge on a Ray cluster: host:port, auto or local. Every processor of every node judges then.",
        ),
        click.option("--exhaustive", is_flag=True, help="Judge every test, not only up to the first that fails."),
        click.option(
            "--allow-sandbox-errors", is_flag=True, help="Exit 0 even if the sandbox itself failed on some samples."
        ),
        click.option("--json", "as_json", is_flag=True, help="Print result.json instead of a table."),
    ),
)

out_option = click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder of the run; the same one resumes."
)


def told(results: Sequence[Result], out: Path, judging: Judging) -> int:
    """Print what came of a run, and return the exit code."""
    click.echo((out / "result.json").read_text() if judging.as_json else f"{markdown(results)}\nThe run lies in {out}")
    faults = sum(result.verdict_counts[Verdict.SANDBOX_ERROR] for result in results)
    if faults:
        click.echo(f"proctor: the sandbox failed on {faults} samples, left out; the same command tries again", err=True)
    return OUR_FAULT if faults and not judging.allow_sandbox_errors else 0
