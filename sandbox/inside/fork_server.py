"""Forks a process for each request, and watches it, in a parent that writes to few pages of the memory that both share.

Each object that is looked up or called, functions too, has a count of references, mostly on a page of its own, which is
copied when the parent changes the count while a fork shares it. So what every request takes is a loop over local
variables; what few requests take is in methods. At the end of the loop the variables let their objects go: a fork
that lets one go in their place would find its block free, and its own objects would lie elsewhere.

Runs in the examined interpreter: standard library only.
"""

import functools
import os
import select
import signal
import socket
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from os import _exit
from types import ModuleType
from typing import Any, NamedTuple, NoReturn

from sandbox.inside import candidate
from sandbox.inside.confinement import FORK_SCORE, OWN_PID, Confinement
from sandbox.inside.heap import MOST_GAPS
from sandbox.inside.layers import kernel, rlimits
from sandbox.inside.layers.cgroups import MOST_COUNTERS_BYTES
from sandbox.inside.messages import (
    EXAMINE,
    LIMITS_BYTES,
    PACK_FACTS,
    REQUEST_BYTES,
    RIGHTS_BYTES,
    RUN,
    SERVE,
    STOP,
    UNPACK_CPU_LIMIT,
    UNPACK_NUMBER,
    UNPACK_RIGHTS,
    Facts,
    receive_mark,
    request_in,
)
from sandbox.inside.supervisor import (
    CPU,
    FILES,
    HOST_MEMORY,
    MEMORY,
    NOTABLE_S,
    TICK_S,
    ForkedProcess,
    end_others,
)

FIRST_FD = 3
"""The number of the first descriptor that a fork gets, and of what a template opens itself."""
KEPT, OVERFULL = b"k", b"o"
"""What the warden says of the writable place that it renewed: whether it held more files than one may leave."""
_NOTABLE_MS = round(NOTABLE_S * 1000)
_STRAYED = 70
"""Exit status of a fork that left its work by an exception."""


class Sockets(NamedTuple):
    """Names the sockets of a template: to the judge, from examiners to the candidates' template, to the warden."""

    control: socket.socket
    marks: socket.socket
    warden: socket.socket


class Watcher:
    """Watches forks that end, or are stopped, soon and alone, and touches little memory while a fork shares it."""

    def __init__(
        self, control: socket.socket, marks: socket.socket | None, pidfd: int, shared: tuple[Callable[..., Any], ...]
    ) -> None:
        """Watch for what may come.

        Args:
            control: the socket to the judge.
            marks: the socket on which examiners request laps, if they may.
            pidfd: the number that the descriptor of a fork has.
            shared: what receives from the judge, tells the time, and closes a file.
        """
        poller, marks_fd = select.poll(), -1 if marks is None else marks.fileno()
        for fd in (marks_fd, control.fileno(), pidfd):
            if fd >= 0:
                poller.register(fd, select.POLLIN)
        self.tools: tuple[Any, ...] = (
            pidfd, marks_fd, poller.poll, *shared, UNPACK_NUMBER, UNPACK_CPU_LIMIT,
            *kernel.prepared_wait(),
        )  # fmt: skip

    def watch(  # noqa: PLR0917 - names of arguments take memory
        self, pid: int, pidfd: int, packet: bytes, started_s: float, laps: int, clock: int
    ) -> Facts | None:
        """Return the facts of a fork, as a plain tuple; None where it takes a `ForkedProcess` to find them.

        Args:
            pid: the fork.
            pidfd: its descriptor, which is closed where the facts are returned, as those of laps and clock are.
            packet: the request.
            started_s: when it began, by the monotonic clock.
            laps: as the clock, the descriptor of a file of the request; below 0 where there is none.
            clock: see `ForkedProcess`.
        """
        own_fd, marks_fd, poll, receive, now, close, number_in, cpu_limit_in, wait4, status_at, usage_at, row, usage = (
            self.tools
        )
        if pidfd != own_fd:
            return None
        (number,) = number_in(packet, LIMITS_BYTES)
        while True:
            ready = poll(_NOTABLE_MS)
            wall_s = now() - started_s
            if not ready or ready[0][0] == marks_fd or wall_s > NOTABLE_S:
                return None
            if ready[-1][0] == pidfd:
                break
            stop = receive(REQUEST_BYTES, RIGHTS_BYTES)[0]
            if not stop:  # the judge is gone, and so will we be
                raise EOFError
            if stop[0] == STOP and number_in(stop, LIMITS_BYTES)[0] == number:
                os.kill(pid, signal.SIGKILL)
                break
        if wait4(pid, status_at, 0, usage_at) != pid:
            raise ChildProcessError("a fork can't be waited for")
        close(pidfd)
        if laps >= 0:
            close(laps)
        if clock >= 0:
            close(clock)
        status, cpu_s = row[0], usage[0] + usage[2] + (usage[1] + usage[3]) / 1e6
        facts = (
            number, -1 if status & 0x7F else status >> 8, status & 0x7F, cpu_s, wall_s, usage[4] << 10,
            CPU if cpu_s > cpu_limit_in(packet, 1)[0] else 0,
        )  # fmt: skip
        return facts  # type: ignore[return-value]  # noqa: RET504 - the class itself would take more memory


