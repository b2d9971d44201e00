"""The clock of one test, as the examiner writes it and the templates read it; the times of this file are made up."""

import os
import socket

import pytest

from sandbox.inside import clock, values
from sandbox.inside.clock import Clock, ClockReading, read_clock
from sandbox.inside.remote import Remote
from sandbox.inside.server import READY
from sandbox.inside.stream import Stream

S = 1_000_000_000


class Times:
    """What the clock asks the system for, in seconds."""

    def __init__(self):
        """Begin at 100 s, with 7 s of CPU and 3 s in a processor's queue."""
        self.now, self.cpu, self.queued = 100.0, 7.0, 3.0


@pytest.fixture
def times(monkeypatch):
    """Return the times, to be set by hand."""
    times = Times()
    monkeypatch.setattr(clock.time, "monotonic_ns", lambda: round(times.now * S))
    monkeypatch.setattr(clock.time, "process_time_ns", lambda: round(times.cpu * S))
    monkeypatch.setattr(Clock, "_queued_ns", lambda _self: round(times.queued * S))
    return times


@pytest.fixture
def file():
    """Return the descriptor of a new memory file."""
    fd = os.memfd_create("clock")
    yield fd
    os.close(fd)


def test_a_clock_that_never_ran_says_nothing(file):
    """No test is under way, nothing is owed."""
    assert read_clock(file) == ClockReading() == (0, 0, 0, 0, 0, 0)
    assert read_clock(file).owed_s() == read_clock(file).idle_s(9.0, 9.0) == 0.0


def test_it_runs_while_an_answer_is_owed(file, times):
    """Asked at 102 s, read at 105 s, answered at 106 s, asked again at 110 s, read at 111 s: 3, 4, 5 s."""
    running = Clock(file, -1)
    running.start()
    seen = []
    for now, step in (
        (102, running.owe),
        (105, None),
        (106, running.settle),
        (109, None),
        (110, running.owe),
        (111, None),
    ):
        times.now = now
        if step is None:
            seen.append(read_clock(file).owed_s())
        else:
            step()

    assert seen == [3.0, 4.0, 5.0]
    assert read_clock(file).answers == running.answers == 1


def test_the_examiners_own_wait_for_a_processor_is_not_owed(file, times):
    """Of 4 s until the answer was read the examiner stood 3 s in a queue."""
    running = Clock(file, -1)
    running.start()
    running.owe()
    times.now, times.queued = 104.0, 6.0
    running.settle()

    assert running.owed_s == 1.0


def test_no_more_is_taken_off_than_was_owed(file, times):
    """A queue of 50 s before the question makes an answer of 2 s no debt of ours."""
    running = Clock(file, -1)
    running.start()
    times.now, times.queued = 150.0, 53.0
    running.owe()
    times.now = 152.0
    running.settle()

    assert running.owed_s == 0.0


def test_each_test_begins_anew(file, times):
    """What was owed and answered in one test is none of the next."""
    running = Clock(file, -1)
    running.start()
    running.owe()
    times.now = 105.0
    running.settle()
    running.start()

    assert (running.owed_s, running.answers) == (0.0, 0)


def test_a_number_of_answers_that_is_set_counts_at_once(file):
    """Whoever ends next, before anything more is asked, ends with that many."""
    running = Clock(file, -1)
    running.start()
    running.owe()
    running.settle()
    running.set_answers(0)

    assert read_clock(file).answers == running.answers == 0


def test_a_test_idles_while_it_neither_works_nor_waits(file, times):
    """Of 30 s, 4 were owed by the program, 6 went into work, 5 into a queue: 15 are left."""
    running = Clock(file, -1)
    running.start()
    times.now = 101.0
    running.owe()
    times.now = 105.0
    running.settle()
    times.now = 130.0

    assert read_clock(file).idle_s(cpu_s=13.0, queued_s=8.0) == 15.0


def test_nothing_idles_between_programs(file, times):
    """An examiner that waits for work is not charged."""
    running = Clock(file, -1)
    running.start()
    running.stop()
    times.now = 10_000.0

    assert read_clock(file).idle_s(cpu_s=7.0, queued_s=3.0) == 0.0


def test_what_the_kernel_says_of_the_queue_is_read():
    """The second number of schedstat."""
    reader, writer = os.pipe()
    os.close(reader)
    os.close(writer)
    fd = os.memfd_create("schedstat")
    os.write(fd, b"123456 789 42\n")

    assert Clock(-1, fd)._queued_ns() == 789  # noqa: SLF001
    assert Clock(-1, -1)._queued_ns() == 0  # noqa: SLF001
    os.close(fd)


def test_whoever_ends_while_a_reply_is_read_ends_by_the_programs_doing(file, monkeypatch):
    """Also the reply that brings the program's names: it counts until it is seen to tell nothing."""
    seen = []
    as_it_is = values.from_tree

    def from_tree(tree, resolve):
        seen.append(read_clock(file).answers)
        return as_it_is(tree, resolve)

    monkeypatch.setattr(values, "from_tree", from_tree)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        line = Stream(theirs.fileno())
        for reply in (READY, '["ok", {"dict": []}, {}]'):
            line.send(reply)
        Remote(ours.fileno(), 1000, Clock(file, -1)).load(("f",), forgives=False)

    assert seen == [1]
