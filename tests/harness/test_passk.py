"""pass@k against exact arithmetic."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scoring.passk import at_least, mean_at_least, pass_at_k

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


@given(counts.flatmap(lambda nck: st.tuples(st.just(nck), st.integers(0, nck[2]))))
def test_at_least_so_many_equals_the_closed_form(case):
    """The share of sets of k samples that hold so many accepted ones or more, in exact fractions."""
    (n, c, k), right = case
    sets = sum(comb(c, found) * comb(n - c, k - found) for found in range(right, k + 1))

    assert at_least(n, c, k, right) == pytest.approx(float(Fraction(sets, comb(n, k))), abs=1e-12)


@given(counts)
def test_at_least_one_right_is_pass_at_k(nck):
    """And at least none is certain."""
    assert at_least(*nck, 1) == pytest.approx(pass_at_k(*nck), abs=1e-12)
    assert at_least(*nck, 0) == pytest.approx(1, abs=1e-12)


@given(counts)
def test_the_mean_over_parts_is_that_of_its_definition(nck):
    """2 / k times the sum of G-Pass@k over ceil(k / 2) + 1 to k right ones; 0 for k = 1."""
    n, c, k = nck
    parts = range(-(-k // 2) + 1, k + 1)

    assert mean_at_least(n, c, k) == pytest.approx(2 / k * sum(at_least(n, c, k, right) for right in parts), abs=1e-9)


@pytest.mark.parametrize(("right", "share"), [(1, 1.0), (2, 1.0), (3, 0.5), (4, 0.0)])
def test_of_six_samples_four_are_right(right, share):
    """Of 15 sets of 4, C(4, 2) C(2, 2) = 6 hold two, C(4, 3) C(2, 1) = 8 three and 1 four."""
    assert at_least(6, 4, 4, right) == pytest.approx({3: 9 / 15, 4: 1 / 15}.get(right, share))


def test_many_samples_take_no_large_numbers():
    """Of a million samples half are right: all 4 of 4 with a chance of 1/16, nearly."""
    assert at_least(1_000_000, 500_000, 4, 4) == pytest.approx(1 / 16, abs=1e-5)


@pytest.mark.parametrize(("n", "c", "k", "right"), [(4, 5, 2, 1), (4, 2, 5, 1), (4, 2, 2, 3), (4, 2, 2, -1)])
def test_counts_that_cannot_be_are_refused(n, c, k, right):
    """More accepted than samples, more tries than samples, more right ones than tries."""
    with pytest.raises(ValueError, match=f"n = {n}, c = {c}, k = {k}, right = {right}"):
        at_least(n, c, k, right)
