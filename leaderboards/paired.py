"""Compares two policies on the same problems: pure functions over one difference a problem.

A difference is B's value (pass@k, or the share of samples accepted) less A's, within [-1, 1]. The problem is the unit:
a difference counts once, however many samples it has.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean
from typing import NamedTuple

import numpy as np

ALPHA = 0.05
POWER = 0.8


class MeanDifference(NamedTuple):
    """Holds a mean difference, its standard error and an interval, all within [-1, 1]."""

    value: float
    standard_error: float
    low: float
    high: float


def mcnemar(gained: int, lost: int) -> float:
    """Return the exact two-sided p-value of McNemar's test, given how many problems were gained and how many lost.

    McNemar 1947, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12, 153-157, with the binomial distribution in place of its chi-squared approximation.

    Args:
        gained: Problems that only B solves.
        lost: Problems that only A solves.

    Returns:
        p, in (0, 1].

    >>> mcnemar(gained=1, lost=9)  # 2 (C(10, 0) + C(10, 1)) / 2^10 = 22/1024
    0.021484375
    >>> mcnemar(gained=0, lost=0)
    1.0
    """
    flipped = gained + lost
    tail = term = 1  # C(flipped, 0), each binomial coefficient following from the last
    for i in range(1, min(gained, lost) + 1):
        term = term * (flipped - i + 1) // i
        tail += term
    return min(1.0, 2 * tail / (1 << flipped))


def sign_flip(differences: Sequence[float], *, resamples: int = 9999, seed: int = 0) -> float:
    """Return the two-sided p-value of the permutation test that turns the sign of each problem's difference at random.

    Fisher 1935, "The design of experiments", section 21: if neither policy is better, A and B could change names on any
    problem. The share of at least as large sums counts the one observed among the resamples, so it is never 0 (Phipson
    and Smyth 2010, "Permutation p-values should never be zero", Statistical Applications in Genetics and Molecular
    Biology 9, article 39). Equal magnitudes are sampled together.

    Args:
        differences: One a problem, in [-1, 1].
        resamples: Number of random assignments of signs.
        seed: Of their generator.

    Returns:
        p, in (0, 1].

    >>> sign_flip([0.1, -0.1, 0.3, -0.3])  # a sum of 0 is reached by every other one
    1.0
    """
    magnitudes, counts = np.unique(np.abs(np.asarray(differences)).round(12), return_counts=True)
    positive = np.random.default_rng(seed).binomial(counts, 0.5, size=(resamples, len(counts)))
    sums = np.abs((2 * positive - counts) @ magnitudes)
    as_large = int((sums >= abs(math.fsum(differences)) - 1e-9).sum())
    return (1 + as_large) / (1 + resamples)


def p_value(differences: Sequence[float]) -> float:
    """Return the two-sided p-value of "no policy is better on any problem", exact where that is cheap.

    Where all differences other than 0 have one magnitude, as with one sample a problem, the permutation test is
    McNemar's, and is computed exactly.

    Args:
        differences: One a problem, in [-1, 1].

    Returns:
        p, in (0, 1].

    >>> p_value([1.0] * 9 + [-1.0] + [0.0] * 490)
    0.021484375
    """
    flipped = [difference for difference in differences if difference]
    if len({abs(difference) for difference in flipped}) <= 1:
        gained = sum(difference > 0 for difference in flipped)
        return mcnemar(gained, len(flipped) - gained)
    return sign_flip(differences)


def mean_difference(differences: Sequence[float], confidence: float = 0.95) -> MeanDifference:
    """Return the mean difference with an interval for problems like these.

    Agresti and Min 2005, "Simple improved confidence intervals for comparing matched proportions", Statistics in
    Medicine 24, 729-740: a Wald interval after 1/2 was added to each cell of the 2 x 2 table, which here means two more
    problems, half of one gained, half of one lost and one unchanged. With one sample a problem this is theirs exactly;
    with more samples those problems differ by the largest magnitude seen, and by 1 where no problem differs at all: so
    the interval has a width even then.

    >>> [round(x, 4) for x in mean_difference([-1.0] * 9 + [1.0] + [0.0] * 90)]  # sqrt((11 - 8^2/102) / 102^2) = 0.0316
    [-0.08, 0.0316, -0.1403, -0.0165]

    Args:
        differences: One a problem, in [-1, 1]; at least one.
        confidence: Of the two-sided interval, in (0, 1).

    Returns:
        The mean difference, its standard error and the interval.

    Raises:
        ValueError: There are no differences.
    """
    if not differences:
        raise ValueError("a mean needs differences, at least one")
    problems = len(differences) + 2
    largest = max(map(abs, differences)) or 1.0
    centre = math.fsum(differences) / problems
    square = (math.fsum(difference**2 for difference in differences) + largest**2) / problems
    standard_error = math.sqrt((square - centre**2) / problems)
    half = NormalDist().inv_cdf((1 + confidence) / 2) * standard_error
    return MeanDifference(fmean(differences), standard_error, max(-1.0, centre - half), min(1.0, centre + half))


def detectable(standard_error: float, *, alpha: float = ALPHA, power: float = POWER) -> float:
    """Return the smallest true difference that a two-sided test would find with this power.

    Bloom 1995, "Minimum detectable effects", Evaluation Review 19, 547-556.

    Args:
        standard_error: Of the mean difference.
        alpha: Two-sided level of the test.
        power: Probability of finding the difference.

    Returns:
        The difference, in the unit of the standard error.

    >>> round(detectable(0.01), 6)  # (1.959964 + 0.841621) * 0.01
    0.028016
    """
    normal = NormalDist()
    return (normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)) * standard_error


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return p-values adjusted for their number.

    Holm 1979, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 65-70.

    Args:
        p_values: In any order.

    Returns:
        The adjusted values in the same order, at most 1.

    >>> holm([0.03, 0.01, 0.04])  # 0.01 * 3, then max(0.03, 0.03 * 2), then max(0.06, 0.04 * 1)
    (0.06, 0.03, 0.06)
    """
    adjusted = [0.0] * len(p_values)
    so_far = 0.0
    for rank, position in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        so_far = max(so_far, min(1.0, p_values[position] * (len(p_values) - rank)))
        adjusted[position] = so_far
    return tuple(adjusted)
