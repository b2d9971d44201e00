"""Plain tests: what is one, what a candidate is sent, and that a script leads to the verdicts of a conversation."""

import json
import marshal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.inside import values
from sandbox.inside.plain import plan_of
from sandbox.jail import Jail
from sandbox.judge import Judge
from sandbox.records import AssertTest, CallTest, Limits, ValueTest, Verdict


def assertion(code, names=("f",), setup=""):
    """Return an assertion as an examiner reads it."""
    return {"kind": "assert", "setup": setup, "code": code, "names": list(names)}


def call(arguments, expected, checker="equal", function="f"):
    """Return a call test as an examiner reads it."""
    return {
        "kind": "call", "function": function, "checker": checker, "arguments": values.to_tree(list(arguments)),
        "expected": values.to_tree(expected),
    }  # fmt: skip


def planned(*tests, names=("f",)):
    """Return the plan of some tests."""
    return plan_of(list(tests), names, forgives=False)


def calls_of(plan):
    """Return the calls of a script: the function's number, whether the arguments are trees, the arguments."""
    return marshal.loads(plan.script)[1]  # noqa: S302 - of our own making


PLAIN = [
    "assert f() == 1", "assert f(1, 'a', [2.5, None]) == {'a': (1, -2)}", "assert f({1, 2}) == {3}, 'message'",
    "assert (f(-1)) == True", "assert f(b'x', 1 + 2j) == ()", "assert f(\n  [1,\n 2]) == [\n2]",
    "assert f(1)", "assert not f(1)", "assert f(1) != 2", "assert 1 == f(1)", "assert f(1) is None", "assert f(1) in [1, 2]",
    "assert set(f([1])) == set([1, 2])", "assert sorted(f(1)) == [1]", "assert abs(f(1) - 2.5) < 1e-6",
    "assert math.isclose(f(1), 2.5, rel_tol=0.001)", "assert not f(1) == 2", "assert len(f(1)) == len('abc')",
]  # fmt: skip


@pytest.mark.parametrize("code", PLAIN)
def test_an_assertion_that_calls_the_program_once_with_literals_is_plain(code):
    """However it looks at the result, with Python's own functions and those of math."""
    assert planned(assertion(code, setup="import math")) is not None


NOT_PLAIN = [
    "assert f(1) == 1 == 1", "assert f(x=1) == 1", "assert f(*[1]) == 1", "assert f(g()) == 1", "assert f(1) == g",
    "assert f(set()) == 1", "assert f(1).x == 1", "assert f(1) == [g(1)]", "x = f(1)", "assert set(f(1)) == y",
    "assert f(1) == 1\nassert f(2) == 2", "assert f(1) == 1, f(2)", "assert h(1) == 1", "", "assert True",
    "assert f(lambda: 1) == 1", "assert f(1) ==", "assert f(f'{1}') == 1", "assert f(1) == f(2)", "assert f(1) or True",
    "assert f(1) if 1 else 2", "assert [f(1) for _ in [1]]", "assert f(1)[0] == 1", "assert print(f(1)) is None",
    "assert random.choice(f(1)) == 1", "assert (x := f(1)) == 1", "assert f(1)(2) == 3", "assert f.g(1) == 1",
    "assert sys.getsizeof(f(1)) == 9", "assert min(f(1), key=g) == 1", "assert open(f(1))", "assert math == f(1)",
]  # fmt: skip


@pytest.mark.parametrize("code", NOT_PLAIN)
def test_any_other_statement_is_not_plain(code):
    """It may do more with the program than call it once."""
    assert planned(assertion(code, names=("f", "g"))) is None


def test_one_test_that_is_not_plain_makes_the_problem_so():
    """All calls go out together, or none."""
    assert planned(assertion("assert f(1) == 1"), assertion("x = f(1)")) is None


SETUPS = [
    (" \n", True), ("import math", True), ("import math\n\nimport math\n", True), ("import math as f", False),
    ("import random", False), ("from math import pi as f", False), ("x = 1", False), ("import math, os", False),
]  # fmt: skip


@pytest.mark.parametrize(("setup", "is_plain"), SETUPS)
def test_the_set_up_of_a_plain_test_does_nothing(setup, is_plain):
    """It may import what has no state; anything else may bind the names, or do what it likes."""
    assert (planned(assertion("assert f(1) == 1", setup=setup)) is not None) == is_plain


def test_what_hides_a_function_of_python_makes_a_test_conversational():
    """The program may define a `set` of its own, which the test asks for by name."""
    assert planned(assertion("assert set(f([1])) == {1}", names=("f", "set")), names=("f", "set")) is None


def test_a_method_of_a_class_is_not_plain():
    """It takes an object first."""
    assert planned(call([1], 1, function="Solution().f"), names=("f", "Solution")) is None


