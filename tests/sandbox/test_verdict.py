"""Which of several verdicts counts."""

import doctest
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import records
from sandbox.records import Verdict, worst

PRECEDENCE = [
    "accepted", "wrong_answer", "runtime_error", "output_limit", "memory_limit", "time_limit", "compile_error",
    "sandbox_error",
]  # fmt: skip
verdicts = st.lists(st.sampled_from(Verdict), min_size=1)


def test_the_precedence_is_fixed():
    """The order is part of the format: results of another order could not be compared."""
    assert [one.value for one in Verdict] == PRECEDENCE


@pytest.mark.parametrize(("harmless", "grave"), list(pairwise(PRECEDENCE)))
def test_the_graver_of_two_counts(harmless, grave):
    """Each verdict gives way to the next graver one."""
    assert worst([Verdict(harmless), Verdict(grave)]) is Verdict(grave)


@given(verdicts, st.randoms(use_true_random=False))
def test_the_order_of_the_tests_does_not_matter(found, random):
    """Shuffled verdicts have the same worst, so timing can't move a result."""
    shuffled = random.sample(found, len(found))

    assert worst(shuffled) is worst(found)


@given(verdicts, verdicts)
def test_the_worst_of_two_parts_is_the_worst_of_all(first, second):
    """Judging in parts and judging at once agree."""
    assert worst([worst(first), worst(second)]) is worst(first + second)


def test_no_verdicts_are_an_error():
    """Nothing is accepted for want of evidence."""
    with pytest.raises(ValueError, match="empty"):
        worst([])


def test_examples():
    """The examples of the docstrings are true."""
    assert doctest.testmod(records) == (0, 3)
