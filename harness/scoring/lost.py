"""Bounds the scores of a result that lost samples to faults of the sandbox."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from harness.runs.records import Result, Tally
from harness.scoring.passk import mean_pass_at_k
from sandbox.records import Verdict

TOLERATED = Fraction(1, 1000)
"""Of the samples; where more are lost, what is left is not a score."""


class ScoreBounds(NamedTuple):
    """Holds pass@k if every sample that was lost had failed, and if every one had passed, in [0, 1]."""

    failed: float
    passed: float


def lost_share(result: Result) -> Fraction:
    """Return the share of a result's samples that were lost to faults of the sandbox.

    Args:
        result: of one policy.

    Returns:
        The share, in [0, 1].
    """
    samples = sum(result.verdict_counts.values())
    return Fraction(result.verdict_counts.get(Verdict.SANDBOX_ERROR, 0), max(1, samples))


def is_score(result: Result) -> bool:
    """Return whether a result lost few enough samples to be a score.

    Args:
        result: of one policy.

    Returns:
        True if it lost at most `TOLERATED` of them.
    """
    return lost_share(result) <= TOLERATED


def score_bounds(result: Result, k: int) -> ScoreBounds | None:
    """Return the bounds of pass@k over all problems.

    Args:
        result: of one policy.
        k: tries allowed.

    Returns:
        The bounds; None where no problem had k samples, or an older result doesn't say of which problems samples were
        lost.
    """
    lost = _lost_by_problem(result)
    drawn = [(tally, more) for tally, more in zip(result.tallies, lost, strict=True) if tally.n + more >= k]
    if not drawn or sum(lost) != result.verdict_counts.get(Verdict.SANDBOX_ERROR, 0):
        return None
    failed = mean_pass_at_k(((tally.n + more, tally.c) for tally, more in drawn), k)
    passed = mean_pass_at_k(((tally.n + more, tally.c + more) for tally, more in drawn), k)
    return ScoreBounds(float(failed), float(passed))


def _lost_by_problem(result: Result) -> list[int]:
    """Return the samples lost of each problem; older results don't count them, but had equally many of each problem."""
    if any(tally.lost for tally in result.tallies):
        return [tally.lost for tally in result.tallies]
    return [_missing(tally, result.conditions.samples) for tally in result.tallies]


def _missing(tally: Tally, samples: int) -> int:
    return max(0, samples - tally.n)


def lost_text(result: Result) -> str:
    """Return how many samples were lost, and the bounds of each score; empty where none was.

    Args:
        result: of one policy.

    Returns:
        One line without a full stop.
    """
    return "; ".join(_lost_parts(result)) if lost_share(result) else ""


def _lost_parts(result: Result) -> Iterator[str]:
    count, samples = result.verdict_counts[Verdict.SANDBOX_ERROR], sum(result.verdict_counts.values())
    yield f"{count} of {samples} samples were lost to faults of the sandbox and are not counted"
    bounds = {k: score_bounds(result, k) for k in sorted({score.k for score in result.scores})}
    known = [f"pass@{k} {100 * found.failed:.2f} to {100 * found.passed:.2f}" for k, found in bounds.items() if found]
    if known:
        yield f"if all of them had failed or passed: {', '.join(known)}"
    if not is_score(result):
        yield f"more than {float(100 * TOLERATED):g} % are lost, so the numbers are not scores: judge the samples again"
