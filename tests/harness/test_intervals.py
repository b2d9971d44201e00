"""Intervals against hand-computed numbers, an independent bootstrap, and their promised coverage."""

import numpy as np
import pytest

from harness.scoring.intervals import mean_interval, wilson
from harness.scoring.passk import pass_at_k

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
    assert mean_interval([p] * 100, 1000) == pytest.approx((low, high))


def test_one_sample_a_problem_gives_wilson_exactly():
    """30 of 40 problems solved: p (1 - p) / var(mean) is 40."""
    assert mean_interval([1.0] * 30 + [0.0] * 10, 40) == pytest.approx(wilson(0.75, 40))


def test_shares_give_a_narrower_interval():
    """Values 0.4 and 0.6 in turn, 50 problems: variance 0.01, so n_eff = 50 * 0.25 / 0.01 = 1250 of 5000 trials."""
    assert mean_interval([0.4, 0.6] * 25, 5000) == pytest.approx(wilson(0.5, 1250))


def test_alike_values_are_no_more_than_their_trials():
    """The same values from 10 samples each: 500 trials can't be as certain as 1250."""
    assert mean_interval([0.4, 0.6] * 25, 500) == pytest.approx(wilson(0.5, 500))


def test_equal_shares_fall_back_to_the_number_of_problems():
    """Where no value differs from another the variance says nothing, and the interval doesn't collapse."""
    assert mean_interval([0.5, 0.5, 0.5], 30) == wilson(0.5, 3)


def test_one_problem_is_one_trial():
    """However many samples it has: another problem could be anything."""
    assert mean_interval([0.5], 100) == wilson(0.5, 1)


def test_more_confidence_is_wider():
    """A 99 % interval holds the 95 % one."""
    values = [1.0, 0.0, 0.5, 1.0]
    usual, wide = mean_interval(values, 8), mean_interval(values, 8, confidence=0.99)

    assert wide.low < usual.low < usual.high < wide.high


@pytest.mark.parametrize(("values", "trials"), [([], 0), ([], 5), ([1.0, 0.0], 1)])
def test_what_makes_no_sense_is_refused(values, trials):
    """There is no interval for nothing, and every value took a trial."""
    with pytest.raises(ValueError, match=f"not {len(values)} and {trials}"):
        mean_interval(values, trials)


@pytest.mark.parametrize("k", [1, 10])
def test_agrees_with_a_bootstrap_over_problems(k):
    """With 500 problems, far from 0 and 1, the percentiles of 10,000 draws of problems are the same to 0.3 points."""
    rng = np.random.default_rng(7)
    solved = rng.binomial(10, rng.beta(0.5, 1.5, size=500))
    values = np.array([pass_at_k(10, int(c), k) for c in solved])

    drawn = values[rng.integers(500, size=(10_000, 500))].mean(axis=1)

    assert mean_interval(values.tolist(), 5000 // k) == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=0.003)


@pytest.mark.slow
@pytest.mark.parametrize(("a", "b"), [(2.0, 2.0), (0.3, 3.0), (4.0, 1.0)])
@pytest.mark.parametrize("n", [1, 10])
def test_coverage_is_what_it_says(a, b, n):
    """With 500 problems the truth lies in 94-96 % of the intervals, for one sample (0 and 1) and ten a problem."""
    rng = np.random.default_rng(20240607)
    shares = rng.binomial(n, rng.beta(a, b, size=(4000, 500))) / n

    intervals = [mean_interval(values, 500 * n) for values in shares.tolist()]
    covered = np.mean([low <= a / (a + b) <= high for low, high in intervals])

    assert 0.94 <= covered <= 0.96
