"""Facts and findings in, verdicts out."""

import signal
from typing import NamedTuple

import msgspec
import pytest

from sandbox.examiner_client import Unfinished
from sandbox.inside.messages import Lap
from sandbox.records import AssertTest, CallTest, Execution, Fault, Limits, StdioTest, Verdict
from sandbox.records import TestOutcome as Outcome  # pytest collects what is called Test...
from sandbox.verdicts import (  # fmt: skip
    examined_outcomes,
    judgement_of,
    not_compiled,
    stdio_outcome,
    waited_s,
    waited_too_long,
)

GOOD = Execution(
    exit_code=0,
    signal=None,
    stdout=b"1\n",
    stderr=b"",
    cpu_s=0.25,
    wall_s=0.5,
    peak_memory_bytes=1 << 20,
    exceeded=None,
)
LIMITS = Limits(cpu_s=2.0, wall_s=5.0, memory_bytes=64 << 20, output_bytes=1 << 20, file_bytes=2 << 20)
ONE = StdioTest(stdin="", expected_stdout="1\n")


def differs():
    """Find, as a checker does, that an output is not the expected one."""
    return False


def execution(**facts):
    """Return a good execution but for these facts; one that a signal ended has no exit code."""
    return msgspec.structs.replace(GOOD, **({"exit_code": None, **facts} if facts.get("signal") else facts))


@pytest.mark.parametrize(
    ("facts", "verdict", "exceeded"),
    [
        ({}, "accepted", None),
        ({"stdout": b"2\n"}, "wrong_answer", None),
        ({"stdout": b""}, "wrong_answer", None),
        ({"exit_code": 1}, "runtime_error", None),
        ({"exit_code": 120}, "runtime_error", None),
        ({"signal": signal.SIGSEGV}, "runtime_error", None),
        ({"signal": signal.SIGKILL}, "runtime_error", None),
        ({"signal": 40}, "runtime_error", None),
        ({"exceeded": "cpu"}, "time_limit", "cpu"),
        ({"exceeded": "cpu", "signal": signal.SIGKILL}, "time_limit", "cpu"),
        ({"exceeded": "wall", "signal": signal.SIGKILL}, "time_limit", "wall"),
        ({"exceeded": "memory", "signal": signal.SIGKILL}, "memory_limit", "memory"),
        ({"exceeded": "output"}, "output_limit", "output"),
        ({"exceeded": "file_size", "signal": signal.SIGXFSZ}, "output_limit", "file_size"),
        ({"exceeded": "output", "signal": signal.SIGXFSZ}, "output_limit", "output"),
        ({"exit_code": 1, "stderr": b"Traceback\nMemoryError\n"}, "memory_limit", "memory"),
        ({"exit_code": 1, "stderr": b"Traceback\nMemoryError: no room"}, "memory_limit", "memory"),
        ({"exit_code": 1, "stderr": b"numpy._core._exceptions._ArrayMemoryError: 9 GiB"}, "memory_limit", "memory"),
        ({"exit_code": 0, "stderr": b"MemoryError\n"}, "accepted", None),
        ({"exit_code": 1, "stderr": b"MemoryError\nValueError: 1"}, "runtime_error", None),
        ({"exit_code": 1, "stderr": b"OSError: [Errno 27] File too large"}, "output_limit", "file_size"),
        ({"exit_code": 1, "stderr": b"OSError: [Errno 28] No space left on device"}, "output_limit", "file_size"),
        ({"exit_code": 1, "stderr": b"OSError: [Errno 24] Too many open files: 'x'"}, "runtime_error", "open_files"),
        ({"exit_code": 1, "stderr": b"BlockingIOError: [Errno 11] busy"}, "runtime_error", "processes"),
        ({"exit_code": 1, "stderr": b"RuntimeError: can't start new thread"}, "runtime_error", "processes"),
        ({"exit_code": 1, "stderr": b"RuntimeError: can't start new thread\nKeyError: 1"}, "runtime_error", "processes"),
        ({"exit_code": 1, "stderr": b"RuntimeError: can't start new thread\nMemoryError"}, "memory_limit", "memory"),
        ({"exit_code": 1, "stderr": b"\xff\xfe"}, "runtime_error", None),
    ],
)  # fmt: skip
def test_facts_of_a_run_mean_a_verdict(facts, verdict, exceeded):
    """Each combination of facts has one meaning; a program's own words count only where it failed."""
    outcome = stdio_outcome(ONE, execution(**facts), LIMITS, differs)

    assert (outcome.verdict.value, outcome.exceeded) == (verdict, exceeded)


