"""A first worker that is started ahead of its cases."""

import pytest

from sandbox.head_start import HeadStart
from sandbox.jail import ALL_LAYERS, Jail, known_report, note_report, probe, start_pair
from sandbox.pool import Case, judge_all
from sandbox.records import Fault, Limits, Refused, StdioTest
from sandbox.worker import Worker

CASE = Case(program="print(1)", tests=(StdioTest(stdin="", expected_stdout="1\n"),), limits=Limits())


@pytest.fixture
def started(monkeypatch):
    """Return the workers that are started in this test; this process itself starts no template."""
    started = []

    class Noting(Worker):
        def __init__(self, core):
            super().__init__(core)
            started.append(self)

    def none_here(*_):
        raise AssertionError("a template that no worker uses")

    monkeypatch.setattr("sandbox.head_start.Worker", Noting)
    monkeypatch.setattr("sandbox.pool.Worker", Noting)
    monkeypatch.setattr("sandbox.jail.Template", none_here)
    monkeypatch.setattr("sandbox.jail._known", {})
    return started


def test_one_case_takes_one_worker_which_reports_the_jail(started):
    """It builds the jail that it reports, and judges in it."""
    with HeadStart(Jail(), [None, None]) as ahead:
        report = ahead.report()
        verdicts = [judgement.verdict.value for judgement in judge_all([CASE], Jail(), 2, ahead=ahead)]

    assert (verdicts, len(started)) == (["accepted"], 1)
    assert (report.layers.keys(), probe(Jail())) == (ALL_LAYERS | {"addresses"}, report)
    assert started[0]._process.returncode == 0  # noqa: SLF001 - who else knows


def test_many_cases_take_all_workers_at_once(started):
    """Where they take longer than a start."""
    with HeadStart(Jail(), [None, None, None]) as ahead:
        ahead.report()
        ahead.expect(33)
        judged = list(judge_all([CASE] * 33, Jail(), 3, ahead=ahead))

    assert (len(judged), len(started)) == (33, 3)


def test_cases_that_wait_behind_a_slow_one_get_the_other_workers(started):
    """The slow one ends only after a worker that was started for the others."""
    slow = Case(program="while True: pass", tests=CASE.tests, limits=Limits(cpu_s=1.0, wall_s=60.0))
    with HeadStart(Jail(), [None, None]) as ahead:
        ahead.report()
        verdicts = [judgement.verdict.value for judgement in judge_all([slow, CASE, CASE], Jail(), 2, ahead=ahead)]

    assert (verdicts, len(started)) == (["time_limit", "accepted", "accepted"], 2)


def test_a_worker_that_is_not_needed_is_ended(started):
    """Where the problems can't be read, say."""
    with pytest.raises(ZeroDivisionError), HeadStart(Jail(), [None]):
        raise ZeroDivisionError

    assert started[0]._process.returncode == 0  # noqa: SLF001 - who else knows


@pytest.mark.usefixtures("started")
def test_a_host_that_gives_too_little_is_refused():
    """As by a probe."""
    with HeadStart(Jail(layers=frozenset({"rlimits"})), [None]) as ahead, pytest.raises(Refused, match="this host"):
        ahead.report()


def test_a_worker_that_is_killed_as_it_starts_is_a_fault(started):
    """With how it ended."""
    with HeadStart(Jail(), [None]) as ahead:
        started[0]._process.kill()  # noqa: SLF001 - there is no other way
        with pytest.raises(Fault, match="a worker ended as it started: signal 9"):
            ahead.report()


def test_a_layer_that_was_there_is_never_given_up(monkeypatch):
    """What is in force is written in the record of the run."""
    jail = Jail(preload=("string",))
    report = probe(jail)
    monkeypatch.setattr("sandbox.jail._known", {})
    note_report(jail, report)
    monkeypatch.setattr("sandbox.jail.Template.wait", lambda _: ("cgroup", "no more groups"))

    with pytest.raises(Fault, match="cgroup: this host gave it before, and now refuses: no more groups"):
        start_pair(jail, None)
    assert known_report(jail) == report
