"""Computes confidence intervals: pure functions."""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean
from typing import NamedTuple


class Interval(NamedTuple):
    """Bounds within [0, 1]."""

    low: float
    high: float


def wilson(p: float, n: float, confidence: float = 0.95) -> Interval:
    """Return Wilson's score interval for a proportion.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22, 209-212.

    Args:
        p: the proportion observed, in [0, 1].
        n: number of trials, above 0; need not be whole.
        confidence: of the two-sided interval, in (0, 1).

    Returns:
        The bounds, within [0, 1].

    >>> [round(bound, 4) for bound in wilson(0.5, 10)]
    [0.2366, 0.7634]
    """
    z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    centre = p + z2 / (2 * n)
    half = math.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n)))
    scale = 1 + z2 / n
    return Interval(max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale))


def mean_interval(values: Sequence[float], trials: int, confidence: float = 0.95) -> Interval:
    """Return an interval for the mean that problems like these would have, from one value in [0, 1] a problem.

    Wilson's interval with the effective sample size n_eff = p (1 - p) / var(mean), where p is the mean and var(mean) is
    the variance between problems over their number (Korn and Graubard 1998, Survey Methodology 24, 193-201, use the
    same device for clustered samples). That is the variance which a bootstrap over problems comes to with ever more
    resamples, without resampling.

    n_eff is at least the number of problems and at most `trials`. More would be confidence that a few alike values
    can't give. With one sample a problem all three are equal and this is Wilson's interval exactly. Where the values
    don't differ at all, the number of problems is used.

    Coverage in simulation, for 95 %: docs/papers.md has the table, tests/bench/bench_coverage.py makes it.

    Args:
        values: pass@k, or another mean of n samples in [0, 1], of each problem.
        trials: the sum of n // k over problems, which is the number of disjoint sets of k tries among the samples.
        confidence: the share of such intervals that hold the truth, in (0, 1).

    Returns:
        The bounds, within [0, 1].

    Raises:
        ValueError: There are no values, or fewer trials than values.
    """
    if not 1 <= len(values) <= trials:
        raise ValueError(f"an interval needs values, and a trial for each, not {len(values)} and {trials}")
    p = fmean(values)
    variance = fmean((value - p) ** 2 for value in values)
    n_eff = min(len(values) * p * (1 - p) / variance, trials) if variance > 1e-12 else len(values)
    return wilson(p, n_eff, confidence)