def test_the_right_reply_is_known_in_advance():
    """As a candidate writes it, after the mark that the next one follows."""
    plan = planned(
        assertion("assert f((1, 2)) == [1, (2,)]"), call([1], [3, "a"], "any_of"), call([1], [[3]], "json_equal")
    )

    assert plan.right == (
        {b'=["ok", [1, {"tuple": [2]}], {}]'},
        {b'=["ok", 3, {}]', b'=["ok", "a", {}]'},
        {b'=["ok", [[3]], {}]'},
    )
    assert plan.loaded == b'=["ok", {"dict": [["f", {"handle": 0}]]}, {}]'


def test_a_reply_that_passed_is_right_from_then_on():
    """As many as fit, and none that is long."""
    plan = planned(assertion("assert f(1)"))
    for number in range(100):
        plan.learn(0, b"%d" % number)
    plan.learn(0, b"x" * 10_000)

    assert plan.right == ({b"%d" % number for number in range(16)},)


def test_no_reply_is_right_unread_where_the_checker_refuses_what_is_expected():
    """A value that is not equal to itself, or of which every value is accepted."""
    value = {"kind": "value", "function": "f", "arguments": []}

    assert planned(call([1], float("nan")), value).right == (set(), set())


def test_a_script_holds_the_calls_and_nothing_that_is_expected():
    """A candidate may read all of it."""
    plan = planned(assertion("assert f('given') == 'secret'"), call([["given"]], "secret"))

    assert b"secret" not in plan.script
    assert calls_of(plan) == [(0, False, ["given"]), (0, False, [["given"]])]


def test_functions_are_numbered_as_the_candidate_numbers_them():
    """By the order of the names that the tests know; one that no test calls gets none."""
    tests = [assertion("assert b(1) == 1", names=("a", "b", "c")), assertion("assert a(1) == 1", names=("a", "b", "c"))]

    plan = planned(*tests, names=("a", "b", "c"))

    assert [number for number, *_ in calls_of(plan)] == [1, 0]
    assert json.loads(plan.loaded[1:])[1] == {"dict": [["a", {"handle": 0}], ["b", {"handle": 1}]]}


def test_equal_arguments_are_objects_of_their_own():
    """As they are in a conversation: a program that changes one of them meets the others unchanged."""
    plan = planned(assertion("assert f([1], [1]) == 1"), assertion("assert f([1], [1]) == 1"))

    (_, _, first), (_, _, second) = calls_of(plan)

    assert len({id(argument) for argument in (*first, *second)}) == 4


def test_sets_travel_as_trees():
    """The order of a set shows, and that of a tree is kept; other plain values travel as they are."""
    plan = planned(assertion("assert f([{1}]) == 1"), assertion("assert f([(1, {'a': 2})]) == 1"))

    calls = calls_of(plan)

    assert calls == [(0, True, [[{"set": [1]}]]), (0, False, [[(1, {"a": 2})]])]


@pytest.fixture(scope="module")
def conversing():
    """Return a judge that has a conversation over plain tests too."""
    with Judge(Jail(), scripts=False) as judge:
        yield judge


PROGRAMS = [
    "def f(x): return x", "def f(x): return [x]", "def f(x): return x.missing", "def f(x): raise ValueError(x)",
    "class Own(Exception): pass\ndef f(x): raise Own(x)", "def f(x): yield x", "def f(x): return f", "f = 5",
    "def g(x): return x", "def f(x)", "1 / 0\ndef f(x): return x", "def f(x): raise SystemExit(0)",
    "seen = []\ndef f(x):\n    seen.append(x)\n    return seen", "def f(x):\n    x.append(1)\n    return x",
    "import os\ndef f(x): os._exit(3)", "def f(x): return {x, 'a', 'b'}", "class C: pass\ndef f(x): return C()",
    "def f(x): return 'long' * 10 ** 6", "def f(x): return -x", "f = lambda x: x\ng = f", "def f(x, y): return x",
    "def f(x):\n    global f\n    f = lambda x: 'another'\n    return x", "raise EOFError\ndef f(x): return x",
    "import sys\ndef f(x): return f(x)", "def f(x): raise StopIteration", "def f(x): raise AssertionError('mine')",
    "class Solution:\n    def f(self, x): return x", "print('x' * 10 ** 6)\ndef f(x): return x", "def f(x): raise MemoryError",
    "def f(x): return object", "def f(x): return ValueError('a')", "def f(x): raise NameError('f', name='f')",
]  # fmt: skip
literals = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.integers() | st.text(max_size=3), inner, max_size=2)
        | st.sets(st.integers() | st.text(max_size=2), min_size=1, max_size=4)
    ),
    max_leaves=6,
)


