"""Answers that are left in an argument, scalars of numpy, integers of many digits: with a script and without."""

import sys

import pytest

from sandbox.jail import Jail
from sandbox.judge import Judge
from sandbox.records import AssertTest, CallTest, StdioTest, Verdict

ACCEPTED, WRONG = Verdict.ACCEPTED, Verdict.WRONG_ANSWER
SCRIPTED = "def f(n): return len(str(7 ** n))"


@pytest.fixture(scope="module")
def talking_judge():
    """Return a judge whose candidates are examined in a conversation only."""
    with Judge(Jail(), scripts=False) as judge:
        yield judge


@pytest.fixture(params=["judge", "talking_judge"], ids=["script", "conversation"])
def either_judge(request):
    """Return each of the two judges in turn: their verdicts are the same."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def call(either_judge):
    """Return a function that puts a program's `f` to one call."""

    def call(program, arguments, expected, **fields):
        test = CallTest(function="f", arguments=arguments, expected=expected, checker="json_close", **fields)
        return either_judge.judge(program, (test,))

    return call


@pytest.fixture
def any_digits():
    """Lift Python's limit here too, to write down what is expected."""
    usual = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    yield
    sys.set_int_max_str_digits(usual)


@pytest.mark.parametrize(
    ("body", "left_in", "verdict"),
    [
        ("b.sort()", 1, ACCEPTED), ("b[:] = sorted(b)", 1, ACCEPTED), ("return sorted(b)", 1, ACCEPTED),
        ("b = sorted(b)", 1, WRONG), ("b.sort()", 0, WRONG), ("b.sort()", None, WRONG), ("b.sort(); return 0", 1, WRONG),
        ("pass", 1, WRONG), ("b.sort(); b.append(4)", 1, WRONG), ("1 / 0", 1, Verdict.RUNTIME_ERROR),
    ],
)  # fmt: skip
def test_an_answer_left_in_an_argument_counts_where_nothing_is_returned(call, body, left_in, verdict):
    """What is returned counts first; without `left_in` nothing else does."""
    program = f"class Solution:\n    def f(self, a, b):\n        {body}"

    assert call(program, ([], [3, 1, 2]), [1, 2, 3], left_in=left_in).verdict is verdict


def test_an_answer_left_in_a_nested_argument_counts(call):
    """As where a matrix is rotated in place."""
    program = "def f(m):\n    m.reverse()\n    for row in m: row.reverse()\n    m[0] = tuple(m[0])"

    assert call(program, ([[1, 2], [3, 4]],), [[4, 3], [2, 1]], left_in=0).verdict is ACCEPTED


def test_the_arguments_are_shown_as_they_were_given(call):
    """Not as the program left them, whether or not an answer is expected there."""
    for fields in ({}, {"left_in": 0}):
        assert call("def f(a):\n    a.reverse()\n    return 0", ([5, 6, 7],), 6, **fields).detail == "f([5, 6, 7])"


@pytest.mark.parametrize(
    ("returned", "expected", "verdict"),
    [
        ("np.bool_(True)", True, ACCEPTED), ("(np.int64(1), [np.bool_(False)])", [1, [False]], ACCEPTED),
        ("{np.int64(1): np.float32(0.5)}", {"1": 0.5}, ACCEPTED), ("np.bool_(False)", True, WRONG),
        ("np.array([True])", [True], WRONG), ("np.bool_(True)", "True", WRONG),
    ],
)  # fmt: skip
def test_a_scalar_of_numpy_is_its_value(call, returned, expected, verdict):
    """Alone and in containers."""
    assert call(f"import numpy as np\ndef f(): return {returned}", (), expected).verdict is verdict


@pytest.mark.usefixtures("any_digits")
def test_integers_have_any_number_of_digits(call, either_judge):
    """In programs and tests, as arguments, answers, input and output: 10 ** 5000 + 7 has 5001."""
    number = 10**5000 + 7
    statement = f'assert str(f({number})).endswith("08")\nassert len(str(f({number}))) == 5001'
    adds_one = "def f(n): return n + 1"

    assert call(SCRIPTED, (9000,), 7606).verdict is ACCEPTED  # 9000 x log10(7) = 7605.9
    assert call(adds_one, (number,), number + 1).verdict is ACCEPTED
    assert call(adds_one, (number,), number).detail == f"f(<int of {number.bit_length()} bits>)"
    assert either_judge.judge(adds_one, (AssertTest(code=statement, names=("f",)),)).verdict is ACCEPTED
    for right, verdict in ((number + 1, ACCEPTED), (number, WRONG)):
        test = StdioTest(stdin=str(number), expected_stdout=str(right), checker="values")
        assert either_judge.judge("print(int(input()) + 1)", (test,)).verdict is verdict


@pytest.mark.parametrize(
    ("program", "checker", "expected"),
    [
        ("print('1e999999999999999999 ' * 100_000)", "numbers", "1.5 " * 100_000),
        ("print('1' * 10_000_000)", "values", "2\n"), ("print('1' * 10_000_000 + '.0e5')", "numbers", "2.5\n"),
        ("print('7\\n' * 1_000_000)", "any_order", "8\n"), ("print('7 ' * 1_000_000)", "any_word_order", "8 7\n"),
    ],
)  # fmt: skip
def test_outputs_that_are_made_to_be_slow_to_compare_are_wrong_at_once(judge, program, checker, expected):
    """None comes near the ten seconds of CPU time that an examiner has for a comparison."""
    test = StdioTest(stdin="", expected_stdout=expected, checker=checker)

    assert judge.judge(program, (test,)).verdict is WRONG


@pytest.mark.parametrize(
    "returned",
    ["[10 ** 1_000_000] * 3", "{10 ** 1_000_000: 1}", "[(2 ** 61 - 1) * n for n in range(3)]", "[object()] * 3"],
)
def test_values_that_are_made_to_be_slow_to_compare_are_wrong_at_once(either_judge, returned):
    """Huge integers, also as keys, and such as have one hash."""
    test = CallTest(function="f", arguments=(), expected=[1, 2, 3], checker="json_any_order")

    assert either_judge.judge(f"def f(): return {returned}", (test,)).verdict is WRONG