class ForkServer:
    """Executes the requests of the judge and keeps nothing of them."""

    def __init__(self, jail: Confinement, sockets: Sockets, examiner: ModuleType | None) -> None:
        """Serve over these sockets; the module `sandbox.inside.examiner` is for a template of examiners alone."""
        self.jail = jail
        self.examiner = examiner
        self.sockets = sockets
        self.marks = sockets.marks if jail.holds_candidates else None
        poller = select.poll()
        for sock in (self.marks, sockets.control):
            if sock is not None:
                poller.register(sock, select.POLLIN)
        gaps = [poller.poll for _ in range(MOST_GAPS)]  # filled, so that the objects below lie together
        receive, now, close = sockets.control.recvmsg, functools.partial(time.monotonic), functools.partial(os.close)
        watcher = Watcher(sockets.control, self.marks, FIRST_FD, (receive, now, close))
        self.tools: tuple[Any, ...] = (
            poller.poll, receive, sockets.control.send, PACK_FACTS, UNPACK_RIGHTS,
            *(functools.partial(call) for call in (os.fork, os.pidfd_open, os.pwrite, os.pread, os.stat)), close, now,
            watcher.watch, *(jail.group.kills() if jail.group else (-1, bool)),
        )  # fmt: skip
        del gaps

    def serve(self, *, is_odd: bool | None = None) -> None:  # noqa: C901, PLR0912 - see the module
        """Execute requests and report how each fork ended; raise EOFError once the judge is gone.

        Args:
            is_odd: for a single request, whether to take it for out of the ordinary from the start.
        """
        poll, receive, send, pack, unpack, fork, pidfd_open, pwrite, pread, stat, close, now, *more = self.tools
        (watch, kills, is_known), jail, sockets, reserve = more, self.jail, self.sockets, self.jail.reserve
        last_pid, score, own_score, children = jail.last_pid, jail.score, jail.own_score, jail.children
        limits, writable, pristine, hold, few = jail.limits, jail.writable, jail.pristine, reserve.hold, reserve.few
        control_fd, pop = sockets.control.fileno(), few.pop
        while True:
            if poll()[-1][0] != control_fd:
                receive_mark(sockets.marks)  # its candidate died before it came
                continue
            packet, rights, _, _ = receive(REQUEST_BYTES, RIGHTS_BYTES)
            if not packet:
                raise EOFError
            kind = packet[0]
            if kind == STOP:  # it crossed with the end of its execution
                packet = rights = None  # so that the next one is received into the same block
                continue
            descriptors, clock, laps = unpack[kind](rights[0][2]), -1, -1
            if kind == SERVE:
                *descriptors, clock, laps = descriptors
            elif kind == EXAMINE:
                clock = os.dup(descriptors[-1])
            if is_odd or limits != packet[:LIMITS_BYTES]:
                reserve.release()
                jail.set_limits(packet)
            if last_pid >= 0:
                pwrite(last_pid, OWN_PID, 0)  # how many came before must not show
            pwrite(score, FORK_SCORE, 0)  # it is the one to go where memory is short
            hold()
            pid = fork()
            if pid == 0:
                _become_fork(jail, packet, descriptors, sockets, self.examiner)
            while few[-1] is not None:
                pop()
            pwrite(score, own_score, 0)
            for fd in descriptors:
                close(fd)
            pidfd, started_s = pidfd_open(pid), now()
            facts = None if is_odd or children < 0 else watch(pid, pidfd, packet, started_s, laps, clock)
            if facts is None:
                facts = self._supervised(pid, pidfd, packet, (laps, clock), started_s, is_odd=bool(is_odd))
            elif pread(children, 1, 0):  # it left some behind
                reserve.release()
                facts = end_others(Facts._make(facts), packet)
            entry = stat(writable)
            if (
                (entry[0] != pristine[0] or entry[1] != pristine[1] or entry[2] != pristine[2])
                or (entry.st_mtime_ns != pristine[3] or entry.st_ctime_ns != pristine[4])
                or (kills >= 0 and not is_known(pread(kills, MOST_COUNTERS_BYTES, 0)))
            ):
                facts = self._with_traces(Facts._make(facts))
            send(pack(*facts))
            if is_odd is not None:
                return
            packet = rights = descriptors = pid = started_s = facts = entry = None  # see the module

    def _supervised(
        self, pid: int, pidfd: int, packet: bytes, files: tuple[int, int], started_s: float, *, is_odd: bool
    ) -> Facts:
        """Return how a fork ended that is not as most are, with all that it started."""
        self.jail.reserve.release()
        laps, clock = (fd if fd >= 0 else None for fd in files)
        execution = ForkedProcess(
            pid, request_in(packet), laps, clock, owns_pid_namespace=self.jail.owns_pids, pidfd=pidfd
        )
        execution.started_s = started_s
        return execution.supervise(self.sockets.control, self.marks, 0.0 if is_odd else TICK_S)

    def _with_traces(self, facts: Facts) -> Facts:
        """Remove what a program left in the writable place; return the facts with what that and the group reveal."""
        jail = self.jail
        jail.reserve.release()
        if jail.is_dirty():
            warden = self.sockets.warden
            warden.send(b"r")
            if warden.recv(1) == OVERFULL:
                facts = facts._replace(exceeded=facts.exceeded or FILES)
            jail.note_writable()
        try:
            return facts._replace(exceeded=facts.exceeded or MEMORY) if jail.ran_out_of_memory() else facts
        except MemoryError:
            return facts._replace(exceeded=facts.exceeded or HOST_MEMORY)


