"""Compares two policies on the same problems: pure functions over one difference a problem.

A difference is B's value (pass@k, or the share of samples accepted) less A's, within [-1, 1]. The problem is the unit:
a difference counts once, however many samples it has.
"""

import math
import sys
from collections.abc import Sequence
from fractions import Fraction
from statistics import NormalDist

import numpy as np

from harness.scoring.differences import Number

ALPHA = 0.05
POWER = 0.8

_COST = 100_000_000
"""Additions that a permutation test may take: a tenth of a second."""
_STEPS_A_PROBLEM = 8
"""Length of a mean step below which rounding would cost power."""
_MOST_STEPS = 1 << 20
"""Bounds the memory of a permutation test."""
_LARGEST_DENOMINATOR = 1_000_000
_LEAST = sys.float_info.min
"""Stands for every p-value that is smaller: none is 0."""


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
    return min(1.0, max(_LEAST, 2 * tail / (1 << flipped)))


def sign_flip(differences: Sequence[Number]) -> float:
    """Return the exact two-sided p-value of the permutation test that turns the sign of any problem's difference.

    Fisher 1935, "The design of experiments", section 21: if neither policy is better, A and B could change names on any
    problem. All 2^N choices of signs are counted, not a sample of them: the differences are whole multiples of a common
    fraction, so the distribution of their sum is a convolution of N pairs of steps (Pagano and Tritchler 1983, "On
    obtaining permutation distributions in polynomial time", JASA 78, 435-440).

    Where the common fraction is too small for that, as with many different n, the differences are rounded to a coarser
    one. Rounding treats both signs alike, so the test is still exact, of the differences as rounded.

    Args:
        differences: One a problem, in [-1, 1]; a float means the fraction next to it with a small denominator.

    Returns:
        p, in (0, 1].

    >>> sign_flip([0.1, -0.1, 0.3, -0.3])  # a sum of 0 is reached by every other one
    1.0
    >>> sign_flip([0.1, 0.2, 0.2])  # only all signs alike reach 0.5: 2 of 8
    0.25
    """
    return _flipped(_steps(differences))


def _flipped(steps: Sequence[int]) -> float:
    """Return the chance that the steps, their signs random, end as far from 0 as they do."""
    magnitudes = sorted(map(abs, steps))
    end = (sum(magnitudes) - abs(sum(steps))) // 2
    # By symmetry half the chance is that of the steps with a positive sign adding up to `end` or less.
    chances = np.zeros(end + 1)
    chances[0] = 1.0
    reached = 0
    for magnitude in magnitudes:
        reached = min(end, reached + magnitude)
        part = chances[: reached + 1]
        part[magnitude:] += part[:-magnitude].copy()
        part /= 2
    return min(1.0, max(_LEAST, 2 * float(chances.sum())))


def _steps(differences: Sequence[Number]) -> list[int]:
    """Return the differences other than 0 as multiples of a common fraction, rounded where that would be too small."""
    exact = [_exact(difference) for difference in differences if difference]
    if not exact:
        return []
    most = min(_MOST_STEPS, max(_COST // len(exact), _STEPS_A_PROBLEM * len(exact)))
    common = 1
    for denominator in {difference.denominator for difference in exact}:
        common = math.lcm(common, denominator)
        if common > _MOST_STEPS**2:  # or it grows with every problem
            break
    length = math.fsum(map(abs, exact))
    if common * length > most:
        steps = [round(float(difference) * most / length) for difference in exact]
    else:
        steps = [difference.numerator * (common // difference.denominator) for difference in exact]
    divisor = math.gcd(*steps)
    return [step // divisor for step in steps if step]


def _exact(difference: Number) -> Fraction:
    if isinstance(difference, Fraction):
        return difference
    return Fraction(difference).limit_denominator(_LARGEST_DENOMINATOR)


def p_value(differences: Sequence[Number]) -> float:
    """Return the exact two-sided p-value of "no policy is better on any problem".

    Where all differences other than 0 have one magnitude, as with one sample a problem, the permutation test is
    McNemar's.

    Args:
        differences: One a problem, in [-1, 1].

    Returns:
        p, in (0, 1].

    >>> p_value([1.0] * 9 + [-1.0] + [0.0] * 490)
    0.021484375
    """
    steps = _steps(differences)
    if len({abs(step) for step in steps}) <= 1:
        gained = sum(step > 0 for step in steps)
        return mcnemar(gained, len(steps) - gained)
    return _flipped(steps)


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
