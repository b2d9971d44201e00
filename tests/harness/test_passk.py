"""pass@k against exact arithmetic."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scoring.passk import pass_at_k

counts = st.integers(1, 200).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n)))


@given(counts)
def test_equals_the_closed_form(nck):
    """The product equals 1 - C(n-c, k) / C(n, k) in exact fractions."""
    n, c, k = nck

    assert pass_at_k(n, c, k) == pytest.approx(float(1 - Fraction(comb(n - c, k), comb(n, k))), abs=1e-12)


@given(counts)
def test_stays_within_its_bounds(nck):
    """It is a probability: 0 without an accepted sample, 1 where the wrong ones can't fill k tries."""
    n, c, k = nck
    value = pass_at_k(n, c, k)

    assert 0.0 <= value <= 1.0
    assert (c == 0) == (value == 0.0)
    assert n - c >= k or value == 1.0


@given(st.integers(2, 100).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n - 1))))
def test_more_tries_never_hurt(nck):
    """It doesn't fall as k grows."""
    n, c, k = nck

    assert pass_at_k(n, c, k) <= pass_at_k(n, c, k + 1) + 1e-12


def test_a_worked_example():
    """With n = 4, c = 2, k = 2: of 6 pairs one holds no accepted sample, so 5/6."""
    assert pass_at_k(4, 2, 2) == pytest.approx(5 / 6)


@pytest.mark.parametrize(("n", "c", "k"), [(9, 3, 10), (0, 0, 1), (5, 6, 1), (5, -1, 1), (5, 2, 0)])
def test_refuses_what_is_undefined(n, c, k):
    """Fewer samples than tries, and counts that make no sense, are errors, never 1.0."""
    with pytest.raises(ValueError, match=f"n = {n}, c = {c}, k = {k}"):
        pass_at_k(n, c, k)
