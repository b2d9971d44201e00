"""Our tests against those of scipy and statsmodels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_of_statsmodels
from statsmodels.stats.multitest import multipletests

from leaderboards.paired import holm, mcnemar, sign_flip
from leaderboards.power import Noise, detectable_with
from leaderboards.seeds import seed_difference


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_the_binomial_test(gained, lost):
    """Exact, two-sided, as both libraries have it."""
    p = mcnemar(gained, lost)

    assert p == pytest.approx(
        mcnemar_of_statsmodels([[0, lost], [gained, 0]], exact=True).pvalue if gained + lost else 1
    )
    assert p == pytest.approx(stats.binomtest(gained, gained + lost).pvalue if gained + lost else 1)


@given(st.lists(st.integers(-10, 10), min_size=2, max_size=10))
def test_sign_flip_is_the_paired_permutation_test(tenths):
    """Over all permutations, of the sum."""
    found = stats.permutation_test(
        (np.array(tenths),), np.sum, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )

    assert sign_flip([number / 10 for number in tenths]) == pytest.approx(min(1.0, found.pvalue))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_that_of_statsmodels(p_values):
    """In the same order."""
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


def test_the_interval_of_seeds_is_that_of_welch():
    """With equal variances and no differences between problems."""
    a, b = [0.3, 0.35, 0.31, 0.33], [0.4, 0.45, 0.41, 0.43]
    interval = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)

    found = seed_difference(*(np.array([[score] * 500 for score in side]) for side in (a, b)))

    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-6)


def test_what_is_detectable_has_its_power():
    """By the noncentral t distribution, for five seeds a side: 80 %, to two points."""
    noise = Noise(problem=0.0, sample=0.0, seed=0.01**2)
    found = detectable_with(noise, 500, samples=10, seeds=5)

    shift, limit = found / (0.01 * (2 / 5) ** 0.5), stats.t.ppf(0.975, 8)

    assert stats.nct.sf(limit, 8, shift) == pytest.approx(0.8, abs=0.02)
