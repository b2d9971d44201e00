"""Runs the warm interpreter inside the jail that forks candidates (a second one of its kind forks examiners).

Two processes: the *warden* leaves the host's namespaces, then only waits, and renews the writable place on request;
its child, the *template*, is init of the pid namespace and forks one process for each request. Neither ever reads a
program, a test or a value, so what a candidate inherits holds nothing worth reading.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import functools
import gc
import importlib
import json
import os
import select
import signal
import site
import socket
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from os import _exit
from typing import NamedTuple, NoReturn

from sandbox.inside import candidate, examiner
from sandbox.inside.confinement import FORK_SCORE, OWN_PID, Boot, BootError, Confinement, LayerRefusedError
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
    UNPACK_RIGHTS,
    Facts,
    ForkRequest,
    receive_mark,
    request_in,
    send_mark,
    send_request,
    served,
)
from sandbox.inside.supervisor import FILES, HOST_MEMORY, MEMORY, TICK_S, ForkedProcess, Watcher, end_others

_REHEARSALS = 2
_FIRST, _CONTROL, _MARKS, _LAST = 3, 20, 21, 22
"""Numbers of descriptors that are the same in every template; those of a fork come first."""
_KEPT, _OVERFULL = b"k", b"o"
"""What the warden says of the writable place that it renewed: whether it held more files than one may leave."""
_STRAYED = 70
"""Exit status of a fork that left its work by an exception."""


class Sockets(NamedTuple):
    """Names the sockets of a template: to the judge, from examiners to the candidates' template, to the warden."""

    control: socket.socket
    marks: socket.socket
    warden: socket.socket


def main(boot_text: str, *numbers: str) -> None:
    """Set up the jail and serve until the judge goes away.

    Args:
        boot_text: what to build; see `sandbox.inside.confinement.Boot`.
        numbers: descriptors: the socket to the judge, the one for marks, and one that is only kept open.
    """
    boot = Boot(boot_text)
    if boot.core is not None:
        os.sched_setaffinity(0, {boot.core})
    _move_to_fixed_numbers([int(number) for number in numbers])
    free = [os.open(os.devnull, os.O_RDONLY) for _ in range(_FIRST, _CONTROL)]
    control, marks = socket.socket(fileno=_CONTROL), socket.socket(fileno=_MARKS)
    for add_builtins in (site.setquit, site.setcopyright, site.sethelper):  # what -S left out: exit, quit, help
        add_builtins()
    _warm_up(boot.modules)
    try:
        jail = Confinement(boot)
    except (BootError, LayerRefusedError) as error:
        control.send(_as_packet(_reason(error)))
        return
    warden_end, template_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        warden_end.close()
        _become_template(jail, control, marks, template_end, free)
    for sock in (control, marks, template_end):
        sock.close()
    _guard(jail, warden_end, pid)


def _move_to_fixed_numbers(fds: list[int]) -> None:
    """Give descriptors the numbers that they have in every template, however many the judge has open.

    Numbers above 256 are objects in memory, so they show in where all later ones lie.
    """
    beyond = max(*fds, _LAST)
    for fd in fds:
        beyond += 1
        os.dup2(fd, beyond)
        os.close(fd)
    for number in range(_LAST, _CONTROL - 1, -1):
        os.dup2(beyond, number)
        os.close(beyond)
        beyond -= 1


def _warm_up(modules: list[str]) -> None:
    """Import modules without what they would do after every fork: `random` would take a new seed."""
    register, os.register_at_fork = os.register_at_fork, lambda **_hooks: None
    try:
        for name in modules:
            importlib.import_module(name)
    finally:
        os.register_at_fork = register


def _as_packet(report: dict[str, object]) -> bytes:
    return json.dumps(report).encode()


def _reason(error: Exception) -> dict[str, object]:
    return {"unwanted": str(error)} if isinstance(error, BootError) else {"refused": error.args}


def _guard(jail: Confinement, requests: socket.socket, pid: int) -> None:
    """Renew the writable place on request until the template ends; then remove it."""
    while requests.recv(1):
        requests.send(_KEPT if jail.renew_writable() else _OVERFULL)
    os.waitpid(pid, 0)
    jail.remove()


def _become_template(
    jail: Confinement, control: socket.socket, marks: socket.socket, warden: socket.socket, free: list[int]
) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGXFSZ, signal.SIGCHLD):  # init ignores what it has no handler for
        signal.signal(number, signal.SIG_DFL)
    try:
        report = jail.enter()
    except (BootError, LayerRefusedError) as error:
        control.send(_as_packet(_reason(error)))
        os._exit(1)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of user would have undone it
    for name in [name for name in sys.modules if name.partition(".")[0] == "sandbox"]:
        del sys.modules[name]  # a program may have modules of its own by these names
    if jail.holds_candidates:
        candidate.prepare_candidates()
    else:
        examiner.prepare_examiners()
    for fd in free:
        os.close(fd)
    ready = _as_packet(
        {"python": ".".join(map(str, sys.version_info[:3])), "layers": report, "packages": jail.versions}
    )
    jail.prepare_forks()
    _look_up_names(jail)
    template, rehearsal = ForkServer(jail, Sockets(control, marks, warden)), _Rehearsal(jail, warden)
    jail.keep_own_memory()
    gc.freeze()
    with suppress(EOFError, ConnectionError):
        rehearsal.run()
        control.send(ready)
        template.serve()
    os._exit(0)


