"""Call tests: which function is called, and how its result is compared."""

import msgspec
import pytest

from sandbox.records import AssertTest, CallTest, Verdict


@pytest.fixture
def call(judge):
    """Return a function that puts a program to one call."""

    def call(program, function, arguments, expected):
        return judge.judge(program, (CallTest(function=function, arguments=arguments, expected=expected),))

    return call


SOLUTION = "class Solution:\n    def __init__(self): self.seen = []\n    def twice(self, x):\n        self.seen.append(x)\n        return x * 2 if len(self.seen) == 1 else None"


@pytest.mark.parametrize(
    ("program", "function"),
    [
        ("def twice(x): return x * 2", "twice"),
        (SOLUTION, "Solution().twice"),
        (SOLUTION, "twice"),
        (SOLUTION + "\ndef twice(x): return 'top'", "Solution().twice"),
        ("class Solution:\n    def twice(self, x): return 'method'\ndef twice(x): return x * 2", "twice"),
        ("twice = lambda x: x * 2", "twice"),
        ("from functools import partial\nfrom operator import mul\ntwice = partial(mul, 2)", "twice"),
    ],
)
def test_a_call_finds_its_function(call, program, function):
    """A top-level name, or a method of a new Solution object, written out or bare; the top level comes first."""
    assert call(program, function, ([1, "a"],), [1, "a", 1, "a"]).verdict is Verdict.ACCEPTED


def test_every_call_gets_a_new_solution(judge):
    """State kept on one Solution object is not seen by the next call."""
    tests = (CallTest(function="twice", arguments=(2,), expected=4),) * 3

    assert judge.judge(SOLUTION, tests).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("program", "function", "missing"),
    [
        ("def g(): pass", "f", "f"),
        ("def g(): pass", "Solution().f", "Solution"),
        ("def f(): pass", "Solution().f", "Solution"),
        ("class Solution: pass", "Solution().f", "f"),
        ("class Solution: pass", "f", "f"),
    ],
)
def test_a_call_of_what_is_not_there_names_it(call, program, function, missing):
    """It's the program's failure, not a wrong answer, and the detail says what it lacks."""
    judgement = call(program, function, (), 1)

    assert (judgement.verdict, f"'{missing}'" in judgement.detail) == (Verdict.RUNTIME_ERROR, True)


def test_a_wrong_call_shows_both_sides(call):
    """The call with its arguments, what was expected, and what came."""
    (outcome,) = call("def f(a, b): return a + b", "f", ([1], ["x"]), [1]).per_test

    assert (outcome.detail, outcome.expected, outcome.actual) == ("f([1], ['x'])", "[1]", "[1, 'x']")


@pytest.mark.parametrize(
    ("expected", "returned"), [([1, 2], "(1, 2)"), (1, "'1'"), ({1}, "[1]"), (None, "0"), (0.3, "0.1 + 0.2")]
)
def test_a_call_compares_strictly(call, expected, returned):
    """What `==` does not hold for equal is a wrong answer."""
    assert call(f"def f(): return {returned}", "f", (), expected).verdict is Verdict.WRONG_ANSWER


READS_AFTER = "def f(x):\n    return x + 1\n\n{}\ndef g():\n    pass"


@pytest.mark.parametrize(
    ("top_level", "verdict"),
    [
        ("print(f(int(input())))", Verdict.ACCEPTED),
        ("import sys\nprint(f(int(sys.stdin.readline())))", Verdict.RUNTIME_ERROR),  # int('')
        ("f('1')", Verdict.RUNTIME_ERROR),
    ],
)
def test_a_program_may_use_its_function_on_standard_input(call, top_level, verdict):
    """A call gives it none, so the top level ends there; every other failure of the top level is the program's."""
    assert call(READS_AFTER.format(top_level), "f", (1,), 2).verdict is verdict


def test_what_comes_after_the_input_that_is_not_there_is_not_defined(call):
    """The top level has ended before it came to `g`."""
    judgement = call(READS_AFTER.format("input()"), "g", (), None)

    assert (judgement.verdict, judgement.detail) == (Verdict.RUNTIME_ERROR, "the program defines no 'g'")


def test_statements_about_a_program_need_its_top_level_to_end_well(judge):
    """Where a test is no mere call, a program that asks for input fails, as under the benchmarks' own judges."""
    test = AssertTest(code="assert f(1) == 2", names=("f",))

    assert judge.judge(READS_AFTER.format("input()"), (test,)).verdict is Verdict.RUNTIME_ERROR


def test_a_call_is_judged_by_its_result_alone(call):
    """Changing its argument does not hurt a call, and can't help it."""
    assert call("def f(x):\n    x.append(9)\n    return 1", "f", ([1],), 1).verdict is Verdict.ACCEPTED


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"arguments": (len,)}, "builtin_function"),
        ({"expected": len}, "builtin_function"),
        ({"checker": "nosuch"}, "nosuch"),
    ],
)
def test_a_call_that_cannot_be_made_is_no_fault_of_the_program(judge, fields, words):
    """What has no plain form and a checker that nobody knows are faults of ours, and named."""
    test = msgspec.structs.replace(CallTest(function="f", arguments=(1,), expected=1), **fields)

    judgement = judge.judge("def f(*_): return 1", (test,))

    assert (judgement.verdict, words in judgement.detail) == (Verdict.SANDBOX_ERROR, True)