def test_an_accepted_outcome_says_no_more_than_the_facts():
    """What was expected and what came are not repeated where they agree."""
    outcome = stdio_outcome(ONE, GOOD, LIMITS, differs)

    assert outcome == Outcome(verdict=Verdict.ACCEPTED, cpu_s=0.25, wall_s=0.5, peak_memory_bytes=1 << 20)


def test_a_wrong_answer_shows_both_sides():
    """What was expected, what came, and why that is a failure."""
    outcome = stdio_outcome(ONE, execution(stdout=b"\xff2\n"), LIMITS, differs)

    assert (outcome.expected, outcome.actual, outcome.detail) == ("1\n", "\\xff2\n", "the output differs")


def test_long_outputs_are_cut():
    """2,000 bytes are shown, and the whole length in bytes."""
    outcome = stdio_outcome(ONE, execution(stdout=b"7" * 2500), LIMITS, differs)

    assert outcome.actual == "7" * 2000 + "... (2500 bytes)"


@pytest.mark.parametrize(
    ("facts", "detail"),
    [
        ({"exceeded": "cpu"}, "more than 2 s of CPU time"),
        ({"exceeded": "wall"}, "more than 5 s without an answer"),
        ({"exceeded": "memory"}, "more than 64 MiB of memory"),
        ({"exceeded": "output"}, "more than 1024 KiB of output"),
        ({"signal": signal.SIGSEGV}, "ended by SIGSEGV"),
        ({"exit_code": 3}, "exit status 3"),
        ({"exit_code": 1, "stderr": b"Traceback ...\nValueError: x\n\n"}, "ValueError: x"),
        ({"exit_code": 1, "stderr": b"x" * 3000}, "x" * 2000),
    ],
)
def test_a_failure_is_explained_in_one_line(facts, detail):
    """The limit with its value, the signal's name, the last words or the exit status."""
    assert stdio_outcome(ONE, execution(**facts), LIMITS, differs).detail == detail


@pytest.mark.parametrize(
    ("facts", "message", "exceeded", "detail"),
    [
        ({"exit_code": 1}, "SyntaxError: invalid syntax", None, "SyntaxError: invalid syntax"),
        ({"signal": signal.SIGSEGV}, "", None, "the compiler crashed"),
        ({"exceeded": "cpu"}, "", "cpu", "compiling took longer than the time limit"),
        ({"exceeded": "wall"}, "", "wall", "compiling took longer than the time limit"),
    ],
)
def test_what_does_not_compile_is_a_compile_error(facts, message, exceeded, detail):
    """The compiler's message, its crash or its endlessness."""
    outcome = not_compiled(execution(**facts), message)

    assert (outcome.verdict, outcome.exceeded, outcome.detail) == (Verdict.COMPILE_ERROR, exceeded, detail)


def outcome(verdict, detail=""):
    """Return an outcome of half a second."""
    return Outcome(verdict=Verdict(verdict), cpu_s=0.5, wall_s=1.0, peak_memory_bytes=0, detail=detail)


def test_a_judgement_is_the_gravest_of_its_tests():
    """The gravest verdict, explained by the first test that found it; CPU seconds add up."""
    outcomes = [
        outcome("accepted"),
        outcome("time_limit", "first"),
        outcome("wrong_answer"),
        outcome("time_limit", "2nd"),
    ]

    judgement = judgement_of(outcomes)

    assert (judgement.verdict, judgement.detail, judgement.cpu_s) == (Verdict.TIME_LIMIT, "first", 2.0)
    assert judgement.per_test == tuple(outcomes)


TESTS = (AssertTest(code="x = f()\nassert x == [1,\n  2]", names=("f",)), AssertTest(code="assert f()", names=("f",)))


class Row(NamedTuple):
    """A row as an examiner writes it, with what a lap says of the same test."""

    verdict: str
    detail: str = ""
    expected: str = ""
    actual: str = ""
    line: int = 0
    owed_s: float = 0.2
    is_marked: bool = True


