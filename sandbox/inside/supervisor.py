"""Watches one forked process to its end: CPU seconds decide, wall seconds catch sleepers, nothing stays behind.

Runs in the template, the parent of the process. It believes only the kernel: wait status, resource usage, CPU clocks.
"""

import os
import select
import signal
import socket
import time
from contextlib import suppress

from sandbox.inside.clock import read_clock
from sandbox.inside.messages import (
    EXAMINE,
    EXCEEDED,
    SERVE,
    STOP,
    Facts,
    ForkRequest,
    Lap,
    cpu_limit_in,
    receive_mark,
    receive_request,
    write_lap,
)

CPU, _WALL, MEMORY, FILES, HOST_MEMORY = map(EXCEEDED.index, ("cpu", "wall", "memory", "file_size", "host_memory"))
NOTABLE_S = 0.05
"""Less than so much waiting is not looked at for time in a processor's queue."""
TICK_S, _FINEST_TICK_S = 0.1, 0.005
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_CORES = os.cpu_count() or 1


def end_others(facts: Facts, packet: bytes) -> Facts:
    """End what a fork left in its pid namespace, reap it, and add it up with the facts of the fork.

    Args:
        facts: of the fork alone.
        packet: the request.
    """
    cpu_s, peak_memory_bytes = facts.cpu_s, facts.peak_memory_bytes
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            usage = os.wait4(-1, 0)[2]
            cpu_s += usage.ru_utime + usage.ru_stime
            peak_memory_bytes = max(peak_memory_bytes, usage.ru_maxrss * 1024)
    exceeded = CPU if cpu_s > cpu_limit_in(packet) else 0
    return facts._replace(cpu_s=cpu_s, peak_memory_bytes=peak_memory_bytes, exceeded=exceeded)


