"""Many judgements: in order, bounded, and nothing left when they are done, stopped or disturbed."""

import itertools
import os
import time
from concurrent.futures import Future

import pytest

from sandbox.jail import Jail
from sandbox.judge import Judge
from sandbox.pool import AHEAD_PER_WORKER, Case, cores_of, judge_all
from sandbox.records import AssertTest, Fault, Limits, Refused, StdioTest, Verdict
from sandbox.worker import Worker

pytestmark = pytest.mark.slow

WORKERS = 2
ONE = (StdioTest(stdin="", expected_stdout="1"),)
F_IS_ONE = (AssertTest(code="assert f() == 1", names=("f",)),)


def case(program, tests=ONE, **limits):
    """Return a case; its one test wants "1" unless told otherwise."""
    return Case(program=program, tests=tests, limits=Limits(**limits))


def test_the_order_of_the_cases_is_kept():
    """The slowest comes first and the last is the fastest: the judgements come as asked."""
    programs = [f"import time\ntime.sleep({0.2 if n == 0 else 0})\nprint({n})" for n in range(12)]

    judgements = list(judge_all(map(case, programs), Jail(), WORKERS))

    assert [judgement.per_test[0].actual or "1\n" for judgement in judgements] == [f"{n}\n" for n in range(12)]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_number_of_workers_changes_no_verdict(workers):
    """Right, wrong, failing, slow and endless programs of both kinds, with one worker, two, and more than processors."""
    expected = {
        "print(1)": "accepted", "print(2)": "wrong_answer", "1 / 0": "runtime_error", "(": "compile_error",
        "while True: pass": "time_limit", "x = bytearray(1 << 40)": "memory_limit", "print(1)\nprint(1)": "wrong_answer",
    }  # fmt: skip
    cases = [case(program, cpu_s=0.2) for program in expected]
    cases += [case("def f(): return 1", F_IS_ONE), case("def f(): return 2", F_IS_ONE)]

    verdicts = [judgement.verdict.value for judgement in judge_all(cases, Jail(), workers)]

    assert verdicts == [*expected.values(), "accepted", "wrong_answer"]


@pytest.mark.parametrize(
    ("workers", "cores"), [(1, [None]), (3, [None] * 3), (4, [2, 3, 5, 7]), (6, [2, 3, 5, 7, 2, 3])]
)
def test_workers_have_processors_of_their_own_where_there_are_some_for_all(monkeypatch, workers, cores):
    """Of the four that we may use; fewer workers stay free."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {7, 5, 3, 2})

    assert cores_of(workers) == cores


def test_a_worker_stays_on_its_processor():
    """And so does each of its programs, of both kinds."""
    core = max(os.sched_getaffinity(0))
    program = "import os\ndef f(): return os.sched_getaffinity(0)\nprint(f())"

    with Judge(Jail(), core) as judge:
        verdicts = [
            judge.judge(program, (StdioTest(stdin="", expected_stdout=f"{{{core}}}"),)).verdict,
            judge.judge(program, (AssertTest(code=f"assert f() == {{{core}}}", names=("f",)),)).verdict,
        ]

    assert verdicts == [Verdict.ACCEPTED] * 2


def test_limits_and_mode_are_each_cases_own():
    """The same program under two limits, and the same tests in both modes."""
    slow = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\nprint(1)"
    wrong = Case(program="print(2)", tests=ONE * 2, limits=Limits(), exhaustive=True)

    judgements = list(judge_all([case(slow, cpu_s=0.1), case(slow), wrong], Jail(), 1))

    assert [judgement.verdict.value for judgement in judgements] == ["time_limit", "accepted", "wrong_answer"]
    assert len(judgements[2].per_test) == 2


def test_no_cases_are_no_judgements():
    """An empty run ends at once."""
    assert list(judge_all([], Jail(), WORKERS)) == []


def test_cases_are_read_a_few_ahead():
    """From an endless source, so many for each worker before the first judgement, and then one for each."""
    taken = itertools.count()
    judgements = judge_all((case("print(1)") for _ in taken), Jail(), WORKERS)

    for _ in range(5):
        next(judgements)
    judgements.close()

    assert 5 <= next(taken) <= AHEAD_PER_WORKER * WORKERS + 6


def test_nothing_starts_before_the_first_judgement_is_asked_for():
    """A generator that nobody reads takes no case."""
    taken = itertools.count()

    judge_all((case("print(1)") for _ in taken), Jail(), WORKERS).close()

    assert next(taken) == 0


def test_a_host_that_gives_too_little_is_refused_before_the_first_judgement():
    """No program is run."""
    with pytest.raises(Refused):
        next(judge_all([case("print(1)")], Jail(layers=frozenset({"rlimits"})), WORKERS))


def test_a_failing_source_of_cases_is_not_swallowed():
    """What the iterator of cases raises reaches the reader of judgements."""

    def cases():
        yield case("print(1)")
        raise KeyError("the source is broken")

    with pytest.raises(KeyError, match="the source is broken"):
        list(judge_all(cases(), Jail(), WORKERS))


def test_a_worker_that_cannot_start_leaves_no_other(monkeypatch):
    """Where one of three can't start its judge, all are ended, and the reader is told why."""
    started = []

    class OneFails(Worker):
        def __init__(self, core):
            super().__init__(core)
            started.append(self)

        def begin(self, jail, layers):
            super().begin(Jail(python="/nonexistent") if len(started) == 3 and self is started[1] else jail, layers)

    monkeypatch.setattr("sandbox.pool.Worker", OneFails)

    with pytest.raises(Refused, match="/nonexistent: No such file or directory"):
        list(judge_all([case("import time; time.sleep(600)", wall_s=900)] * 3, Jail(), 3))

    assert [worker._process.returncode for worker in started] == [0] * 3  # noqa: SLF001 - who else knows


