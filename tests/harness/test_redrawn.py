"""How much a score would vary if samples were drawn again."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scoring.redrawn import redrawn_variance


def test_one_problem_by_hand():
    """5 of 10: c (n - c) / (n^2 (n - 1)) = 25/900 for pass@1."""
    assert redrawn_variance([(10, 5)], 1) == pytest.approx(25 / 900)


@pytest.mark.parametrize(("n", "k"), [(2, 1), (10, 1), (6, 3), (20, 10)])
def test_it_is_unbiased_with_samples_for_two_sets(n, k):
    """Over all c of a binomial distribution its mean is the variance of the share of sets that fail."""
    p = 0.3
    chances = [comb(n, c) * p**c * (1 - p) ** (n - c) for c in range(n + 1)]
    shares = np.array([comb(n - c, k) / comb(n, k) for c in range(n + 1)])
    variance = np.dot(chances, shares**2) - np.dot(chances, shares) ** 2

    assert np.dot(chances, [redrawn_variance([(n, c)], k) for c in range(n + 1)]) == pytest.approx(variance)


def test_equal_problems_have_the_variance_of_their_mean():
    """100 alike: a hundredth of one."""
    assert redrawn_variance([(10, 5)] * 100, 1) == pytest.approx(25 / 900 / 100)


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (2.0, 5.0)])
def test_it_is_right_on_average_with_samples_for_one_set(a, b):
    """500 problems, n = k = 10: pass@10 is 0 or 1; its variance is (1 - p)^10 (1 - (1 - p)^10), to a tenth."""
    rng = np.random.default_rng(1)
    true, estimated = 0.0, 0.0
    for _ in range(20):
        chances = rng.beta(a, b, size=500)
        failing = (1 - chances) ** 10
        true += (failing * (1 - failing)).sum() / 500**2
        estimated += redrawn_variance([(10, c) for c in rng.binomial(10, chances).tolist()], 10)

    assert estimated == pytest.approx(true, rel=0.1)


@given(st.lists(st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1), st.data())
def test_it_is_never_negative_nor_more_than_that_of_one_try(counts, data):
    """Whatever the counts: between 0 and 1/4 of a problem's square, or its like from few samples."""
    k = data.draw(st.integers(1, min(n for n, _ in counts)))

    assert 0 <= redrawn_variance(counts, k) <= 1 / len(counts)


def test_none_or_all_accepted_have_no_variance():
    """Nothing was seen to vary."""
    assert redrawn_variance([(10, 0)] * 5, 10) == redrawn_variance([(10, 10)] * 5, 1) == 0
