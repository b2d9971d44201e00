"""Estimates pass@k, and metrics that want several of k samples right, without bias."""

import math
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

_EXACT_BELOW = 200
"""Samples up to which binomial coefficients are short numbers."""
_EXACT_SAMPLES = 2000
"""Beyond so many samples binomial coefficients take long, and pass@k for k > 1 is a fraction near the exact one."""


def pass_at_k(n: int, c: int, k: int) -> float:
    """Return the unbiased estimate of the probability that at least one of `k` samples is accepted.

    Equation 1 of Chen et al. 2021 (arXiv:2107.03374), 1 - C(n-c, k) / C(n, k), as the product
    1 - prod(1 - k / i for i in n-c+1 .. n), which neither overflows nor cancels.

    Args:
        n: samples judged.
        c: samples accepted, 0 to n.
        k: tries allowed, 1 to n.

    Returns:
        pass@k in [0, 1].

    Raises:
        ValueError: `n` < `k`, where the estimate is undefined, or the counts make no sense.

    >>> round(pass_at_k(10, 3, 1), 12)
    0.3
    >>> round(pass_at_k(4, 2, 2), 12)  # 1 - C(2, 2) / C(4, 2) = 1 - 1/6
    0.833333333333
    >>> pass_at_k(5, 4, 2)  # one wrong sample can't fill two tries
    1.0
    """
    if not 0 <= c <= n or not 1 <= k <= n:
        raise ValueError(f"pass@k needs 0 <= c <= n and 1 <= k <= n, not n = {n}, c = {c}, k = {k}")
    if n - c < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / i for i in range(n - c + 1, n + 1))


@lru_cache(maxsize=1 << 14)
def exact_pass_at_k(n: int, c: int, k: int) -> Fraction:
    """Return the estimate of `pass_at_k` as a fraction, so that equal estimates are equal: 5 of 10 and 10 of 20.

    Args:
        n: samples judged.
        c: samples accepted, 0 to n.
        k: tries allowed, 1 to n.

    Returns:
        pass@k in [0, 1].

    Raises:
        ValueError: as for `pass_at_k`.

    >>> exact_pass_at_k(10, 3, 1)
    Fraction(3, 10)
    """
    rounded = pass_at_k(n, c, k)
    if k == 1:
        return Fraction(c, n)
    if n > _EXACT_SAMPLES:
        return Fraction(rounded)
    return 1 - Fraction(math.comb(n - c, k), math.comb(n, k))


def mean_pass_at_k(counts: Iterable[tuple[int, int]], k: int) -> Fraction:
    """Return the mean of pass@k over problems, exactly.

    Args:
        counts: n and c of each problem; at least one.
        k: tries allowed.

    Returns:
        The mean, in [0, 1].

    >>> mean_pass_at_k([(10, 3), (4, 2)], 1)
    Fraction(2, 5)
    """
    numbers = Counter(counts)
    return (
        sum((count * exact_pass_at_k(n, c, k) for (n, c), count in numbers.items()), start=Fraction(0))
        / numbers.total()
    )


def at_least(n: int, c: int, k: int, right: int) -> float:
    """Return the unbiased estimate of the probability that at least `right` of `k` samples are accepted.

    G-Pass@k of Liu et al. 2024 (arXiv:2412.13147) with tau = right / k: the share of the sets of k samples, of the n,
    that hold so many accepted ones. With `right` = 1 it is pass@k, with `right` = k the pass^k of Yao et al. 2024
    (arXiv:2406.12045).

    Args:
        n: samples judged.
        c: samples accepted, 0 to n.
        k: tries allowed, 1 to n.
        right: of these tries, 0 to k.

    Returns:
        The estimate, in [0, 1].

    Raises:
        ValueError: The counts make no sense.

    >>> round(at_least(4, 2, 2, 2), 12)  # C(2, 2) / C(4, 2)
    0.166666666667
    """
    if not 0 <= c <= n or not 0 <= right <= k <= n:
        raise ValueError(f"needs 0 <= c <= n and 0 <= right <= k <= n, not n = {n}, c = {c}, k = {k}, right = {right}")
    return min(1.0, math.fsum(_shares(n, c, k)[right:]))


def mean_at_least(n: int, c: int, k: int) -> float:
    """Return mG-Pass@k: 2 / k times the sum of `at_least` over ceil(k / 2) + 1, ..., k right ones.

    Liu et al. 2024 (arXiv:2412.13147). For an even k it is the mean of G-Pass@k over all parts above a half.

    Args:
        n: samples judged.
        c: samples accepted, 0 to n.
        k: tries allowed, 1 to n.

    Returns:
        The mean, in [0, 1].

    >>> round(mean_at_least(4, 3, 4), 12)  # 2 / 4 (1 for at least 3, 0 for all 4)
    0.5
    """
    half = (k + 1) // 2
    return 2 / k * math.fsum((right - half) * share for right, share in enumerate(_shares(n, c, k)) if right > half)


@lru_cache(maxsize=1 << 10)
def _shares(n: int, c: int, k: int) -> tuple[float, ...]:
    """Return the shares of the sets of k samples that hold 0, 1, ..., k accepted ones: the hypergeometric ones."""
    most = min(c, k)
    least = max(0, k - (n - c))
    if n <= _EXACT_BELOW:
        sets = math.comb(n, k)
        found = [math.comb(c, right) * math.comb(n - c, k - right) / sets for right in range(least, most + 1)]
    else:
        logs = (_log_comb(c, right) + _log_comb(n - c, k - right) for right in range(least, most + 1))
        found = [math.exp(log - _log_comb(n, k)) for log in logs]
    return (*[0.0] * least, *found, *[0.0] * (k - most))


def _log_comb(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