class ForkedProcess:
    """Supervises one forked process."""

    def __init__(
        self,
        pid: int,
        request: ForkRequest,
        laps: int | None,
        clock: int | None,
        *,
        owns_pid_namespace: bool,
        pidfd: int | None = None,
    ) -> None:
        """Start to watch a process.

        Args:
            pid: the process.
            request: the kind of execution, with its limits.
            laps: the file for what a serving candidate uses, a lap a test.
            clock: the file of the clock of the test at hand, where there is one; see `sandbox.inside.clock`.
            owns_pid_namespace: whether every process but init is of this execution.
            pidfd: its descriptor, if there is one already; it is closed at the end.
        """
        self.pid = pid
        self.request = request
        self.laps = laps
        self.clock = clock
        self.owns_pid_namespace = owns_pid_namespace
        self.pidfd = os.pidfd_open(pid) if pidfd is None else pidfd
        self.stat_fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
        self.started_s = time.monotonic()
        self.waited_s = 0.0
        """In the laps before, beyond CPU time and without waiting for a processor."""
        self.lap_cpu_base_s = 0.0
        self.queued_base_s = 0.0
        self.reaped_cpu_s = 0.0
        self.peak_memory_bytes = 0
        self.status: int | None = None
        self.exceeded = 0

    def supervise(self, control: socket.socket, marks: socket.socket | None, tick_s: float = TICK_S) -> Facts:
        """Wait for the end, however it comes, leave nothing behind, and return the facts.

        Args:
            control: the socket to the judge.
            marks: the socket on which examiners request laps, if they may.
            tick_s: seconds before the first look at what is used.

        Raises:
            EOFError: The judge is gone.
        """
        poller = select.poll()
        poller.register(self.pidfd, select.POLLIN)
        poller.register(control, select.POLLIN)
        if marks is not None:
            poller.register(marks, select.POLLIN)
        while True:
            ready = {fd for fd, _ in poller.poll(tick_s * 1000)}
            if marks is not None and marks.fileno() in ready:
                self._lap(marks)  # before all else: marks that came before the end are no news after it
            elif self.pidfd in ready or (control.fileno() in ready and self._stopped(control)):
                break
            elif not ready:
                tick_s = self._tick()
            if self.exceeded:
                break
        return self._end()

    def _stopped(self, control: socket.socket) -> bool:
        received = receive_request(control)
        if received is None:  # the judge is gone, and so will we be
            self._end()
            raise EOFError
        request, _ = received
        return request.kind == STOP and request.number == self.request.number

    def _lap(self, marks: socket.socket) -> None:
        number, wall_s = receive_mark(marks)
        if number != self.request.number or self.laps is None:
            return
        cpu_s = _clock_s(self.pid) + _children_cpu_s(os.pread(self.stat_fd, 1024, 0))
        lap_cpu_s = max(0.0, cpu_s - self.lap_cpu_base_s)
        if wall_s - lap_cpu_s > NOTABLE_S:
            queued_s = self._queued_s(self._pids())
            self.queued_base_s += queued_s
            wall_s -= min(wall_s - lap_cpu_s, queued_s)
        self.waited_s += max(0.0, wall_s - lap_cpu_s)
        if self.waited_s > self.request.waiting_s:
            self.exceeded = _WALL
        write_lap(self.laps, Lap(lap_cpu_s, wall_s))
        self.lap_cpu_base_s = cpu_s

    def _tick(self) -> float:
        """Compare what is used with the limits; return the seconds until the next look."""
        self._reap_orphans()
        pids = self._pids()
        cpu_s = (
            self.reaped_cpu_s
            + sum(_clock_s(pid) + _children_cpu_s(_read(f"/proc/{pid}/stat")) for pid in pids)
            - self.lap_cpu_base_s
        )
        wall_s = self._wall_s(cpu_s, pids)
        if cpu_s > self.request.cpu_s:
            self.exceeded = CPU
        elif len(pids) > 1 and sum(map(_resident_bytes, pids)) > self.request.memory_bytes:
            self.exceeded = MEMORY
        elif wall_s > self.request.wall_s or self.waited_s + wall_s - cpu_s > self.request.waiting_s:
            self.exceeded = _WALL
        soonest_s = min((self.request.cpu_s - cpu_s) / _CORES, abs(self.request.wall_s - wall_s))
        return min(TICK_S, max(_FINEST_TICK_S, soonest_s))

    def _wall_s(self, cpu_s: float, pids: list[int]) -> float:
        """Return the seconds of this lap that count against the wall limit: none that went by in a processor's queue.

        A program that serves is charged while it owes an answer, an examiner while its test neither works nor waits for
        the program.
        """
        if self.clock is None:
            return time.monotonic() - self.started_s - self._queued_s(pids)
        if self.request.kind == SERVE:
            return read_clock(self.clock).owed_s() - self._queued_s(pids)
        return read_clock(self.clock).idle_s(cpu_s, _lifelong_queued_s(self.pid))

    def _queued_s(self, pids: list[int]) -> float:
        """Return the seconds in which the program was ready to run but had to wait for a processor.

        Those of this lap, and of earlier ones that waited too little to be looked at. At most nine times the wall
        limit, so that nothing runs forever.
        """
        queued_s = max(map(_lifelong_queued_s, pids), default=0.0)
        return min(queued_s - self.queued_base_s, 9 * self.request.wall_s)

    def _pids(self) -> list[int]:
        if not self.owns_pid_namespace:
            return [self.pid]
        return [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]

    def _reap_orphans(self) -> None:
        """Reap what the program left to init, so that zombies don't count against its processes."""
        with suppress(ChildProcessError):
            while True:
                waited = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                if waited is None or waited.si_pid == self.pid:
                    return
                self._reap(waited.si_pid)

    def _reap(self, pid: int) -> None:
        reaped, status, usage = os.wait4(pid, 0)
        self.reaped_cpu_s += usage.ru_utime + usage.ru_stime
        self.peak_memory_bytes = max(self.peak_memory_bytes, usage.ru_maxrss * 1024)
        if reaped == self.pid:
            self.status = status

    def _end(self) -> Facts:
        """End all that still runs, reap it all, and add up."""
        wall_s = time.monotonic() - self.started_s
        if wall_s - _clock_s(self.pid) > NOTABLE_S and self.request.kind != EXAMINE:
            wall_s -= min(wall_s, _lifelong_queued_s(self.pid))
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self._reap(self.pid)
        everybody = -1 if self.owns_pid_namespace else -self.pid
        with suppress(ProcessLookupError):
            os.kill(everybody, signal.SIGKILL)
            with suppress(ChildProcessError):
                while True:
                    self._reap(-1)
        os.close(self.pidfd)
        os.close(self.stat_fd)
        for fd in (self.laps, self.clock):
            if fd is not None:
                os.close(fd)
        if not self.exceeded and self.reaped_cpu_s - self.lap_cpu_base_s > self.request.cpu_s:
            self.exceeded = CPU
        status = self.status or 0
        return Facts(
            number=self.request.number,
            exit_code=os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1,
            signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            cpu_s=self.reaped_cpu_s,
            wall_s=wall_s,
            peak_memory_bytes=self.peak_memory_bytes,
            exceeded=self.exceeded,
        )


def _clock_s(pid: int) -> float:
    """Return the CPU seconds of a process, all its threads included (clock_getcpuclockid(3) in numbers)."""
    per_process_sched_clock = 2
    with suppress(OSError):
        return time.clock_gettime((~pid << 3) | per_process_sched_clock)
    return 0.0


def _read(path: str) -> bytes:
    """Return a small file of /proc, empty where its process is gone."""
    with suppress(OSError):
        fd = os.open(path, os.O_RDONLY)
        try:
            return os.read(fd, 4096)
        finally:
            os.close(fd)
    return b""


def _children_cpu_s(stat: bytes) -> float:
    """Return the CPU seconds of the children that a process has waited for, from its line in /proc/PID/stat."""
    fields = stat.rpartition(b")")[2].split(None, 15)  # no more than needed: each takes memory that forks share
    return (int(fields[13]) + int(fields[14])) / _TICKS_PER_S if fields else 0.0


def _resident_bytes(pid: int) -> int:
    """Return the resident memory of a process, but for what it maps from files; its first thread may be gone."""
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            rows = dict(row.split(b":", 1) for row in _read(f"/proc/{pid}/task/{thread}/status").splitlines())
            if b"RssAnon" in rows:
                return sum(int(rows[name].split()[0]) for name in (b"RssAnon", b"RssShmem")) * 1024
    return 0


def _lifelong_queued_s(pid: int) -> float:
    """Return the seconds that a thread of the process was ready to run but had to wait for a processor, at most."""
    longest_ns = 0
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            if fields := _read(f"/proc/{pid}/task/{thread}/schedstat").split():
                longest_ns = max(longest_ns, int(fields[1]))
    return longest_ns / 1e9
