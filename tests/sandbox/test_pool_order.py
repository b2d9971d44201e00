"""The pool hands out and puts in order, with workers that only pretend: who judges what, and how often."""

import itertools
import random
import socket
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import records
from sandbox.jail import Jail
from sandbox.pool import Case, judge_all
from sandbox.records import Judgement, Limits, StdioTest, Verdict

TESTS = [(StdioTest(stdin=str(number), expected_stdout=""),) for number in range(3)]
LIMITS = [Limits(), Limits(cpu_s=1.0)]


def judgement_of(work, turn):
    """Judge by the first letter of a program; `T` and `S` come out otherwise every second time."""
    verdict = {
        "s": Verdict.ACCEPTED, "a": Verdict.ACCEPTED, "w": Verdict.WRONG_ANSWER, "T": Verdict.TIME_LIMIT, "S": Verdict.SANDBOX_ERROR,
    }  # fmt: skip
    detail = f"{work.program} {work.tests[0].stdin} {work.limits.cpu_s} {work.exhaustive}"
    outcome = records.TestOutcome(
        verdict=verdict.get(work.program[-1], Verdict.ACCEPTED), cpu_s=0.0, wall_s=0.0, peak_memory_bytes=0
    )
    unstable = work.program[0] in "TS" and turn % 2
    return Judgement(
        verdict=Verdict.ACCEPTED if unstable else verdict[work.program[0]],
        per_test=(outcome,),
        cpu_s=0.0,
        detail=detail,
    )


class Pretending:
    """A worker that judges in this process, one piece whenever it is asked what it has judged."""

    judged_work: ClassVar = []
    chance = random.Random(0)  # noqa: S311 - the same in every run
    stuck_until, looks = 0, 0
    """A worker does nothing under a slow program until so many others have been judged."""

    def __init__(self, core):
        """Have nothing to do."""
        self.core, self.owed = core, {}
        self._here, self._there = socket.socketpair()

    def begin(self, _jail, _layers):
        """Start nothing."""

    def order(self, work):
        """Note the work and have something to say about it."""
        self.owed.update((piece.number, piece) for piece in work)
        self._there.send(b"x")

    def take_back(self, count):
        """Give back the last."""
        return [self.owed.pop(number) for number in list(self.owed)[-count:]]

    def fileno(self):
        """Return what tells that there is something to say."""
        return self._here.fileno()

    def judged(self):
        """Judge the next piece, or none, as a slow worker."""
        work = next(iter(self.owed.values()), None)
        if work is None:
            self._here.recv(1 << 10)
        elif work.program == "slow" and len(self.judged_work) < self.stuck_until:
            Pretending.looks += 1
            assert self.looks < 10_000, "nobody judges what is behind a slow program"
        elif self.chance.random() < 0.7:
            del self.owed[work.number]
            self.judged_work.append(work)
            yield work.number, judgement_of(work, len(self.judged_work))

    def leave(self):
        """End."""
        self._here.close()
        self._there.close()

    close = leave


@pytest.fixture(autouse=True)
def pretend(monkeypatch):
    """Have the pool take such workers, under no layers."""
    monkeypatch.setattr("sandbox.pool.Worker", Pretending)


def judged(cases, **options):
    """Return the judgements of some cases and the work that it took."""
    Pretending.judged_work.clear()
    judgements = list(judge_all(iter(cases), Jail(), **options))
    return judgements, Pretending.judged_work.copy()


CASES = st.builds(
    Case, program=st.sampled_from(["aa", "ww", "aw", "TT", "SS", "wT", "wS"]), tests=st.sampled_from(TESTS),
    limits=st.sampled_from(LIMITS), exhaustive=st.booleans(),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # which patches what stays the same
@given(cases=st.lists(CASES, max_size=300), workers=st.integers(1, 3), by_problem=st.booleans())
def test_reuse_changes_no_judgement(pretend, cases, workers, by_problem):  # noqa: ARG001 - patches
    """Whatever comes twice, in whatever order: verdicts are those of each program under its own tests and options.

    The clock's verdicts and ours may move from one time to another; they, and those of single tests, are never reused.
    """
    if by_problem:
        cases.sort(key=lambda case: TESTS.index(case.tests))
    anew, work = judged(cases, workers=workers)
    reused, less = judged(cases, workers=workers, reuse=True)

    assert len(work) == len(cases)
    assert (
        [j.detail for j in reused]
        == [j.detail for j in anew]
        == [f"{case.program} {case.tests[0].stdin} {case.limits.cpu_s} {case.exhaustive}" for case in cases]
    )
    for case, one, other in zip(cases, anew, reused, strict=True):
        assert not one.reused
        if case.program[0] not in "TS":
            assert one.verdict == other.verdict
        if other.reused:
            assert not {other.verdict, other.per_test[0].verdict} & {Verdict.TIME_LIMIT, Verdict.SANDBOX_ERROR}
    assert len(less) == len(cases) - sum(judgement.reused for judgement in reused)


def test_equal_programs_of_a_problem_are_judged_once():
    """Forty of two programs under two limits, some of them while the first is under way: four judgements."""
    cases = [
        Case(program=program, tests=TESTS[0], limits=limits)
        for _, limits, program in itertools.product(range(10), LIMITS, ("aa", "ww"))
    ]

    judgements, work = judged(cases, workers=2, reuse=True)

    assert [judgement.verdict.value for judgement in judgements] == ["accepted", "wrong_answer"] * 20
    assert [judgement.reused for judgement in judgements] == [False] * 4 + [True] * 36
    assert len(work) == 4


def test_tests_of_equal_text_are_those_of_one_problem():
    """A caller may make them anew for each program."""
    cases = [Case(program="aa", tests=(StdioTest(stdin="0", expected_stdout=""),), limits=Limits()) for _ in range(20)]

    judgements, work = judged(cases, workers=2, reuse=True)

    assert [judgement.reused for judgement in judgements] == [False] + [True] * 19
    assert len(work) == 1


def test_equal_programs_of_other_problems_are_judged_each():
    """The tests decide, and only those of the problem at hand are remembered."""
    cases = [Case(program="aa", tests=tests, limits=Limits()) for tests in (*TESTS, *TESTS) for _ in range(5)]

    judgements, work = judged(cases, workers=2, reuse=True)

    assert [judgement.detail.split()[1] for judgement in judgements] == [n for n in "012012" for _ in range(5)]
    assert len(work) == 6


def test_cases_behind_a_slow_one_go_to_a_worker_that_is_idle(monkeypatch):
    """All that follows is judged although one worker does nothing: as many as are read ahead."""
    monkeypatch.setattr(Pretending, "stuck_until", 90)
    programs = ["aa"] * 20 + ["slow"] + ["ww"] * 70

    judgements, work = judged([Case(program=each, tests=TESTS[0], limits=Limits()) for each in programs], workers=2)

    assert [judgement.detail.split()[0] for judgement in judgements] == programs
    assert (work[90].program, len(work)) == ("slow", 91)
