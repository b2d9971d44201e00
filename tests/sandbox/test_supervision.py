"""Time that a process waits for a processor is not the program's: what the kernel says of it is made up here."""

import os
import signal
import socket
import subprocess

import pytest

from sandbox.inside import supervisor
from sandbox.inside.messages import EXCEEDED, RUN, ForkRequest
from sandbox.inside.supervisor import ForkedProcess

WALL_S = 1000.0


@pytest.fixture
def exceeded(monkeypatch):
    """Return a function that watches a sleeping process of some age, and returns the limit that it ran into.

    The process ends by itself as soon as its time in the queue has been read.
    """
    as_it_is = supervisor._read  # noqa: SLF001 - the one place where /proc is read

    def exceeded(wall_s, queued_s, *, earlier_queue_s=0.0):
        def read(path):
            if not path.endswith("/schedstat"):
                return as_it_is(path)
            os.kill(process.pid, signal.SIGTERM)
            return f"0 {int(queued_s * 1e9)} 1".encode()

        monkeypatch.setattr(supervisor, "_read", read)
        request = ForkRequest(kind=RUN, number=1, cpu_s=1e6, wall_s=WALL_S, waiting_s=1e9, memory_bytes=1 << 40)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours, theirs, subprocess.Popen(["/bin/sleep", "60"]) as process:
            execution = ForkedProcess(process.pid, request, None, None, owns_pid_namespace=False)
            execution.started_s -= wall_s
            execution.queued_base_s = earlier_queue_s  # as a mark leaves it
            return EXCEEDED[execution.supervise(ours, None).exceeded]

    return exceeded


def test_time_in_the_queue_is_subtracted_from_wall_time(exceeded):
    """Of 5,000 s, 4,900 in the queue leave 100 of the allowed 1,000; 3,000 leave 2,000."""
    assert exceeded(5000, 4900) is None
    assert exceeded(5000, 3000) == "wall"


def test_the_queue_excuses_nine_times_the_limit_at_most(exceeded):
    """Nothing waits forever: 9,900 s may pass under a limit of 1,000 s, 10,100 s may not, however long the queue was."""
    assert exceeded(9900, 1e6) is None
    assert exceeded(10100, 1e6) == "wall"


def test_the_queue_of_an_earlier_test_excuses_nothing(exceeded):
    """The kernel counts from the start of the process; what was taken off an earlier test is not taken off again."""
    assert exceeded(5000, 4900, earlier_queue_s=4900) == "wall"
