"""Estimates how much a score would vary if samples of the same problems were drawn again: pure functions."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_SPREADS = (1e-3, 1e6)
"""The least and the largest a + b of a prior: problems solved always or never, and problems all alike."""


class Prior(NamedTuple):
    """Holds a beta distribution of the chance to solve a problem."""

    a: float
    b: float


def redrawn_variance(counts: Sequence[tuple[int, int]], k: int) -> float:
    """Return the variance of mean pass@k over new samples of the same problems.

    The mean over problems of the share f of sets of k samples that all fail has the same variance. With n >= 2k it is
    estimated without bias: f^2 less the share of sets of 2k samples that all fail. With fewer samples no unbiased
    estimate exists; then it is the mean over the chances that the problem may have, given its n and c and a beta
    distribution of chances with the moments seen (Morris 1983, "Parametric empirical Bayes inference", JASA 78, 47-55).

    Args:
        counts: (n, c) of each problem, n at least `k`.
        k: of pass@k.

    Returns:
        The variance of the mean.

    >>> redrawn_variance([(10, 5)], 1)  # c (n - c) / (n^2 (n - 1)) = 25/900
    0.02777777777777779
    """
    prior = _prior(counts)
    found = (problems * _variance(n, c, k, prior) for (n, c), problems in Counter(counts).items())
    return math.fsum(found) / len(counts) ** 2


def _prior(counts: Iterable[tuple[int, int]]) -> Prior:
    """Return the beta distribution with the mean and the variance of the problems' chances."""
    samples = accepted = pairs = both = 0
    for n, c in counts:
        samples, accepted = samples + n, accepted + c
        pairs, both = pairs + n * (n - 1), both + c * (c - 1)
    mean = accepted / samples
    square = both / pairs if pairs else mean
    apart, alike = square - mean**2, mean - square
    least, most = _SPREADS
    total = most if apart <= alike / most else max(least, alike / apart)
    return Prior(mean * total, (1 - mean) * total)


def _variance(n: int, c: int, k: int, prior: Prior) -> float:
    if n >= 2 * k:
        return _failing(n, c, k) ** 2 - _failing(n, c, 2 * k)
    if prior.a <= 0 or prior.b <= 0:
        return 0.0
    a, b = prior.a + c, prior.b + n - c
    square = math.fsum(_chance(n, again, a, b) * _failing(n, again, k) ** 2 for again in range(n - k + 1))
    return max(0.0, square - math.prod((b + i) / (a + b + i) for i in range(2 * k)))


def _failing(n: int, c: int, k: int) -> float:
    """Return the share of sets of k samples that all fail."""
    return math.prod((n - c - i) / (n - i) for i in range(k)) if n - c >= k else 0.0


def _chance(n: int, c: int, a: float, b: float) -> float:
    """Return how likely c of n are accepted where the chance is beta(a, b) distributed."""
    return math.exp(
        math.lgamma(n + 1) - math.lgamma(c + 1) - math.lgamma(n - c + 1)
        + _log_beta(a + c, b + n - c) - _log_beta(a, b)
    )  # fmt: skip


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