class _Rehearsal:
    """Executes empty programs, so that the first real program finds the same traces as the second one."""

    def __init__(self, jail: Confinement, warden: socket.socket) -> None:
        """Prepare it before the template fills up its memory."""
        self.marking, self.marks = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.asking, self.control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.jail = jail
        self.template = ForkServer(jail, Sockets(self.control, self.marks, warden))

    def run(self) -> None:
        """Execute both kinds of programs, with what is out of the ordinary and without."""
        with self.marking, self.marks, self.asking, self.control:
            for kind, is_odd in ((RUN, True), (SERVE, True), (RUN, False), (SERVE, False)) * _REHEARSALS:
                self.jail.reserve.release()
                self._request(kind, is_odd=is_odd)
                self.template.serve(is_odd=is_odd)
                self.asking.recv(1 << 10)
        self.jail.reserve.settle()

    def _request(self, kind: int, *, is_odd: bool) -> None:
        request = ForkRequest(
            kind=kind, cpu_s=10.0, wall_s=10.0, waiting_s=10.0, memory_bytes=1 << 30, output_bytes=1 << 20,
            file_bytes=1 << 20, processes=16, open_files=32,
        )  # fmt: skip
        names = map(str, range(6 if kind == SERVE else 5))
        files = [os.open(os.path.join(self.jail.writable, name), os.O_RDWR | os.O_CREAT) for name in names]
        if kind == SERVE:
            os.pwrite(files[0], served(b"", 0, b""), 0)
            peer, examiner_end = socket.socketpair()
            examiner_end.close()
            os.dup2(peer.detach(), files[1])
            if self.jail.holds_candidates and is_odd:
                send_mark(self.marking, request.number, 0.0)
        send_request(self.asking, request, files)
        for fd in files:
            os.close(fd)


class ForkServer:
    """Executes the requests of the judge and keeps nothing of them.

    It runs while forks share its memory, where each object that it looks up or calls, and each function, has a count of
    references that is written to, mostly on a page of its own, which is copied then. So what every request takes is a
    loop over local variables; what few take is in methods.
    """

    def __init__(self, jail: Confinement, sockets: Sockets) -> None:
        """Serve over these sockets."""
        self.jail = jail
        self.sockets = sockets
        self.marks = sockets.marks if jail.holds_candidates else None
        poller = select.poll()
        for sock in (self.marks, sockets.control):
            if sock is not None:
                poller.register(sock, select.POLLIN)
        gaps = [poller.poll for _ in range(MOST_GAPS)]  # filled, so that the objects below lie together
        receive, now, close = sockets.control.recvmsg, functools.partial(time.monotonic), functools.partial(os.close)
        watcher = Watcher(sockets.control, self.marks, _FIRST, (receive, now, close))
        self.tools = (
            poller.poll, receive, sockets.control.send, PACK_FACTS, UNPACK_RIGHTS,
            *map(functools.partial, (os.fork, os.pidfd_open, os.pwrite, os.pread, os.stat)), close, now,
            watcher.watch, *(jail.group.kills() if jail.group else (-1, bool)),
        )  # fmt: skip
        del gaps

    def serve(self, *, is_odd: bool | None = None) -> None:  # noqa: C901, PLR0912, PLR0915 - see the class
        """Execute requests until the judge is gone, and report how each fork ended.

        Args:
            is_odd: for a single request, whether to take it for out of the ordinary from the start.

        Raises:
            EOFError: The judge is gone.
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
                _become_fork(jail, packet, descriptors, sockets)
            while few[-1] is not None:
                pop()
            pwrite(score, own_score, 0)
            for fd in descriptors:
                close(fd)
            pidfd, started_s = pidfd_open(pid), now()
            facts = None if is_odd or children < 0 else watch(pid, pidfd, packet, started_s)
            if facts is None:
                facts = self._supervised(pid, pidfd, packet, (laps, clock), started_s, is_odd=bool(is_odd))
            else:
                for fd in (laps, clock):
                    if fd >= 0:
                        close(fd)
                if pread(children, 1, 0):  # it left some behind
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
            packet = rights = descriptors = facts = entry = None  # their memory is for the next

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
            if warden.recv(1) == _OVERFULL:
                facts = facts._replace(exceeded=facts.exceeded or FILES)
            jail.note_writable()
        try:
            return facts._replace(exceeded=facts.exceeded or MEMORY) if jail.ran_out_of_memory() else facts
        except MemoryError:
            return facts._replace(exceeded=facts.exceeded or HOST_MEMORY)


def _become_fork(jail: Confinement, packet: bytes, own: Sequence[int], sockets: Sockets) -> NoReturn:
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
        elif kind == EXAMINE:
            examiner.examine_programs(*own)
        else:
            candidate.serve(*own, most_bytes=request_in(packet).output_bytes)
    except BaseException:  # noqa: BLE001 - what a program raises must not travel up into the template's own frames
        traceback.print_exc()
    _exit(_STRAYED)


def _look_up_names(jail: Confinement) -> None:
    """Look up what a fork will, for the interpreter keeps what it finds: a fork inherits that, or has to write it."""
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
