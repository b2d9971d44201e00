"""Confidence intervals, as pure functions."""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean
from typing import NamedTuple


class Interval(NamedTuple):
    """Bounds within [0, 1]."""

    low: float
    high: float


def wilson(p: float, n: float, confidence: float = 0.95) -> Interval:
    """Return Wilson's score interval for a proportion `p` seen in `n` trials (`n` need not be whole).

    Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22, 209-212.

    >>> [round(bound, 4) for bound in wilson(0.5, 10)]
    [0.2366, 0.7634]
    """
    z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    centre = p + z2 / (2 * n)
    half = math.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n)))
    scale = 1 + z2 / n
    return Interval(max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale))


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Return an interval for the mean that problems like these would have, from one value in [0, 1] a problem.

    Wilson's interval with the effective sample size n_eff = p (1 - p) / var(mean), where p is the mean and var(mean) is
    the variance between problems over their number (Korn and Graubard 1998, Survey Methodology 24, 193-201, use the
    same device for clustered samples). For values of 0 and 1 n_eff is the number of problems and this is Wilson's
    interval exactly; for pass@1 of many samples a problem it is narrower, as it should be. Where the values don't
    differ their variance says nothing, and the number of problems is used.

    Not covered: few problems with many samples each. There the variance is itself a guess, and in simulation a 95 %
    interval holds the truth in 91 % of cases with 10 problems, 92-94 % with 20, and 94-96 % from 50 on.

    Raises:
        ValueError: There are no values.
    """
    if not values:
        raise ValueError("an interval needs at least one value")
    p = fmean(values)
    variance = fmean((value - p) ** 2 for value in values)
    n_eff = len(values) * p * (1 - p) / variance if variance > 1e-12 else len(values)
    return wilson(p, n_eff, confidence)
