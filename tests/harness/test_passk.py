"""pass@k against exact arithmetic."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.passk import by_difficulty, pass_at_k
from harness.records import Tally

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


def test_groups_by_difficulty():
    """Every problem counts for "all" and for its own difficulty; one with too few samples for k is left out."""
    tallies = [
        Tally(task_id="a", difficulty="easy", n=2, c=1),
        Tally(task_id="b", difficulty="hard", n=2, c=0),
        Tally(task_id="c", difficulty="hard", n=1, c=1),
    ]

    assert by_difficulty(tallies, 1) == {"all": (0.5, 0.0, 1.0), "easy": (0.5,), "hard": (0.0, 1.0)}
    assert by_difficulty(tallies, 2) == {"all": (1.0, 0.0), "easy": (1.0,), "hard": (0.0,)}


def test_problems_without_difficulty_count_for_all_only():
    """A benchmark that has no difficulties gets no nameless row."""
    assert by_difficulty([Tally(task_id="a", difficulty="", n=1, c=1)], 1) == {"all": (1.0,)}