def finding(verdict, cpu_s=0.1, **fields):
    """Return the row of a test that took 0.1 s, and the lap that goes with it."""
    row = Row(verdict, **fields)
    return row._replace(is_marked=verdict != "lost"), Lap(cpu_s, row.owed_s)


def examined(findings, facts, *, tests=TESTS, unfinished=None):
    """Return the outcomes of findings; a test that the candidate survived has a lap."""
    rows, laps = [row for row, _ in findings], [lap for row, lap in findings if row.is_marked]
    return examined_outcomes(tests, rows, laps, execution(**facts), LIMITS, unfinished=unfinished)


STOPPED = {"signal": signal.SIGKILL}
"""How a candidate ends that survived its tests: the template stops it."""


@pytest.mark.parametrize(
    ("findings", "facts", "verdicts"),
    [
        ([finding("accepted"), finding("accepted")], STOPPED, ["accepted", "accepted"]),
        ([finding("accepted"), finding("wrong_answer")], STOPPED, ["accepted", "wrong_answer"]),
        ([finding("wrong_answer"), finding("accepted")], STOPPED, ["wrong_answer", "accepted"]),
        ([finding("accepted", cpu_s=2.0)], STOPPED, ["accepted"]),
        ([finding("wrong_answer", cpu_s=2.5)], STOPPED, ["time_limit"]),
        ([finding("compile_error", cpu_s=2.5)], STOPPED, ["compile_error"]),
        ([finding("accepted"), finding("lost")], {"signal": signal.SIGSEGV}, ["accepted", "runtime_error"]),
        ([finding("lost")], {"exit_code": 0}, ["runtime_error"]),
        ([finding("lost")], {"exceeded": "cpu", "signal": signal.SIGKILL}, ["time_limit"]),
        ([finding("lost")], {"exceeded": "memory", "signal": signal.SIGKILL}, ["memory_limit"]),
        ([finding("accepted")], {**STOPPED, "exceeded": "output"}, ["output_limit"]),
        ([finding("wrong_answer")], {**STOPPED, "exceeded": "output"}, ["output_limit"]),
        ([finding("accepted")], {**STOPPED, "exceeded": "cpu"}, ["time_limit"]),
    ],
)
def test_findings_and_facts_mean_verdicts(findings, facts, verdicts):
    """An examiner's findings stand unless the kernel knows worse; a lost test is what the kernel says of its end."""
    outcomes = examined(findings, facts)

    assert [outcome.verdict.value for outcome in outcomes] == verdicts


UNFINISHED = [
    ("cpu", "time_limit", "comparing the program's answer takes too long"),
    ("wall", "time_limit", "comparing the program's answer takes too long"),
    ("memory", "memory_limit", "comparing the program's answer takes too much memory"),
    (None, "wrong_answer", "the program's answer crashes the comparison"),
]


@pytest.mark.parametrize(("exceeded", "verdict", "detail"), UNFINISHED)
def test_an_answer_too_hard_to_compare_is_the_programs_fault(exceeded, verdict, detail):
    """Where the examiner ran out of time or memory over an answer, the test at hand says so."""
    outcomes = examined([finding("accepted")], STOPPED, unfinished=Unfinished(exceeded))

    assert [one.verdict.value for one in outcomes] == ["accepted", verdict]
    assert (outcomes[1].exceeded, outcomes[1].detail) == (exceeded, detail)


@pytest.mark.parametrize(("exceeded", "verdict", "detail"), UNFINISHED)
def test_an_output_too_hard_to_compare_is_the_programs_fault(exceeded, verdict, detail):
    """The same where a checker compares what was printed."""

    def gives_up():
        raise Unfinished(exceeded)

    found = stdio_outcome(ONE, execution(stdout=b"2\n"), LIMITS, gives_up)

    assert (found.verdict.value, found.exceeded, found.detail) == (verdict, exceeded, detail)


def test_a_checker_looks_only_where_the_bytes_differ():
    """Equal bytes are accepted without it; others are what it says."""

    def must_not_look():
        raise AssertionError

    assert stdio_outcome(ONE, GOOD, LIMITS, must_not_look).verdict is Verdict.ACCEPTED
    assert stdio_outcome(ONE, execution(stdout=b"1"), LIMITS, lambda: True).verdict is Verdict.ACCEPTED
    assert stdio_outcome(ONE, execution(stdout=b"1"), LIMITS, lambda: False).verdict is Verdict.WRONG_ANSWER


