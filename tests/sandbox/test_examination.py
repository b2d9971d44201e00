"""How the tests of a program are gone through: order, modes, state, time, and faults of our own."""

import pytest

from sandbox.judge import Judge
from sandbox.records import AssertTest, CallTest, Limits, StdioTest, Verdict


def test_each_test_has_its_own_input(judge):
    """The tests of one program are run one by one, each with its own input and answer."""
    tests = tuple(StdioTest(stdin=f"{n}\n", expected_stdout=f"{n * n}\n") for n in range(5))

    judgement = judge.judge("print(int(input()) ** 2)", tests)

    assert [outcome.verdict for outcome in judgement.per_test] == [Verdict.ACCEPTED] * 5


def test_the_first_failing_run_stops(judge):
    """Of three tests the second fails, so the third is not run."""
    tests = tuple(StdioTest(stdin=f"{n}\n", expected_stdout="ok") for n in range(3))

    judgement = judge.judge("print('ok' if input() != '1' else 'no')", tests)

    assert [outcome.verdict for outcome in judgement.per_test] == [Verdict.ACCEPTED, Verdict.WRONG_ANSWER]


def test_exhaustive_mode_runs_the_program_for_every_test(judge):
    """Failure, crash and time limit each cost their own test only; the gravest is the program's verdict."""
    program = (
        "n = int(input())\nif n == 0: print('no')\nif n == 1: 1 / 0\nif n == 2:\n    while True: pass\nprint('ok')"
    )
    tests = tuple(StdioTest(stdin=f"{n}\n", expected_stdout="ok") for n in range(4))

    judgement = judge.judge(program, tests, Limits(cpu_s=0.2), exhaustive=True)

    assert [outcome.verdict.value for outcome in judgement.per_test] == [
        "wrong_answer", "runtime_error", "time_limit", "accepted",
    ]  # fmt: skip
    assert judgement.verdict is Verdict.TIME_LIMIT


@pytest.mark.parametrize(
    ("checker", "verdict"),
    [("exact", "wrong_answer"), ("lines", "wrong_answer"), ("tokens", "wrong_answer"), ("numbers", "accepted")],
)
def test_each_test_is_compared_by_its_own_checker(judge, checker, verdict):
    """1.4142135 against 1.4142136 is right only for the checker that forgives rounding."""
    test = StdioTest(stdin="", expected_stdout="1.4142136\n", checker=checker)

    assert judge.judge("print(1.4142135)", (test,)).verdict.value == verdict


@pytest.mark.slow
def test_an_unknown_checker_is_no_fault_of_the_program(judge):
    """It is a fault of ours, and named."""
    judgement = judge.judge("print(1)", (StdioTest(stdin="", expected_stdout="1", checker="nosuch"),))

    assert (judgement.verdict, "nosuch" in judgement.detail) == (Verdict.SANDBOX_ERROR, True)


def test_a_wrong_answer_shows_both_sides(judge):
    """What was expected, what came, and that they differ."""
    (outcome,) = judge.judge("print(2)", (StdioTest(stdin="", expected_stdout="1\n"),)).per_test

    assert (outcome.expected, outcome.actual, outcome.detail) == ("1\n", "2\n", "the output differs")


def test_state_is_kept_between_the_tests_of_a_program(examine):
    """The program is loaded once: what one test did, the next one sees."""
    program = "n = 0\ndef f():\n    global n\n    n += 1\n    return n"

    assert examine(program, "assert f() == 1", "assert f() == 2", "assert f() == 3").verdict is Verdict.ACCEPTED


def test_state_is_not_kept_between_programs(examine):
    """The next program starts anew, even the same one."""
    program = "import math\nn = getattr(math, 'n', 0)\ndef f():\n    math.n = 5\n    return n"

    verdicts = [examine(program, "assert f() == 0").verdict for _ in range(2)]

    assert verdicts == [Verdict.ACCEPTED] * 2