def _become_fork(
    jail: Confinement, packet: bytes, own: Sequence[int], sockets: Sockets, examiner: ModuleType | None
) -> NoReturn:
    """Turn a fork into its kind: a session and descriptors of its own, the remaining layers, the work."""
    kind = packet[0]
    try:
        os.setsid()
        if kind == EXAMINE:
            own = [*own, sockets.marks.fileno(), _opened("/proc/self/schedstat")]
        jail.confine(is_examiner=kind == EXAMINE)
        _close_others(own)
        if kind == RUN:
            candidate.run_program(*own)
        elif kind == SERVE:
            candidate.serve(*own, most_bytes=request_in(packet).output_bytes)
        elif examiner is not None:
            examiner.examine_programs(*own)
    except BaseException:  # noqa: BLE001 - what a program raises must not travel up into the template's own frames
        traceback.print_exc()
    _exit(_STRAYED)


def look_up_names(jail: Confinement) -> None:
    """Look up what a fork will, for the interpreter keeps what it finds: a fork inherits that, or has to write it.

    Args:
        jail: the template's.
    """
    for function in (_become_fork, jail.confine, rlimits.apply, _close_others, *candidate.IN_EACH_FORK):
        for name in function.__code__.co_names:
            for owner in (os, jail):
                hasattr(owner, name)


def _opened(path: str) -> int:
    """Return the descriptor of a file to read; -1 where there is none."""
    with suppress(OSError):
        return os.open(path, os.O_RDONLY)
    return -1


def _close_others(kept: Sequence[int]) -> None:
    """Close every descriptor but the standard ones and those that are named."""
    above = 3
    for fd in sorted(kept):
        if fd > above:
            os.closerange(above, fd)
        above = fd + 1
    os.closerange(above, above + 100)  # a template has some twenty