def test_waiting_is_wall_time_beyond_cpu_time():
    """Of three tests the first waited 0.5 s, the second 1.5 s, the third computed on two processors."""
    times = [(0.5, 1.0), (0.5, 2.0), (2.0, 1.0)]
    outcomes = [msgspec.structs.replace(outcome("accepted"), cpu_s=cpu_s, wall_s=wall_s) for cpu_s, wall_s in times]

    assert waited_s(outcomes) == pytest.approx(2.0)


def test_a_program_that_waited_too_long_fails_the_test_at_hand_and_all_to_come():
    """The third of five tests exhausts 3 times 5 s in the 9 s that it took; those to come take none."""
    outcomes = [outcome("accepted"), outcome("wrong_answer"), msgspec.structs.replace(outcome("accepted"), wall_s=9.0)]

    found = waited_too_long(outcomes, 5, LIMITS)

    assert [one.verdict.value for one in found] == ["accepted", "wrong_answer"] + ["time_limit"] * 3
    assert [(one.cpu_s, one.wall_s) for one in found] == [(0.5, 1.0), (0.5, 1.0), (0.5, 9.0), (0.0, 0.0), (0.0, 0.0)]
    assert found[-1].detail == "more than 15 s of waiting in all tests together"


def test_a_graver_verdict_than_waiting_stays():
    """What the test at hand was found to be before."""
    found = waited_too_long([outcome("accepted"), outcome("accepted"), outcome("compile_error")], 3, LIMITS)

    assert [one.verdict.value for one in found] == ["accepted", "accepted", "compile_error"]


def test_a_fault_of_the_examiner_is_raised():
    """It is ours: never a verdict about the program."""
    ours = finding("sandbox_error", detail="an argument of type function can't be passed to the program")

    with pytest.raises(Fault, match="type function"):
        examined([ours], STOPPED)


def test_the_time_of_a_lost_test_is_what_the_others_left():
    """The candidate used 0.25 s in all, 0.1 s of them for the first test."""
    findings = [finding("accepted"), finding("lost")]

    _, lost = examined(findings, {"exit_code": 1})

    assert lost.cpu_s == pytest.approx(0.15)


def test_the_time_of_a_lost_test_is_never_less_than_nothing():
    """The candidate used 0.25 s of CPU time by one clock and 0.3 s by the other, 0.5 s and 0.6 s in all."""
    findings = [finding("accepted", cpu_s=0.3, owed_s=0.6), finding("lost")]

    _, lost = examined(findings, {"exit_code": 1})

    assert (lost.cpu_s, lost.wall_s) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("facts", "detail"),
    [
        ({"exit_code": 0}, "the program ended itself while a test was running"),
        ({"signal": signal.SIGKILL}, "the program ended itself while a test was running"),
        ({"signal": signal.SIGSEGV}, "ended by SIGSEGV"),
        ({"exit_code": 3}, "exit status 3"),
        ({"exceeded": "cpu", "signal": signal.SIGKILL}, "more than 2 s of CPU time"),
    ],
)
def test_a_lost_test_is_explained(facts, detail):
    """How the candidate left, in one line."""
    (lost,) = examined([finding("lost")], facts)

    assert lost.detail == detail


@pytest.mark.parametrize("line", [2, 3])
def test_a_failed_assertion_is_shown_with_its_right_side(line):
    """The failing line is one of the two of an assertion; its right side is what was expected."""
    wrong = finding("wrong_answer", line=line, actual="[1]")

    (shown,) = examined([wrong], STOPPED)

    assert (shown.detail, shown.expected, shown.actual) == ("assert x == [1, 2]", "[1, 2]", "[1]")


def test_a_failed_call_keeps_the_examiners_words():
    """A call has no code to look into: call, expected and actual are as the examiner wrote them."""
    test = CallTest(function="f", arguments=(1,), expected=2)
    wrong = finding("wrong_answer", detail="f(1)", expected="2", actual="3")

    (shown,) = examined([wrong], STOPPED, tests=(test,))

    assert (shown.detail, shown.expected, shown.actual) == ("f(1)", "2", "3")
