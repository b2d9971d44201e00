"""Keeps the clock of one test: the time that the program owes an answer, and the test's own.

The examiner writes it into a memory file. There the candidates' template reads whether a program keeps the test
waiting, the examiners' template whether a test itself never ends, the judge whether a program had answered. Time in
which the examiner waits for a processor is not counted.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import os
import struct
import time
from typing import NamedTuple

_READING = struct.Struct("=6q")
_NOTABLE_NS = 1_000_000
"""Shorter waits are not looked at for time in a processor's queue."""


class ClockReading(NamedTuple):
    """Reads out the file; times are nanoseconds of CLOCK_MONOTONIC, the same in every process."""

    owing_since_ns: int = 0
    """When the program got its last request; 0 while it owes no answer."""
    owed_ns: int = 0
    """How long it has owed answers in this test before."""
    started_ns: int = 0
    """When the test began; 0 between programs."""
    cpu_ns: int = 0
    """CPU time of the examiner when the test began."""
    queued_ns: int = 0
    """How long the examiner had waited for a processor when that was last read before the test."""
    answers: int = 0
    """Answers of the program in this test; that it was loaded is none, once it is seen to hold only functions."""

    def owed_s(self) -> float:
        """Return the seconds for which the program has owed answers in this test, until now."""
        owing_ns = time.monotonic_ns() - self.owing_since_ns if self.owing_since_ns else 0
        return (self.owed_ns + owing_ns) / 1e9

    def idle_s(self, cpu_s: float, queued_s: float) -> float:
        """Return the seconds in which the test neither worked nor waited for the program or a processor.

        Args:
            cpu_s: CPU seconds of the examiner by now.
            queued_s: seconds for which it has waited for a processor by now.

        Returns:
            0 between programs.
        """
        if not self.started_ns:
            return 0.0
        elapsed_s = (time.monotonic_ns() - self.started_ns) / 1e9
        return elapsed_s - self.owed_s() - (cpu_s - self.cpu_ns / 1e9) - (queued_s - self.queued_ns / 1e9)


def read_clock(fd: int) -> ClockReading:
    """Return what the file of a clock says.

    Args:
        fd: of the memory file.

    Returns:
        The last reading written; all zeros before the first.
    """
    data = os.pread(fd, _READING.size, 0)
    return ClockReading._make(_READING.unpack(data)) if data else ClockReading()


class Clock:
    """Writes the file, from the examiner's side."""

    def __init__(self, fd: int, schedstat: int) -> None:
        """Keep the clock in a file.

        Args:
            fd: the memory file.
            schedstat: /proc/self/schedstat of this process, opened; -1 where there is none.
        """
        self._fd = fd
        self._schedstat = schedstat
        self._since_ns = self._owed_ns = self._answers = 0
        self._seen_ns = self._queued_ns()
        self._start: tuple[int, int, int] = (0, 0, 0)

    def start(self) -> None:
        """Let a test begin."""
        self._since_ns = self._owed_ns = self._answers = 0
        self._seen_ns = self._queued_ns()
        self._start = (time.monotonic_ns(), time.process_time_ns(), self._seen_ns)
        self._write()

    def stop(self) -> None:
        """Say that no test is under way."""
        self._since_ns = self._owed_ns = self._answers = 0
        self._start = (0, 0, 0)
        self._write()

    def owe(self) -> None:
        """Note a request to the program."""
        self._since_ns = time.monotonic_ns()
        self._write()

    def settle(self) -> None:
        """Note that the program has answered."""
        self._owed_ns += self._without_queue(time.monotonic_ns() - self._since_ns)
        self._since_ns = 0
        self._answers += 1
        self._write()

    def answered_and_owes(self) -> float:
        """End a test whose answer has come and begin the next one, which the program has begun already.

        Returns:
            The seconds for which it owed the answer. The file, which is there for those who look every few
            milliseconds, is not written for shorter ones.
        """
        now_ns = time.monotonic_ns()
        owed_ns = self._owed_ns + self._without_queue(now_ns - self._since_ns)
        self._since_ns, self._owed_ns, self._answers = now_ns, 0, 0
        if now_ns - self._start[0] > _NOTABLE_NS:
            self._start = (now_ns, time.process_time_ns(), self._seen_ns)
            self._write()
        return owed_ns / 1e9

    def set_answers(self, answers: int) -> None:
        """Note how many answers the test has, in place of those counted until now.

        Args:
            answers: 0 where all that the test knows of the program are functions.
        """
        self._answers = answers
        self._write()

    @property
    def answers(self) -> int:
        """The answers in this test."""
        return self._answers

    @property
    def owed_s(self) -> float:
        """The seconds for which the program has owed answers in this test."""
        return self._owed_ns / 1e9

    def _without_queue(self, waited_ns: int) -> int:
        """Return what is left of a wait without the time in a processor's queue."""
        if waited_ns > _NOTABLE_NS:
            queued_ns = self._queued_ns()
            waited_ns -= min(waited_ns, queued_ns - self._seen_ns)
            self._seen_ns = queued_ns
        return waited_ns

    def _write(self) -> None:
        os.pwrite(self._fd, _READING.pack(self._since_ns, self._owed_ns, *self._start, self._answers), 0)

    def _queued_ns(self) -> int:
        return int(os.pread(self._schedstat, 128, 0).split()[1]) if self._schedstat >= 0 else 0
