"""The beta and Student's t distributions against scipy."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from harness.scoring.distributions import beta_cdf, beta_quantile, student_cdf, student_quantile

SHAPES = st.floats(0.05, 5000)
CHANCES = st.floats(1e-6, 1 - 1e-6)


@given(st.floats(0, 1), SHAPES, SHAPES)
def test_beta_is_that_of_scipy(x, a, b):
    """Over the whole range of shapes that thousands of problems lead to."""
    assert beta_cdf(x, a, b) == pytest.approx(stats.beta.cdf(x, a, b), rel=1e-7, abs=1e-12)


@given(CHANCES, SHAPES, SHAPES)
def test_a_quantile_of_beta_is_reached_by_the_chance(p, a, b):
    """As far as numbers beside 0 and 1 tell them apart."""
    x = beta_quantile(p, a, b)

    assert beta_cdf(max(0.0, x * (1 - 1e-9) - 1e-15), a, b) - 1e-6 <= p <= beta_cdf(min(1.0, x + 1e-9), a, b) + 1e-6


@given(st.floats(-50, 50), st.floats(1, 1e5))
@example(7.8e-6, 33826.0)
def test_student_is_that_of_scipy(t, df):
    """For any degrees of freedom, whole or not."""
    assert student_cdf(t, df) == pytest.approx(stats.t.cdf(t, df), rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("df", [1, 2, 3.7, 4, 30, 2570])
@pytest.mark.parametrize("p", [0.025, 0.5, 0.8, 0.95, 0.975, 0.995])
def test_quantiles_of_student_are_those_of_scipy(p, df):
    """With few degrees of freedom they are far from the normal ones."""
    assert student_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-9, abs=1e-12)


def test_the_ends_of_beta():
    """Nothing is below 0, and everything below 1."""
    assert (beta_cdf(0, 2, 3), beta_cdf(1, 2, 3), beta_quantile(0, 2, 3), beta_quantile(1, 2, 3)) == (0, 1, 0, 1)
