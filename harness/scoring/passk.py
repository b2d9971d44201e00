"""Estimates pass@k without bias."""

import math
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache

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
