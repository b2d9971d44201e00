"""Tests the difference between two sides, each one checkpoint or several seeds of a method, on shared problems."""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from harness.runs.records import Tally
from harness.scoring.passk import mean_pass_at_k
from leaderboards.paired import detectable, mean_difference, p_value
from leaderboards.seeds import SEEDS_NEEDED, seed_difference, values_of

Rows = Sequence[Sequence[Tally]]
"""Tallies of the same problems, a row a seed."""


class Contrast(NamedTuple):
    """Holds the difference between two sides, with a 95 % interval and the p-value of "there is none"."""

    value: float
    low: float
    high: float
    p: float
    detectable: float
    on_seeds: bool
    """Whether it is about the methods, by their seeds; if not, about these checkpoints."""


def contrast(a: Rows, b: Rows, k: int) -> Contrast:
    """Return the difference of mean pass@k: tested on seeds where both sides have enough of them, else on problems.

    Args:
        a: Tallies of the one side.
        b: Tallies of the other, of the same problems.
        k: Tries allowed.

    Returns:
        B less A.
    """
    if min(len(a), len(b)) >= SEEDS_NEEDED:
        found = seed_difference(values_of(a, k), values_of(b, k))
        return Contrast(found.value, found.low, found.high, found.p, found.detectable, on_seeds=True)
    changes = changes_of(a, b, k)
    mean = mean_difference(changes)
    return Contrast(mean.value, mean.low, mean.high, p_value(changes), detectable(mean.standard_error), on_seeds=False)


def changes_of(a: Rows, b: Rows, k: int) -> list[Fraction]:
    """Return the exact change of pass@k of each problem, the mean over seeds on each side.

    Args:
        a: Tallies of the one side.
        b: Tallies of the other, of the same problems.
        k: Tries allowed.

    Returns:
        B less A, in the order of the problems; equal shares of other numbers of samples are no change.
    """
    return [
        _change(tuple((tally.n, tally.c) for tally in before), tuple((tally.n, tally.c) for tally in now), k)
        for before, now in zip(zip(*a, strict=True), zip(*b, strict=True), strict=True)
    ]


@lru_cache(maxsize=1 << 16)
def _change(before: tuple[tuple[int, int], ...], now: tuple[tuple[int, int], ...], k: int) -> Fraction:
    return mean_pass_at_k(now, k) - mean_pass_at_k(before, k)