def seen(judgement):
    """Return what users see of a judgement, but for times and memory."""
    rows = [(one.verdict.value, one.exceeded, one.detail, one.expected, one.actual) for one in judgement.per_test]
    return judgement.verdict.value, judgement.detail, rows


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    program=st.sampled_from(PROGRAMS),
    pairs=st.lists(st.tuples(literals, literals | st.none()), min_size=1, max_size=4),
    how=st.tuples(st.sampled_from(["assert", "call", "value"]), st.booleans()),
)
def test_a_script_leads_to_the_judgement_of_a_conversation(judge, conversing, program, pairs, how):
    """Verdicts and every text; where nothing else is expected, what was given is."""
    kind, exhaustive = how
    asked = [(given, given if expected is None else expected) for given, expected in pairs]
    makers = {
        "assert": lambda given, expected: AssertTest(code=f"assert f({given!r}) == {expected!r}", names=("f",)),
        "call": lambda given, expected: CallTest(function="f", arguments=(given,), expected=expected),
        "value": lambda given, _: ValueTest(function="f", arguments=(given,)),
    }
    tests = tuple(makers[kind](*pair) for pair in asked)

    judged = [
        one.judge(program, tests, Limits(output_bytes=1 << 20), exhaustive=exhaustive) for one in (judge, conversing)
    ]

    assert seen(judged[0]) == seen(judged[1])


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_program_is_judged_the_same_by_a_script(judge, conversing, program):
    """Every kind of answer, where all tests are judged."""
    tests = tuple(AssertTest(code=f"assert f({x!r}) == {x!r}", names=("f",)) for x in (1, [2], "c", (1, {2: 3})))

    judged = [one.judge(program, tests, Limits(output_bytes=1 << 20), exhaustive=True) for one in (judge, conversing)]

    assert seen(judged[0]) == seen(judged[1])


FORMS = [
    "assert f({x!r})", "assert not f({x!r})", "assert f({x!r}) != {x!r}", "assert {x!r} == f({x!r})", "assert f({x!r}) is None",
    "assert set(f({x!r})) == set([1])", "assert sorted(f({x!r})) == [1]", "assert len(f({x!r})) == 1", "assert {x!r} in f({x!r})",
    "assert math.isclose(f({x!r}), 1.0)", "assert abs('x') == f({x!r})", "assert len(5) and f({x!r})", "assert str(f({x!r})) == '1'",
    "assert abs(f({x!r}) - 1) < 1e-6", "assert math.missing(f({x!r}))",
]  # fmt: skip
"""Ways of looking at a result; some fail before they call the program at all."""


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
def test_every_form_of_a_plain_test_is_judged_as_in_a_conversation(judge, conversing, program):
    """For each program, twice: what the first learned, the second meets."""
    tests = tuple(
        AssertTest(code=form.format(x=x), names=("f",), setup="import math") for form in FORMS for x in ([1], "c")
    )

    judged = [
        seen(one.judge(program, tests, Limits(output_bytes=1 << 20), exhaustive=True))
        for one in (judge, conversing, judge)
    ]

    assert judged[0] == judged[1] == judged[2]


def test_a_program_that_dies_under_a_call_is_judged_for_it_and_started_again(judge):
    """The calls before and after it are judged as if nothing had been."""
    program = "import os\ndef f(x):\n    if x == 2:\n        os._exit(1)\n    return x"
    tests = tuple(AssertTest(code=f"assert f({x}) == {x}", names=("f",)) for x in range(5))

    judgement = judge.judge(program, tests, exhaustive=True)

    assert [one.verdict.value for one in judgement.per_test] == ["accepted"] * 2 + ["runtime_error"] + ["accepted"] * 2


def test_what_a_program_does_after_its_failure_has_no_say(judge):
    """Its first answer is wrong, and the next call floods the output before anybody can stop it."""
    program = "import os\ndef f(x):\n    if x:\n        while True: os.write(1, b'x' * 65536)\n    return 'wrong'"
    tests = tuple(AssertTest(code=f"assert f({x}) == {x}", names=("f",)) for x in range(2))

    judgement = judge.judge(program, tests, Limits(output_bytes=1 << 16))

    assert [one.verdict for one in judgement.per_test] == [Verdict.WRONG_ANSWER]


def test_a_slow_call_is_charged_to_its_own_test(judge):
    """Of three calls the second computes for 0.4 s."""
    program = "import time\ndef f(x):\n    end = time.process_time() + x\n    while time.process_time() < end: pass\n    return x"
    tests = tuple(AssertTest(code=f"assert f({x}) == {x}", names=("f",)) for x in (0.0, 0.4, 0.0))

    before, slow, after = judge.judge(program, tests).per_test

    assert slow.cpu_s > 0.3 > before.cpu_s + after.cpu_s


def test_each_call_has_the_time_limit_to_itself(judge):
    """Ten calls of 0.2 s each pass under a limit of 1 s, and one of 1.5 s does not."""
    program = "import time\ndef f(x):\n    end = time.process_time() + x\n    while time.process_time() < end: pass\n    return x"
    tests = tuple(AssertTest(code=f"assert f({x}) == {x}", names=("f",)) for x in [0.2] * 10 + [1.5])

    judgement = judge.judge(program, tests, Limits(cpu_s=1.0))

    assert [one.verdict.value for one in judgement.per_test] == ["accepted"] * 10 + ["time_limit"]
