"""Intervals against hand-computed numbers and their promised coverage."""

import numpy as np
import pytest

from harness.intervals import mean_interval, wilson

Z2 = 1.959963984540054**2  # 3.841458820694124


def test_wilson_by_hand():
    """8 of 10: centre (0.8 + z2/20) / (1 + z2/10) = 0.716740, half width sqrt(z2 (0.016 + z2/400)) / (1 + z2/10)."""
    centre = (0.8 + Z2 / 20) / (1 + Z2 / 10)
    half = (Z2 * (0.8 * 0.2 / 10 + Z2 / 400)) ** 0.5 / (1 + Z2 / 10)

    assert wilson(0.8, 10) == pytest.approx((0.490162, 0.943318), abs=1e-6)
    assert wilson(0.8, 10) == pytest.approx((centre - half, centre + half))


@pytest.mark.parametrize(("p", "low", "high"), [(0.0, 0.0, Z2 / (100 + Z2)), (1.0, 100 / (100 + Z2), 1.0)])
def test_none_and_all_of_a_hundred(p, low, high):
    """At 0 of n the upper bound is z2 / (n + z2); at n of n the lower one is n / (n + z2)."""
    assert wilson(p, 100) == pytest.approx((low, high))
    assert mean_interval([p] * 100) == pytest.approx((low, high))


def test_values_of_zero_and_one_give_wilson_exactly():
    """30 of 40 problems solved: p (1 - p) / var(mean) is 40."""
    assert mean_interval([1.0] * 30 + [0.0] * 10) == pytest.approx(wilson(0.75, 40))


def test_shares_give_a_narrower_interval():
    """Values 0.4 and 0.6 in turn, 50 problems: variance 0.01, so n_eff = 50 * 0.25 / 0.01 = 1250."""
    assert mean_interval([0.4, 0.6] * 25) == pytest.approx(wilson(0.5, 1250))


def test_equal_shares_fall_back_to_the_number_of_problems():
    """Where no value differs from another the variance says nothing, and the interval doesn't collapse."""
    assert mean_interval([0.5, 0.5, 0.5]) == wilson(0.5, 3)


def test_more_confidence_is_wider():
    """A 99 % interval holds the 95 % one."""
    values = [1.0, 0.0, 0.5, 1.0]
    usual, wide = mean_interval(values), mean_interval(values, confidence=0.99)

    assert wide.low < usual.low < usual.high < wide.high


def test_no_values_are_refused():
    """There is no interval for nothing."""
    with pytest.raises(ValueError, match="at least one"):
        mean_interval([])


@pytest.mark.parametrize(("a", "b", "n"), [(2.0, 2.0, 1), (0.5, 0.5, 10), (4.0, 1.0, 10)])
def test_coverage_is_what_it_says(a, b, n):
    """The truth lies in 93-97 % of the intervals, for n = 1 (values 0 and 1) and for n = 10 (beta-binomial)."""
    rng = np.random.default_rng(20240607)
    chances = rng.beta(a, b, size=(2000, 200))
    shares = rng.binomial(n, chances) / n

    intervals = [mean_interval(values) for values in shares.tolist()]
    covered = np.mean([low <= a / (a + b) <= high for low, high in intervals])

    assert 0.93 <= covered <= 0.97
