"""Mutated replies, outputs and packets lead to no crash, no pass and no fault of ours; bench_fuzz.py feeds a million."""

import sys
import warnings
from collections import Counter

import pytest
from fuzz_targets import IN_PROCESS, RECURSION_LIMIT, TESTS_A_PROGRAM, of_judge
from mutations import mutated_frame

pytestmark = pytest.mark.slow


@pytest.fixture
def as_an_examiner():
    """Allow as many frames as an examiner has, and undo what it does about long numbers."""
    frames, digits = sys.getrecursionlimit(), sys.get_int_max_str_digits()
    sys.setrecursionlimit(RECURSION_LIMIT)
    yield
    sys.setrecursionlimit(frames)
    sys.set_int_max_str_digits(digits)


@pytest.mark.usefixtures("as_an_examiner")
@pytest.mark.parametrize("target", IN_PROCESS)
def test_mutations_are_refused_or_decoded_but_never_pass(target):
    """A thousand each; an outcome in capitals is a fault."""
    feed = IN_PROCESS[target]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy has a lot to say
        found = Counter(feed(f"test/{number}") for number in range(1000))

    assert not [outcome for outcome in found if outcome[:2].isupper()]
    assert found.total() == 1000


def test_a_program_that_says_mutations_fails(any_judge):
    """Six programs in turn, which answer three hundred tests."""
    found = Counter()
    for first in range(0, 6 * TESTS_A_PROGRAM, TESTS_A_PROGRAM):
        found += of_judge(any_judge, "test", first)

    assert not [outcome for outcome in found if outcome[:2].isupper()]
    assert found["wrong_answer"] > 0 < found["runtime_error"]


def test_a_mutation_is_the_same_each_time():
    """Its number alone decides."""
    assert mutated_frame("0/1") == mutated_frame("0/1") != mutated_frame("0/2")
