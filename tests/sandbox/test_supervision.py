"""Time that a process waits for a processor is not the program's: what the kernel says of it is made up here."""

import os
import signal
import socket
import subprocess

import pytest

from sandbox.inside import supervisor
from sandbox.inside.messages import EXCEEDED, RUN, SERVE, ForkRequest, content_of, laps_of
from sandbox.inside.supervisor import ForkedProcess

WALL_S = 1000.0
HERTZ = os.sysconf("SC_CLK_TCK")


def exceeded_in(facts):
    """Return the limit that was exceeded."""
    return EXCEEDED[facts.exceeded]


@pytest.fixture
def watched(monkeypatch):
    """Return a function that watches a sleeping process of some age to its end, and returns the facts.

    The process ends by itself as soon as its time in the queue has been read.
    """
    as_it_is = supervisor._read  # noqa: SLF001 - the one place where /proc is read

    def watched(wall_s, queued_s, *, earlier_queue_s=0.0, waiting_s=1e9):
        def read(path):
            if not path.endswith("/schedstat"):
                return as_it_is(path)
            os.kill(process.pid, signal.SIGTERM)
            return f"0 {int(queued_s * 1e9)} 1".encode()

        monkeypatch.setattr(supervisor, "_read", read)
        request = ForkRequest(
            kind=RUN, number=1, cpu_s=1e6, wall_s=WALL_S, waiting_s=waiting_s, memory_bytes=1 << 40
        )  # fmt: skip
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours, theirs, subprocess.Popen(["/bin/sleep", "60"]) as process:
            execution = ForkedProcess(process.pid, request, None, None, owns_pid_namespace=False)
            execution.started_s -= wall_s
            execution.queued_base_s = earlier_queue_s  # as a mark leaves it
            return execution.supervise(ours, None)

    return watched


def test_time_in_the_queue_is_subtracted_from_wall_time(watched):
    """Of 5,000 s, 4,900 in the queue leave 100 of the allowed 1,000; 3,000 leave 2,000."""
    assert exceeded_in(watched(5000, 4900)) is None
    assert exceeded_in(watched(5000, 3000)) == "wall"


def test_the_queue_excuses_nine_times_the_limit_at_most(watched):
    """Nothing waits forever: 9,900 s may pass under a limit of 1,000 s, 10,100 s may not, however long the queue was."""
    assert exceeded_in(watched(9900, 1e6)) is None
    assert exceeded_in(watched(10100, 1e6)) == "wall"


def test_the_queue_of_an_earlier_test_excuses_nothing(watched):
    """The kernel counts from the start of the process; what was taken off an earlier test is not taken off again."""
    assert exceeded_in(watched(5000, 4900, earlier_queue_s=4900)) == "wall"


def test_no_more_is_waited_than_is_left_for_all_tests(watched):
    """Of 900 s, 600 in the queue leave 300, which is more than 200, though one test might take 1,000."""
    assert exceeded_in(watched(900, 600, waiting_s=400)) is None
    assert exceeded_in(watched(900, 600, waiting_s=200)) == "wall"


def test_the_wall_time_that_is_reported_is_without_the_queue(watched):
    """Of 5,000 s, 4,900 in the queue leave 100, and a little for this test's own time."""
    assert 100 <= watched(5000, 4900).wall_s < 1000


def stat(user_s, system_s):
    """Return a line of /proc/PID/stat of a process whose children took so long."""
    return b"7 (odd) name) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 %d %d 20 0" % (user_s * HERTZ, system_s * HERTZ)


@pytest.fixture
def laps(monkeypatch):
    """Return a function that watches a process which ends after some marks; it returns the laps and the facts.

    Of each mark: the execution's number, the seconds that answers were owed, and what the kernel says then: the CPU
    seconds of its children, and the seconds that it ever waited in a queue.
    """
    steps = []

    def receive_mark(sock):
        number, owed_s, children_s, queued_s = steps.pop(0)
        sock.recv(1)
        os.pwrite(stat_fd, stat(*children_s), 0)
        monkeypatch.setattr(supervisor, "_lifelong_queued_s", lambda _: queued_s)
        return number, owed_s

    def laps(*marks, cpu_s=1e6, reaped_s=0.0):
        steps.extend(marks)
        request = ForkRequest(kind=SERVE, number=1, cpu_s=cpu_s, wall_s=WALL_S, waiting_s=1e9, memory_bytes=1 << 40)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        marking, marked = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        written = os.memfd_create("laps")
        with ours, theirs, marking, marked, subprocess.Popen(["/bin/true"]) as process:
            execution = ForkedProcess(process.pid, request, os.dup(written), None, owns_pid_namespace=False)
            os.dup2(stat_fd, execution.stat_fd)
            execution.reaped_cpu_s = reaped_s  # of children that ended before
            for _ in marks:
                marking.send(b"m")
            facts = execution.supervise(ours, marked)
        found = laps_of(content_of(written))
        os.close(written)
        return found, facts

    stat_fd = os.memfd_create("stat")
    monkeypatch.setattr(supervisor, "receive_mark", receive_mark)
    monkeypatch.setattr(ForkedProcess, "_tick", lambda _: 0.1)  # the marks and the end decide
    yield laps
    os.close(stat_fd)


def test_a_lap_counts_what_children_took_since_the_mark_before(laps):
    """5 s and 2 s, 3 s and 1 s more, nothing more; the process itself takes next to nothing."""
    found, _ = laps((1, 0.0, (5, 2), 0.0), (1, 0.0, (8, 3), 0.0), (1, 0.0, (8, 3), 0.0))

    assert [lap.cpu_s for lap in found] == pytest.approx([7, 4, 0], abs=0.5)


def test_a_mark_of_another_execution_begins_no_lap(laps):
    """It comes late, of a program whose candidate died."""
    found, _ = laps((7, 60.0, (5, 0), 0.0), (1, 40.0, (6, 0), 0.0))

    assert [(round(lap.cpu_s), round(lap.wall_s)) for lap in found] == [(6, 40)]


def test_the_queue_is_taken_off_the_lap_that_it_fell_in(laps):
    """Of 50 s, 30 in the queue leave 20; the next 50 s had none, the last 50 s had 45 of 75 in all."""
    found, _ = laps((1, 50.0, (0, 0), 30.0), (1, 50.0, (0, 0), 30.0), (1, 50.0, (0, 0), 75.0))

    assert [round(lap.wall_s) for lap in found] == [20, 50, 5]


def test_computing_is_not_taken_off_as_queue(laps):
    """Of 50 s the children computed for 40, so no more than 10 were spent in a queue."""
    ((lap,), _) = laps((1, 50.0, (40, 0), 30.0))

    assert (round(lap.cpu_s), round(lap.wall_s)) == (40, 40)


@pytest.mark.parametrize(
    ("laps_before", "exceeded"), [([(1, 0.0, (0, 0), 0.0)], "cpu"), ([(1, 0.0, (99, 0), 0.0)], None)]
)
def test_the_time_of_earlier_tests_does_not_count_against_the_last(laps, laps_before, exceeded):
    """Of 100 s in all, 99 were charged to the test before, or none: a limit of 50 s is kept, or is not."""
    _, facts = laps(*laps_before, cpu_s=50.0, reaped_s=100.0)

    assert exceeded_in(facts) == exceeded
