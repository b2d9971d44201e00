"""Computes the mean difference of two policies on the same problems, with an interval: pure functions.

A difference is B's value (pass@k, or the share of samples accepted) less A's, within [-1, 1]. The problem is the unit:
a difference counts once, however many samples it has.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from statistics import NormalDist, fmean
from typing import NamedTuple

from harness.runs.records import Tally
from harness.scoring.clusters import Families, between_families, knowledge
from harness.scoring.passk import mean_pass_at_k

Number = Fraction | float

Rows = Sequence[Sequence[Tally]]
"""Tallies of the same problems, a row a seed."""


class MeanDifference(NamedTuple):
    """Holds a mean difference, its standard error and an interval, all within [-1, 1]."""

    value: float
    standard_error: float
    low: float
    high: float


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


def mean_difference(differences: Sequence[Number], confidence: float = 0.95, families: Families = ()) -> MeanDifference:
    """Return the mean difference with an interval for problems like these.

    Agresti and Min 2005, "Simple improved confidence intervals for comparing matched proportions", Statistics in
    Medicine 24, 729-740: a Wald interval after 1/2 was added to each cell of the 2 x 2 table, which here means two more
    problems, half of one gained, half of one lost and one unchanged. With one sample a problem this is theirs exactly;
    with more samples those problems differ by the largest magnitude seen, and by 1 where no problem differs at all: so
    the interval has a width even then.

    Where problems have families the variance is that between families, if it is larger, as for `mean_interval`; what it
    has beyond that between problems is raised by what so few families leave open. One family tells nothing of others.

    >>> [round(x, 4) for x in mean_difference([-1.0] * 9 + [1.0] + [0.0] * 90)]  # sqrt((11 - 8^2/102) / 102^2) = 0.0316
    [-0.08, 0.0316, -0.1403, -0.0165]

    Args:
        differences: One a problem, in [-1, 1]; at least one.
        confidence: Of the two-sided interval, in (0, 1).
        families: Of the problems; empty where each stands alone.

    Returns:
        The mean difference, its standard error and the interval.

    Raises:
        ValueError: There are no differences.
    """
    if not differences:
        raise ValueError("a mean needs differences, at least one")
    numbers = list(map(float, differences))
    problems = len(numbers) + 2
    largest = max(map(abs, numbers)) or 1.0
    centre = math.fsum(numbers) / problems
    square = (math.fsum(number**2 for number in numbers) + largest**2) / problems
    variance = (square - centre**2) / problems
    if families:
        apart, units = between_families((number - centre for number in numbers), families)
        if units == 1:
            return MeanDifference(fmean(numbers), 1.0, -1.0, 1.0)
        alone = math.fsum((number - centre) ** 2 for number in numbers)
        variance += max(0.0, apart - alone) / knowledge(units, confidence) / problems**2
    standard_error = math.sqrt(variance)
    half = NormalDist().inv_cdf((1 + confidence) / 2) * standard_error
    return MeanDifference(fmean(numbers), standard_error, max(-1.0, centre - half), min(1.0, centre + half))
