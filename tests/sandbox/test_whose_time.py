"""Whose time it is: a program is charged while it owes an answer, a test for its own work and idleness."""

import pytest
from census import children_of

from sandbox import examiner_client
from sandbox.jail import Jail
from sandbox.judge import Judge
from sandbox.records import AssertTest, Limits, StdioTest, Verdict

IDENTITY = "def f(x): return x"
WORKS = "import time\nend = time.process_time() + 1.0\nwhile time.process_time() < end: pass\n"


@pytest.mark.parametrize("code", [WORKS + "assert f(1) == 1", "assert f(1) == 1\n" + WORKS], ids=["before", "after"])
def test_the_work_of_a_test_is_not_the_programs_time(examine, code):
    """The test computes for a second; the program, which answers at once, may take a tenth of one."""
    assert examine(IDENTITY, code, wall_s=0.1, cpu_s=0.9).verdict is Verdict.ACCEPTED


def test_the_idleness_of_a_test_is_not_the_programs_time(examine):
    """The test sleeps for half a second."""
    assert examine(IDENTITY, "import time\ntime.sleep(0.5)\nassert f(1) == 1", wall_s=0.1).verdict is Verdict.ACCEPTED


def test_a_program_that_keeps_a_test_waiting_is_charged(examine):
    """However often it answers in between: each answer takes 0.2 s of the 0.5 s that one test may."""
    program = "import time\ndef f(x):\n    time.sleep(0.2)\n    return x"
    judgement = examine(program, "assert [f(n) for n in range(50)] == list(range(50))", wall_s=0.5)

    assert (judgement.verdict, judgement.per_test[0].exceeded) == (Verdict.TIME_LIMIT, "wall")


def test_what_a_program_waits_in_all_its_tests_is_bounded(examine):
    """Tests of 0.3 s each, under a limit of 0.5 s: after three times that, the rest is not run."""
    program = "import time\ndef f(x):\n    time.sleep(0.3)\n    return x"

    judgement = examine(program, *["assert f(1) == 1"] * 60, wall_s=0.5, exhaustive=True)

    verdicts = [outcome.verdict.value for outcome in judgement.per_test]
    assert len(verdicts) == 60
    assert (verdicts[:3], verdicts[6:]) == (["accepted"] * 3, ["time_limit"] * 54)


def test_what_a_program_waits_in_all_its_runs_is_bounded(judge):
    """The same for tests on standard input."""
    tests = (StdioTest(stdin="", expected_stdout="1"),) * 60

    judgement = judge.judge("import time\ntime.sleep(0.3)\nprint(1)", tests, Limits(wall_s=0.5), exhaustive=True)

    verdicts = [outcome.verdict.value for outcome in judgement.per_test]
    assert len(verdicts) == 60
    assert (verdicts[:3], verdicts[6:]) == (["accepted"] * 3, ["time_limit"] * 54)
    assert judgement.per_test[-1].detail == "more than 1.5 s of waiting in all tests together"


def test_a_program_that_computes_does_not_wait(examine):
    """Ten tests of 0.3 s of CPU time each pass under a wall limit of 0.9 s."""
    program = "import time\ndef f(s):\n    end = time.process_time() + s\n    while time.process_time() < end: pass\n"

    assert examine(program, *["f(0.3)"] * 10, wall_s=0.9, cpu_s=3.0).verdict is Verdict.ACCEPTED


@pytest.fixture
def hasty_judge(monkeypatch):
    """Return a judge whose tests may idle for 0.3 s."""
    monkeypatch.setattr(examiner_client, "_LIFE", examiner_client._LIFE._replace(wall_s=0.3))  # noqa: SLF001 - 20 s otherwise
    with Judge(Jail()) as judge:
        yield judge


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("import time\ntime.sleep(f(60))", "time_limit"),
        ("import threading\nthreading.Event().wait(f(60))\nassert f(1) == 5", "time_limit"),
        ("import time\ntime.sleep(60)\nassert f(1) == 1", "sandbox_error"),
        (WORKS + "assert f(1) == 1", "accepted"),
    ],
)
def test_a_test_that_idles_is_ended(hasty_judge, code, verdict):
    """It is the program's doing where the program had answered, else the test's own; work is no idleness."""
    test = AssertTest(code=code, names=("f",))

    judgement = hasty_judge.judge(IDENTITY, (test,))
    after = hasty_judge.judge(IDENTITY, (AssertTest(code="assert f(1) == 1", names=("f",)),))

    assert (judgement.verdict.value, after.verdict.value) == (verdict, "accepted")


def examiners_of(judge):
    """Return the examiners of a judge, by process id."""
    (template,) = children_of(judge._examiner._template._process.pid)  # noqa: SLF001
    return children_of(template)


def test_an_examiner_that_grew_makes_way():
    """What an answer of many lists made it keep is not kept; an ordinary answer changes nothing."""
    tests = (AssertTest(code="assert f(3) == [0, 1, 2]", names=("f",)),)
    with Judge(Jail()) as judge:
        judge.judge("def f(n): return list(range(n))", tests)
        first = examiners_of(judge)
        judge.judge("def f(n): return list(range(n))", tests)
        same = examiners_of(judge)
        judge.judge("def f(n): return [[] for _ in range(2_000_000)]", tests)
        judgement = judge.judge("def f(n): return list(range(n))", tests)
        other = examiners_of(judge)

    assert (judgement.verdict, first == same, len(other), first & other) == (Verdict.ACCEPTED, True, 1, set())


def test_an_examiner_that_is_killed_for_an_answer_is_the_programs_doing(examine):
    """A range of 300,000,000 numbers as a list: more memory than an examiner may have, and no fault of ours."""
    judgement = examine("def f(n): return range(n)", "assert list(f(300_000_000))[:1] == [0]")

    assert judgement.verdict is Verdict.MEMORY_LIMIT
