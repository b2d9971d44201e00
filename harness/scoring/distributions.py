"""Computes the beta and Student's t distributions: pure functions."""

import math
from collections.abc import Callable

_STEPS = 300
"""Terms of the continued fraction at most; some 20 are the rule."""
_HALVINGS = 200
_TINY = 1e-300
"""Stands in for 0 in a denominator, as Lentz's method has it."""


def beta_cdf(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function, the chance that a beta variable is at most x.

    The continued fraction of Abramowitz and Stegun 1964, "Handbook of mathematical functions", formula 26.5.8, on the
    side of the mean where it converges fast, by Lentz's method.

    Args:
        x: in [0, 1].
        a: first parameter, above 0.
        b: second parameter, above 0.

    Returns:
        The chance, in [0, 1].

    >>> round(beta_cdf(0.5, 2, 3), 12)  # 1 - (1 + 4) / 16
    0.6875
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_cdf(1 - x, b, a)
    log_front = a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return min(1.0, math.exp(log_front) * _continued_fraction(x, a, b) / a)


def _continued_fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        before = value
        for term in (even, odd):
            d = 1 / _not_zero(1 + term * d)
            c = _not_zero(1 + term / c)
            value *= c * d
        if abs(value - before) <= 1e-16 * value:
            break
    return value


def _not_zero(number: float) -> float:
    return number if abs(number) > _TINY else _TINY


def beta_quantile(p: float, a: float, b: float) -> float:
    """Return the value that a beta variable stays below with a chance of p.

    Args:
        p: in [0, 1].
        a: first parameter, above 0.
        b: second parameter, above 0.

    Returns:
        The value, in [0, 1].

    >>> round(beta_quantile(0.6875, 2, 3), 12)
    0.5
    """
    if p <= 0 or p >= 1:
        return float(p >= 1)
    return _root(lambda x: beta_cdf(x, a, b), p, 0.0, 1.0)


def student_cdf(t: float, df: float) -> float:
    """Return the chance that a variable of Student's t distribution is at most t.

    Args:
        t: any number.
        df: degrees of freedom, above 0; need not be whole.

    Returns:
        The chance, in [0, 1].

    >>> round(student_cdf(1, 1), 12)  # Cauchy's distribution: 1/2 + arctan(1) / pi
    0.75
    """
    if abs(t) < 1:  # where the complement would round the little that t adds away
        return 0.5 + math.copysign(beta_cdf(t * t / (df + t * t), 0.5, df / 2) / 2, t)
    tail = beta_cdf(df / (df + t * t), df / 2, 0.5) / 2
    return 1 - tail if t > 0 else tail


def student_quantile(p: float, df: float) -> float:
    """Return the value that a variable of Student's t distribution stays below with a chance of p.

    Args:
        p: in (0, 1).
        df: degrees of freedom, above 0.

    Returns:
        The value; 0 for p = 1/2.

    >>> round(student_quantile(0.75, 1), 12)
    1.0
    """
    if p < 1 / 2:
        return -student_quantile(1 - p, df)
    most = 1.0
    while student_cdf(most, df) < p and most < 1e150:
        most *= 2
    return _root(lambda t: student_cdf(t, df), p, 0.0, most)


def _root(function: Callable[[float], float], wanted: float, low: float, high: float) -> float:
    """Return where a function that never falls reaches a value, by halving."""
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        low, high = (middle, high) if function(middle) < wanted else (low, middle)
    return (low + high) / 2
