"""Runs the warm interpreter inside the jail that forks candidates (a second one of its kind forks examiners).

Two processes: the *warden* leaves the host's namespaces, then only waits, and renews the writable place on request;
its child, the *template*, is init of the pid namespace and forks one process for each request. Neither ever reads a
program, a test or a value, so what a candidate inherits holds nothing worth reading.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import gc
import importlib
import json
import os
import select
import signal
import site
import socket
import sys
import traceback
from contextlib import suppress
from os import _exit
from typing import NamedTuple, NoReturn

from sandbox.inside import candidate, examiner
from sandbox.inside.confinement import Boot, Confinement, LayerRefusedError
from sandbox.inside.layers import kernel
from sandbox.inside.layers.rlimits import Bounds
from sandbox.inside.messages import (
    EXAMINE,
    RUN,
    SERVE,
    STOP,
    Facts,
    ForkRequest,
    receive_mark,
    receive_request,
    send_facts,
    send_mark,
    served,
)
from sandbox.inside.supervisor import FILES, HOST_MEMORY, MEMORY, TICK_S, ForkedProcess

_REHEARSALS = 2
_CONTROL, _MARKS, _LAST = 10, 11, 12
"""Numbers of descriptors that are the same in every template."""
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
    control, marks = socket.socket(fileno=_CONTROL), socket.socket(fileno=_MARKS)
    for add_builtins in (site.setquit, site.setcopyright, site.sethelper):  # what -S left out: exit, quit, help
        add_builtins()
    _warm_up(boot.modules)
    try:
        jail = Confinement(boot)
    except LayerRefusedError as error:
        _report(control, {"refused": error.args})
        return
    warden_end, template_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        warden_end.close()
        _become_template(jail, control, marks, template_end)
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


def _report(control: socket.socket, report: dict[str, object]) -> None:
    control.send(json.dumps(report).encode())


def _guard(jail: Confinement, requests: socket.socket, pid: int) -> None:
    """Renew the writable place on request until the template ends; then remove it."""
    while requests.recv(1):
        requests.send(_KEPT if jail.renew_writable() else _OVERFULL)
    os.waitpid(pid, 0)
    jail.remove()


def _become_template(
    jail: Confinement, control: socket.socket, marks: socket.socket, warden: socket.socket
) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGXFSZ, signal.SIGCHLD):  # init ignores what it has no handler for
        signal.signal(number, signal.SIG_DFL)
    try:
        report = jail.enter()
    except LayerRefusedError as error:
        _report(control, {"refused": error.args})
        os._exit(1)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of user would have undone it
    for name in [name for name in sys.modules if name.partition(".")[0] == "sandbox"]:
        del sys.modules[name]  # a program may have modules of its own by these names
    if jail.holds_candidates:
        candidate.prepare_candidates()
    else:
        examiner.prepare_examiners()
    jail.keep_own_memory()
    gc.freeze()
    sockets = Sockets(control, marks, warden)
    with suppress(EOFError, ConnectionError):
        _rehearse(jail, sockets)
        _report(control, {"python": ".".join(map(str, sys.version_info[:3])), "layers": report})
        _serve(jail, sockets)
    os._exit(0)


def _rehearse(jail: Confinement, sockets: Sockets) -> None:
    """Execute empty programs, so that the first one finds what the second one does: what runs first leaves traces."""
    marking, marks = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with marking, marks:
        for kind in (RUN, SERVE) * _REHEARSALS:
            request = ForkRequest(
                kind=kind, number=0, cpu_s=10.0, wall_s=10.0, waiting_s=10.0, memory_bytes=1 << 30,
                output_bytes=1 << 20, file_bytes=1 << 20, processes=16, open_files=32,
            )  # fmt: skip
            names = map(str, range(6 if kind == SERVE else 5))
            files = [os.open(os.path.join(jail.writable, name), os.O_RDWR | os.O_CREAT) for name in names]
            if kind == SERVE:
                os.pwrite(files[0], served(b"", 0, b""), 0)
                peer, examiner_end = socket.socketpair()
                examiner_end.close()
                os.dup2(peer.detach(), files[1])
                if jail.holds_candidates:
                    send_mark(marking, request.number, 0.0)
            _execute(jail, sockets._replace(marks=marks), request, files, tick_s=0.0)


def _serve(jail: Confinement, sockets: Sockets) -> None:
    poller = select.poll()
    poller.register(sockets.control, select.POLLIN)
    if jail.holds_candidates:
        poller.register(sockets.marks, select.POLLIN)
    while True:
        ready = {fd for fd, _ in poller.poll()}
        if sockets.control.fileno() not in ready:
            receive_mark(sockets.marks)  # its candidate died before it came
        elif (received := receive_request(sockets.control)) is None:
            return
        elif received[0].kind != STOP:  # a STOP crossed with the end of its execution
            send_facts(sockets.control, _execute(jail, sockets, *received))


def _execute(
    jail: Confinement, sockets: Sockets, request: ForkRequest, descriptors: list[int], tick_s: float = TICK_S
) -> Facts:
    """Fork for one request and return how the fork ended; what it sees in our frames is of its own request."""
    laps = descriptors.pop() if request.kind == SERVE else None
    clock = descriptors.pop() if request.kind == SERVE else os.dup(descriptors[-1]) if request.kind == EXAMINE else None
    own = [*descriptors, sockets.marks.fileno()] if request.kind == EXAMINE else descriptors
    bounds = jail.bounds(request)
    jail.before_fork(request)
    pid = os.fork()
    if pid == 0:
        _become_fork(jail, request, own, bounds)
    jail.after_fork()
    for fd in descriptors:
        os.close(fd)
    execution = ForkedProcess(pid, request, laps, clock, owns_pid_namespace="pid" in jail.layers)
    facts = execution.supervise(sockets.control, sockets.marks if jail.holds_candidates else None, tick_s)
    if jail.is_dirty():
        sockets.warden.send(b"r")
        if sockets.warden.recv(1) == _OVERFULL:
            facts = facts._replace(exceeded=facts.exceeded or FILES)
        jail.writable_was_renewed()
    try:
        return facts._replace(exceeded=facts.exceeded or MEMORY) if jail.ran_out_of_memory() else facts
    except MemoryError:
        return facts._replace(exceeded=facts.exceeded or HOST_MEMORY)


def _become_fork(jail: Confinement, request: ForkRequest, own: list[int], bounds: Bounds) -> NoReturn:
    """Turn a fork into its kind: a session and descriptors of its own, the remaining layers, the work."""
    try:
        os.setsid()
        if request.kind == EXAMINE:
            own = [*own, _opened("/proc/self/schedstat")]
        jail.confine(bounds, is_examiner=request.kind == EXAMINE)
        _close_others(own)
        if request.kind == RUN:
            candidate.run_program(*own)
        elif request.kind == EXAMINE:
            examiner.examine_programs(*own)
        else:
            candidate.serve(*own, most_bytes=request.output_bytes)
    except BaseException:  # noqa: BLE001 - what a program raises must not travel up into the template's own frames
        traceback.print_exc()
    _exit(_STRAYED)


def _opened(path: str) -> int:
    """Return the descriptor of a file to read; -1 where there is none."""
    with suppress(OSError):
        return os.open(path, os.O_RDONLY)
    return -1


def _close_others(kept: list[int]) -> None:
    """Close every descriptor but the standard ones and those that are named."""
    above = 3
    for fd in sorted(kept):
        os.closerange(above, fd)
        above = fd + 1
    os.closerange(above, above + 100)  # a template has some ten
