"""Computes intervals for a proportion of trials, whose numbers need not be whole: pure functions."""

import math
from collections.abc import Callable
from typing import NamedTuple

from harness.scoring.distributions import beta_cdf

_OBSERVED = 0.62
"""Part of the probability of the number observed that counts in a tail: with hardly less, coverage falls below 94 %."""
_ERROR = 1e-12
"""Of a bound, at most: no table prints so many digits."""


class Interval(NamedTuple):
    """Bounds within [0, 1]."""

    low: float
    high: float


def proportion_interval(successes: float, trials: float, confidence: float = 0.95) -> Interval:
    """Return an interval for a proportion.

    Clopper and Pearson 1934, "The use of confidence or fiducial limits", Biometrika 26, 404-413, with the number
    observed counted in part in either tail: in full it covers the truth too often, by half (the mid-P interval of
    Lancaster 1961, JASA 56, 223-234) at times too seldom.

    Args:
        successes: 0 to `trials`; need not be whole.
        trials: above 0; need not be whole.
        confidence: of the two-sided interval, in (0, 1).

    Returns:
        The bounds, within [0, 1].

    >>> [round(bound, 4) for bound in proportion_interval(0, 100)]  # 0.62 (1 - p)^100 = 0.025
    [0.0, 0.0316]
    """
    half = (1 - confidence) / 2
    low, rest = (_bound(count, trials, half) for count in (successes, trials - successes))
    return Interval(low, 1 - rest)


def _bound(successes: float, trials: float, chance: float) -> float:
    """Return the proportion under which so many successes or more have this chance."""
    if successes <= 0:
        return 0.0
    return _crossing(lambda p: _tail(successes, trials, p) - chance, 0.0, successes / trials)


def _tail(successes: float, trials: float, p: float) -> float:
    """Return P(more successes) and a part of P(as many), which grow with `p`."""
    if p <= 0 or p >= 1:
        return float(p >= 1)
    failures = trials - successes
    if failures <= 0:
        return _OBSERVED * math.pow(p, trials)
    log_equal = (
        math.lgamma(trials + 1) - math.lgamma(successes + 1) - math.lgamma(failures + 1)
        + successes * math.log(p) + failures * math.log1p(-p)
    )  # fmt: skip
    return beta_cdf(p, successes + 1, failures) + _OBSERVED * math.exp(log_equal)


def _crossing(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a growing function crosses 0, within a bracket: regula falsi, the stuck end halved (Illinois)."""
    at_low, at_high = function(low), function(high)
    side = 0
    while high - low > _ERROR:
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        middle = min(max(middle, low + _ERROR / 2), high - _ERROR / 2)  # past an end that is nearly right
        found = function(middle)
        if found > 0:
            high, at_high = middle, found
            at_low /= 2 if side > 0 else 1
            side = 1
        else:
            low, at_low = middle, found
            at_high /= 2 if side < 0 else 1
            side = -1
    return (low + high) / 2