class Deadly(Worker):
    """A worker that is killed as soon as it has started and owes a program that says so."""

    def order(self, work):
        """Send the work."""
        super().order(work)
        self._strike()

    def judged(self):
        """Kill it when it has said what it had to say."""
        yield from super().judged()
        self._strike()

    def _strike(self):
        if self.has_started and any("deadly" in work.program for work in self.owed.values()):
            self._process.kill()


def test_a_case_under_which_three_workers_end_is_a_fault_of_ours(monkeypatch):
    """And of no other case: those that were with it are judged by the workers that take the places."""
    monkeypatch.setattr("sandbox.pool.Worker", Deadly)
    programs = ["print(1)"] * 5 + ["import time; time.sleep(1); print(1) # deadly"] + ["print(2)"] * 20

    judgements = list(judge_all(map(case, programs), Jail(), WORKERS))

    verdicts = [judgement.verdict.value for judgement in judgements]
    assert verdicts == ["accepted"] * 5 + ["sandbox_error"] + ["wrong_answer"] * 20
    assert judgements[5].detail == "3 workers ended under it: signal 9, without a word"


def test_workers_that_are_killed_as_they_start_are_given_up(monkeypatch):
    """After three in a row: something on this host ends them all."""

    class Stillborn(Worker):
        def begin(self, jail, layers):
            self._process.kill()
            super().begin(jail, layers)

    monkeypatch.setattr("sandbox.pool.Worker", Stillborn)

    with pytest.raises(Fault, match="workers end as they start: signal 9, without a word"):
        list(judge_all([case("print(1)")], Jail(), 1))


def test_the_tests_of_a_worker_stay_the_very_same(monkeypatch):
    """They travel with the first of their cases only, so that its examiner is kept."""
    sent = []

    class Noting(Worker):
        def _send(self, message):
            sent.extend(work.tests for work in getattr(message, "work", ()))
            super()._send(message)

    monkeypatch.setattr("sandbox.pool.Worker", Noting)
    other = (AssertTest(code="assert f() == 2", names=("f",)),)
    programs = [case("def f(): return 1", tests) for tests in (F_IS_ONE, other) for _ in range(12)]

    verdicts = [judgement.verdict.value for judgement in judge_all(programs, Jail(), 1)]

    assert verdicts == ["accepted"] * 12 + ["wrong_answer"] * 12
    assert [tests for tests in sent if tests] == [F_IS_ONE, other]


def test_a_halt_gives_up_what_is_being_judged():
    """Nothing more is yielded, although a program that would sleep for a quarter of an hour is at work."""
    halt = Future()

    def cases():
        yield case("print(1)")
        yield case("import time\ntime.sleep(900)", cpu_s=900, wall_s=900)
        halt.set_result(None)

    started_s = time.monotonic()

    assert list(judge_all(cases(), Jail(), WORKERS, halt)) == []
    assert time.monotonic() - started_s < 60
