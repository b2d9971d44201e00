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
import signal
import site
import socket
import sys
from contextlib import suppress
from types import ModuleType
from typing import NoReturn

from sandbox.inside import candidate
from sandbox.inside.confinement import Boot, BootError, Confinement, LayerRefusedError
from sandbox.inside.fork_server import FIRST_FD, KEPT, OVERFULL, ForkServer, Sockets, look_up_names
from sandbox.inside.layers import kernel
from sandbox.inside.messages import RUN, SERVE, ForkRequest, send_mark, send_request, served

_REHEARSALS = 2
_CONTROL, _MARKS, _LAST = 20, 21, 22
"""Numbers of descriptors that are the same in every template; those of a fork come first."""


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
    free = [os.open(os.devnull, os.O_RDONLY) for _ in range(FIRST_FD, _CONTROL)]
    control, marks = socket.socket(fileno=_CONTROL), socket.socket(fileno=_MARKS)
    for add_builtins in (site.setquit, site.setcopyright, site.sethelper):  # what -S left out: exit, quit, help
        add_builtins()
    _warm_up(boot.modules)
    examiner = None if boot.holds_candidates else _examiner()
    try:
        jail = Confinement(boot)
    except (BootError, LayerRefusedError) as error:
        control.send(_as_packet(_reason(error)))
        return
    warden_end, template_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        warden_end.close()
        _become_template(jail, Sockets(control, marks, template_end), free, examiner)
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


def _examiner() -> ModuleType:
    """Import what only examiners need: it would make every fork for a candidate dearer, by a tenth of its memory."""
    from sandbox.inside import examiner  # noqa: PLC0415 - see above

    return examiner


def _as_packet(report: dict[str, object]) -> bytes:
    return json.dumps(report).encode()


def _reason(error: Exception) -> dict[str, object]:
    return {"unwanted": str(error)} if isinstance(error, BootError) else {"refused": error.args}


def _guard(jail: Confinement, requests: socket.socket, pid: int) -> None:
    """Renew the writable place on request until the template ends; then remove it."""
    while requests.recv(1):
        requests.send(KEPT if jail.renew_writable() else OVERFULL)
    os.waitpid(pid, 0)
    jail.remove()


def _become_template(jail: Confinement, sockets: Sockets, free: list[int], examiner: ModuleType | None) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGXFSZ, signal.SIGCHLD):  # init ignores what it has no handler for
        signal.signal(number, signal.SIG_DFL)
    try:
        report = jail.enter()
    except (BootError, LayerRefusedError) as error:
        sockets.control.send(_as_packet(_reason(error)))
        os._exit(1)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of user would have undone it
    for name in [name for name in sys.modules if name.partition(".")[0] == "sandbox"]:
        del sys.modules[name]  # a program may have modules of its own by these names
    if examiner is None:
        candidate.prepare_candidates()
    else:
        examiner.prepare_examiners()
    for fd in free:
        os.close(fd)
    ready = _as_packet(
        {"python": ".".join(map(str, sys.version_info[:3])), "layers": report, "packages": jail.versions}
    )
    jail.prepare_forks()
    look_up_names(jail)
    template, rehearsal = ForkServer(jail, sockets, examiner), _Rehearsal(jail, sockets.warden)
    jail.keep_own_memory()
    gc.freeze()
    with suppress(EOFError, ConnectionError):
        rehearsal.run()
        sockets.control.send(ready)
        template.serve()
    os._exit(0)


class _Rehearsal:
    """Executes empty programs, so that the first real program finds the same traces as the second one."""

    def __init__(self, jail: Confinement, warden: socket.socket) -> None:
        """Prepare it before the template fills up its memory."""
        self.marking, self.marks = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.asking, self.control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.jail = jail
        self.template = ForkServer(jail, Sockets(self.control, self.marks, warden), None)

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