def test_each_test_has_names_of_its_own(examine):
    """What one test assigns, the next one does not see; the setup runs for each."""
    code = "try:\n    left\nexcept NameError:\n    left = f()\nassert left == one"

    assert examine("def f(): return 1", code, code, setup="one = 1").verdict is Verdict.ACCEPTED


def test_the_first_failure_stops(examine):
    """Of three tests the second fails, so the third is not run."""
    judgement = examine("def f(x): return x", *(f"assert f({n}) != 1" for n in range(3)))

    assert [outcome.verdict for outcome in judgement.per_test] == [Verdict.ACCEPTED, Verdict.WRONG_ANSWER]


LEAVES = {
    "os_exit": "os._exit(0)",
    "kill": "os.kill(os.getpid(), 9)",
    "segfault": "ctypes.string_at(0)",
    "close_everything": "os.closerange(3, 99)",
    "loop": "[0 for _ in iter(int, 1)]",
    "sleep": "time.sleep(60)",
}


@pytest.mark.parametrize("way", LEAVES)
def test_exhaustive_mode_judges_every_test(examine, way):
    """The program leaves in test 0, is wrong in test 1 and right in tests 2 and 3: each is judged."""
    program = f"import os, time, ctypes\ndef f(x):\n    if x == 0:\n        {LEAVES[way]}\n    return x"

    judgement = examine(
        program, *(f"assert f({n}) != 1" for n in range(4)), exhaustive=True, cpu_s=0.3, wall_s=3.0
    )  # fmt: skip

    assert [outcome.verdict.value for outcome in judgement.per_test] == [
        "time_limit" if way in ("loop", "sleep") else "runtime_error", "wrong_answer", "accepted", "accepted",
    ]  # fmt: skip


def test_exhaustive_mode_judges_every_test_of_a_program_that_does_not_load(examine):
    """Every test fails in the same way."""
    judgement = examine("1 / 0", *["assert f() == 1"] * 3, exhaustive=True)

    assert [outcome.verdict for outcome in judgement.per_test] == [Verdict.RUNTIME_ERROR] * 3


def test_exhaustive_mode_judges_every_test_of_a_program_that_ends_as_it_loads(examine):
    """Every test fails in the same way, though nobody is there to answer the second."""
    judgement = examine("import os; os._exit(0)", *["assert f() == 1"] * 3, exhaustive=True)

    assert [outcome.verdict for outcome in judgement.per_test] == [Verdict.RUNTIME_ERROR] * 3


def test_tests_of_all_kinds_are_judged_in_their_order(judge):
    """Stdio, call and assert tests may be mixed; every outcome stands at its test's place."""
    program = "def f(x): return x\nif __name__ == '__main__':\n    print(f(input()))"
    tests = (
        StdioTest(stdin="a", expected_stdout="a"),
        CallTest(function="f", arguments=(1,), expected=2),
        StdioTest(stdin="b", expected_stdout="c"),
        AssertTest(code="assert f(1) == 1", names=("f",)),
        CallTest(function="g", arguments=(), expected=2),
    )

    judgement = judge.judge(program, tests, exhaustive=True)

    assert [outcome.verdict.value for outcome in judgement.per_test] == [
        "accepted", "wrong_answer", "wrong_answer", "accepted", "runtime_error",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("class Mine: pass\nassert f(Mine())", "Mine"),
        ("class Mine: pass\nassert f([Mine()])", "Mine"),
        ("import math\nassert f(math)", "module"),
        ("assert (", "SyntaxError"),
    ],
)
def test_what_a_test_of_ours_cannot_do_is_no_fault_of_the_program(examine, code, words):
    """A test that can't be put to any program is a fault of ours, and says what is wrong with it."""
    judgement = examine("def f(x): return 1", code)

    assert (judgement.verdict, words in judgement.detail) == (Verdict.SANDBOX_ERROR, True)


