"""Computes confidence intervals of a score: pure functions.

There are two, for two questions. `mean_interval` says what the score would be on other problems like these;
`redrawn_interval` says what it would be on these problems if samples were drawn again.
"""

import math
from collections.abc import Sequence
from statistics import fmean

from harness.runs.records import Tally
from harness.scoring.clusters import Families, between_families, families_of, knowledge
from harness.scoring.proportions import Interval, proportion_interval
from harness.scoring.redrawn import redrawn_variance

_ASSUMED_PROBLEMS = 0.35
"""Weight of the assumption that a problem is solved always or never, in problems: what is seen outweighs it soon."""
_ASSUMED_FLIPS = 1.0
"""Sets of samples that may turn out otherwise although none was seen to."""


def mean_interval(values: Sequence[float], trials: int, confidence: float = 0.95, families: Families = ()) -> Interval:
    """Return an interval for the mean that other problems like these would have, from one value in [0, 1] a problem.

    The interval of a proportion, with the effective sample size of Korn and Graubard 1998 (Survey Methodology 24,
    193-201): n_eff = p (1 - p) / var(mean), where p is the mean and var(mean) comes from the variance between problems,
    or between families of problems. What n_eff has beyond the number of problems is reduced by their correction for
    degrees of freedom.

    Where hardly a problem is solved, or hardly one isn't, the variance says little. So its ratio to p (1 - p), which
    is 1 where each problem is solved always or never, is taken as if a third of a problem of that kind had been seen
    besides. n_eff is then smooth in the values: it makes no jump where a first sample is accepted.

    n_eff is at most `trials`. With one sample a problem it is the number of problems, and this the interval of a
    proportion exactly.

    Coverage in simulation, for 95 %: docs/statistics.md has the table, tests/bench/bench_coverage.py makes it.

    Args:
        values: pass@k, or another mean of n samples in [0, 1], of each problem.
        trials: the sum of n // k over problems, which is the number of disjoint sets of k tries among the samples.
        confidence: the share of such intervals that hold the truth, in (0, 1).
        families: of each problem, such as its contest; problems of a family may be alike. Empty where each problem
            stands alone.

    Returns:
        The bounds, within [0, 1].

    Raises:
        ValueError: There are no values, or fewer trials than values.
    """
    n = len(values)
    if not 1 <= n <= trials:
        raise ValueError(f"an interval needs values, and a trial for each, not {n} and {trials}")
    p = fmean(values)
    deviations = [value - p for value in values]
    squares, units = math.fsum(deviation**2 for deviation in deviations), n
    if families:
        between, units = between_families(deviations, families)
        squares = max(squares, between)
    ratio = (squares + _ASSUMED_PROBLEMS) / (n * p * (1 - p) + _ASSUMED_PROBLEMS)
    if units == 1:
        n_eff = 1.0
    elif ratio <= 1:
        n_eff = min(n * (1 + (1 / ratio - 1) * knowledge(units, confidence)), trials)
    else:
        n_eff = n / (1 + (ratio - 1) / knowledge(units, confidence))
    return proportion_interval(p * n_eff, n_eff, confidence)


def interval_over(tallies: Sequence[Tally], values: Sequence[float], k: int) -> Interval:
    """Return the interval of `mean_interval` for problems with their values, by families where the benchmark has them.

    Args:
        tallies: of the problems; those without a family are one of their own.
        values: of each problem, from sets of `k` samples.
        k: tries that a value is about.

    Returns:
        The bounds, within [0, 1].
    """
    return mean_interval(values, sum(tally.n // k for tally in tallies), families=families_of([tallies]))


def redrawn_interval(
    counts: Sequence[tuple[int, int]], k: int, mean: float, confidence: float = 0.95
) -> Interval | None:
    """Return an interval for mean pass@k of these very problems, if ever more samples of each were drawn.

    As `mean_interval`, with the variance between draws in place of that between problems: see `redrawn_variance`.

    Args:
        counts: (n, c) of each problem, n at least `k`.
        k: of pass@k.
        mean: of pass@k over these problems.
        confidence: of the interval, in (0, 1).

    Returns:
        The bounds, within [0, 1]; None where a problem has but one sample: that doesn't tell a problem solved always
        from one solved sometimes.
    """
    if min(n for n, _ in counts) < 2:
        return None
    sets = sum(n for n, _ in counts) / k
    seen = redrawn_variance(counts, k) * sets**2
    ratio = (seen + _ASSUMED_FLIPS) / (mean * (1 - mean) * sets + _ASSUMED_FLIPS)
    n_eff = sets / min(1.0, ratio)
    return proportion_interval(mean * n_eff, n_eff, confidence)
