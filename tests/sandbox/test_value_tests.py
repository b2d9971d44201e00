"""Learning what a program's function returns."""

import math

import pytest

from sandbox.inside import values
from sandbox.records import CallTest, ValueTest, Verdict


@pytest.fixture
def outcome(judge):
    """Return a function that calls `f` of a program and returns the outcome."""

    def outcome(program, *arguments):
        (outcome,) = judge.judge(program, (ValueTest(function="f", arguments=arguments),)).per_test
        return outcome

    return outcome


VALUES = {
    "none": None, "long_integer": 10**5000, "text": "a\n\ud800", "infinity": math.inf, "complex": complex(1, 2),
    "nested": [(1, {2}), {"a": 1.5}, b"\0"], "long_text": "x" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_the_value_comes_back_whole(outcome, value):
    """Of every plain type, and of every length."""
    found = outcome("def f(x): return x", value)

    assert (found.verdict, values.from_text(found.actual)) == (Verdict.ACCEPTED, value)


def test_an_object_of_the_program_is_a_handle(outcome):
    """Wherever it stands; what it says of itself is not asked."""
    found = outcome("class A:\n    def __repr__(self): return '1'\ndef f(): return [A(), 2]")

    assert values.from_text(found.actual, resolve=lambda *_: "an object") == ["an object", 2]


def test_a_call_that_fails_has_no_value(outcome):
    """It is the failure that every call would have."""
    found = outcome("def f(): return 1 / 0")

    assert (found.verdict, found.actual) == (Verdict.RUNTIME_ERROR, "")


def test_kinds_of_tests_may_be_mixed(judge):
    """Each is what it would be alone."""
    tests = (CallTest(function="f", arguments=(1,), expected=2), ValueTest(function="f", arguments=(2,)))

    judgement = judge.judge("def f(x): return x + 1", tests)

    assert (judgement.verdict, [outcome.actual for outcome in judgement.per_test]) == (Verdict.ACCEPTED, ["", "3"])
