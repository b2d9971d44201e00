"""Runs `proctor gate`: a regression fails the job."""

from collections.abc import Sequence
from pathlib import Path

import click

from harness.cli.values import FiniteRange
from harness.errors import OUR_FAULT, UserError
from harness.runs.jsonl import pretty_json, write_whole
from harness.runs.records import Result
from leaderboards.gate import judge, junit, summary
from leaderboards.nightly import NIGHTS, new_bets, read_state, write_state
from leaderboards.render import writing
from leaderboards.results import refuse_repeated, the_one
from sandbox.printable import one_line

REGRESSION = 1

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("gate")
@click.option(
    "--baseline",
    "baselines",
    required=True,
    multiple=True,
    metavar="RESULT",
    help="Run or result file; RUN#POLICY selects a policy. Several are more samples of it.",
)
@click.option(
    "--candidate",
    "candidates",
    required=True,
    multiple=True,
    metavar="RESULT",
    help="Run or result file to check, named in the same way. Several are seeds of its method.",
)
@click.option(
    "--confirm",
    "drawn_again",
    multiple=True,
    metavar="RESULT",
    help="The candidate drawn again: it fails only if all its draws together fail too.",
)
@click.option(
    "--state",
    "state_path",
    type=_FILE,
    metavar="FILE",
    help="Gather evidence over nights in this file; --confidence is then that of all nights together.",
)
@click.option(
    "--nights", default=NIGHTS, type=click.IntRange(min=1), help=f"Nights that --state is for (default: {NIGHTS})."
)
@click.option("--k", default=1, type=click.IntRange(min=1), help="Tries allowed; pass@k decides (default: 1).")
@click.option(
    "--tolerance", default=0.0, type=FiniteRange(0, 100), metavar="POINTS", help="Loss of pass@k allowed (0)."
)
@click.option(
    "--confidence",
    default=95.0,
    type=FiniteRange(50, 100, max_open=True),
    metavar="PERCENT",
    help="Confidence needed to fail the candidate (default: 95).",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Refuse also another patch level of Python or proctor, and other layers of isolation.",
)
@click.option("--junit", "junit_path", type=_FILE, metavar="FILE", help="Write JUnit XML.")
@click.option("--summary", "summary_path", type=_FILE, metavar="FILE", help="Append markdown, for a job summary.")
@click.option("--verdict", "verdict_path", type=_FILE, metavar="FILE", help="Write the verdict as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of markdown.")
def command(
    *,
    baselines: tuple[str, ...],
    candidates: tuple[str, ...],
    drawn_again: tuple[str, ...],
    state_path: Path | None,
    nights: int,
    k: int,
    tolerance: float,
    confidence: float,
    strict: bool,
    junit_path: Path | None,
    summary_path: Path | None,
    verdict_path: Path | None,
    as_json: bool,
) -> int:
    """Fail if a candidate is worse than its baseline.

    Exit code 1 if it is, with the requested confidence, else 0. Where protocol or problems differ nothing is compared,
    and the exit code is 2; where samples that the sandbox lost may have made the difference, it is 3.
    """
    references, checked = (_results(named) for named in (baselines, (*candidates, *drawn_again)))
    _refuse_mixture(candidates, drawn_again, state_path)
    state = None
    if state_path:
        state = read_state(state_path, new_bets(references, k, tolerance / 100, confidence / 100, nights))
    decision = judge(
        references[0],
        checked[0],
        more_baselines=references[1:],
        more_candidates=checked[1 : len(candidates)],
        drawn_again=checked[len(candidates) :],
        nights=state,
        k=k,
        tolerance=tolerance / 100,
        confidence=confidence / 100,
        strict=strict,
    )
    text, verdict = summary(decision), pretty_json(decision)
    for path, content in ((junit_path, junit(decision)), (verdict_path, verdict)):
        if path:
            _write(path, content)
    if summary_path:
        with writing(summary_path), summary_path.open("ab") as file:
            file.write(text.encode())
    click.echo(verdict.decode() if as_json else text, nl=False)
    for warning in decision.warnings:
        click.echo(f"proctor: warning: {one_line(warning)}", err=True)
    if state_path and decision.state:
        with writing(state_path):
            write_state(state_path, decision.state)
    if not decision.comparable:
        found = "; ".join(check.message for check in decision.checks if not check.passed)
        pair = f"{candidates[0]}: can't be compared with {baselines[0]}"
        raise UserError(f"{pair}: {one_line(found)}; score the samples of both alike")
    if decision.passed:
        return 0
    return REGRESSION if decision.decided else OUR_FAULT


def _refuse_mixture(candidates: Sequence[str], drawn_again: Sequence[str], state_path: Path | None) -> None:
    """Refuse options that ask for two ways to decide at once."""
    if state_path and drawn_again:
        raise UserError("--confirm: with --state the next night is the confirmation; leave one of them out")
    if len(candidates) > 1 and (state_path or drawn_again):
        raise UserError("--candidate: several seeds are tested at once; leave --confirm and --state out")


def _results(named: Sequence[str]) -> list[Result]:
    """Read the results of one side; a run that is given twice is refused."""
    found = [the_one(argument) for argument in named]
    refuse_repeated(found)
    return [one.result for one in found]


def _write(path: Path, content: bytes) -> None:
    with writing(path):
        write_whole(path, content)