def test_no_tests_are_the_callers_mistake(judge):
    """Nothing is accepted for want of evidence."""
    with pytest.raises(ValueError, match="without tests"):
        judge.judge("print(1)", ())


def test_arguments_may_be_longer_than_an_answer(examine):
    """The output limit bounds what the program says, not what our test asks: 100 kB of arguments, 10 kB of answers."""
    judgement = examine("def f(x): return len(x)", "assert f('x' * 100_000) == 100_000", output_bytes=10_000)

    assert judgement.verdict is Verdict.ACCEPTED


@pytest.mark.slow
def test_an_argument_deeper_than_values_go_is_no_fault_of_the_program(examine):
    """A test of ours that nests a list 1,000 times asks for more than the codec carries."""
    judgement = examine("def f(x): return 1", "x = []\nfor _ in range(1000):\n    x = [x]\nassert f(x) == 1")

    assert judgement.verdict is Verdict.SANDBOX_ERROR


@pytest.mark.slow
def test_the_time_of_each_test_is_its_own(examine):
    """Three tests of 0.2 s each pass under a limit of 0.4 s, and the first is charged with loading."""
    burn = "import time\ndef f(s):\n    end = time.process_time() + s\n    while time.process_time() < end: pass\n"

    judgement = examine(burn, *["f(0.2)"] * 3, cpu_s=0.4)

    assert judgement.verdict is Verdict.ACCEPTED
    assert all(0.19 < outcome.cpu_s < 0.4 for outcome in judgement.per_test)


@pytest.mark.slow
def test_one_examiner_serves_many_programs(judge):
    """Right, wrong, crashing and hostile programs one after the other, all under the same tests."""
    tests = (AssertTest(code="assert f() == [1]", names=("f",)),)
    programs = {
        "def f(): return [1]": "accepted", "def f(): return [2]": "wrong_answer", "def f(): 1 / 0": "runtime_error",
        "import os\ndef f(): os._exit(0)": "runtime_error", "def f(:": "compile_error",
        "def f():\n    while True: pass": "time_limit", "def f(): return 'x' * 2**21": "output_limit",
    }  # fmt: skip
    limits = Limits(cpu_s=0.2, output_bytes=1 << 20)

    verdicts = {program: judge.judge(program, tests, limits).verdict.value for program in [*programs] * 3}

    assert verdicts == programs


def test_each_program_meets_the_same_lots_and_rounding_whatever_tests_did_before(judge):
    """A seed of 0, which draws 0.844... first, and 28 digits: from the first program of an examiner on."""
    code = (
        "import decimal, random\nassert [random.random(), decimal.getcontext().prec] == f()\n"
        "decimal.getcontext().prec = 3"
    )
    tests = (AssertTest(code=code, names=("f",)),)

    verdicts = [judge.judge("def f(): return [0.8444218515250481, 28]", tests).verdict for _ in range(3)]

    assert verdicts == [Verdict.ACCEPTED] * 3


def test_each_program_meets_the_same_lots_of_numpy_in_its_test(judge):
    """Seed 0, which draws 209652396 first of 10**9: from the first program of an examiner on."""
    tests = (AssertTest(code="import numpy as np\nassert np.random.randint(10**9) == f()", names=("f",)),)

    verdicts = [judge.judge("def f(): return 209652396", tests).verdict for _ in range(3)]

    assert verdicts == [Verdict.ACCEPTED] * 3


@pytest.mark.slow
def test_a_judge_can_be_used_after_a_fault(judge):
    """A sandbox_error costs fresh templates, nothing more."""
    with Judge(judge._jail) as used:  # noqa: SLF001 - the same jail
        fault = used.judge("def f(x): pass", (AssertTest(code="import nosuch", names=("f",)),))
        after = used.judge("def f(): return 1", (AssertTest(code="assert f() == 1", names=("f",)),))

    assert (fault.verdict, after.verdict) == (Verdict.SANDBOX_ERROR, Verdict.ACCEPTED)
