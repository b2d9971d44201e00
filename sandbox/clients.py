"""Controls a template from the judge's side, and believes only the kernel and that side."""

import fcntl
import json
import os
import select
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, Any

from sandbox.inside.layers import kernel
from sandbox.inside.messages import Facts, ForkRequest, receive_facts, send_request
from sandbox.records import Fault, Refused

_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from sandbox.inside.template import main; main(*sys.argv[2:])"
_BOOT_WIDTH, _NUMBER_WIDTH = 4096, 8
"""The arguments of a template always have the same length: they are in memory before all that a fork will find."""
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PATH": "/usr/bin:/bin",
    "TZ": "UTC",
    "PYTHONINTMAXSTRDIGITS": "0",  # CPU time bounds the conversion of long integers to text and back
    "PYTHONHASHSEED": "0",  # the order of a set of strings is the same in every run, so verdicts don't move
    "MALLOC_ARENA_MAX": "2",  # each arena reserves 64 MiB of the address space that the memory limit counts
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0",
    "LD_BIND_NOW": "1",  # where functions of libraries are is found out once, not in each fork
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
_PATIENCE_S, _LONGEST_S = 900.0, 1e6


def patience_s(wall_s: float) -> float:
    """Return the seconds after which a template itself is at fault.

    However crowded the machine, no execution takes more than ten times its wall limit.

    Args:
        wall_s: the wall limit of the execution, or of all its tests together, in seconds.

    Returns:
        Ten times the wall limit and 15 minutes more, at most 1e6 seconds.
    """
    return min(_PATIENCE_S + 10 * wall_s, _LONGEST_S)


class Template:
    """Controls a warm interpreter in a jail, from the judge's side; a lost one raises Fault at the next use."""

    def __init__(self, python: str, boot: Mapping[str, Any], marks: socket.socket, claim: socket.socket) -> None:
        """Start the interpreter; `wait` until it is warm.

        Args:
            python: the interpreter to start.
            boot: the fields of `sandbox.inside.confinement.Boot`.
            marks: the template's end of the socket on which examiners request laps.
            claim: the socket that claims the candidates' user id, which the warden holds from here on.

        Raises:
            Refused: The interpreter can't be started.
        """
        self._python = python
        self._name = "the candidates' template" if boot["holds_candidates"] else "the examiners' template"
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(_PATIENCE_S)
        self._log: IO[bytes] = os.fdopen(os.memfd_create("proctor-template-log"), "r+b")
        home, fds = str(Path(__file__).parent.parent), (theirs.fileno(), marks.fileno(), claim.fileno())
        command = [
            python, "-S", "-s", "-B", "-c", _BOOT, home, json.dumps(boot).ljust(_BOOT_WIDTH),
            *(f"{fd:0{_NUMBER_WIDTH}}" for fd in fds),
        ]  # fmt: skip
        try:
            fixed = kernel.fixed_addresses() if boot["layers"] else nullcontext("absent: not requested")
            with fixed as self._addresses:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._log, pass_fds=fds,
                    env=_ENVIRONMENT, start_new_session=True, cwd="/",
                )  # fmt: skip
        except OSError as error:
            self._control.close()
            self._log.close()
            raise Refused(f"{python}: {error.strerror}: --python takes a CPython 3.10 or newer") from None
        finally:
            theirs.close()

    def wait(self) -> tuple[str, str] | None:
        """Wait until the interpreter is warm, and take note of its version and layers.

        Returns:
            A layer that is refused, and the reason; None where all are in force.

        Raises:
            Refused: The interpreter can't be examined with, or lacks a package or module that was requested.
        """
        try:
            report: dict[str, Any] = json.loads(self._control.recv(1 << 16))
        except (ValueError, OSError):
            log = self.log()
            self.close()
            raise Refused(
                f"{self._python} can't be examined with ({log}): --python takes a CPython 3.10 or newer"
            ) from None
        if "unwanted" in report:
            self.close()
            raise Refused(f"{report['unwanted']} ({self._python})")
        self.python: str = report.get("python", "")
        self.packages: dict[str, str] = report.get("packages", {})
        self.layers: dict[str, str] = report.get("layers", {}) | {"addresses": self._addresses}
        return report.get("refused")

    def log(self) -> str:
        """Return the last line that the template itself wrote as it failed, if any."""
        self._log.seek(0)
        rows = self._log.read().decode(errors="replace").strip().splitlines()
        return rows[-1] if rows else "it ended without a word"

    def request(self, request: ForkRequest, descriptors: list[int]) -> None:
        """Request an execution, or the end of one.

        Args:
            request: the kind of execution and its limits.
            descriptors: files and sockets for the forked process, in the order that its kind of execution takes them.

        Raises:
            Fault: The template is gone.
        """
        try:
            self._control.settimeout(patience_s(request.wall_s))
            send_request(self._control, request, descriptors)
        except OSError:
            raise Fault(f"{self._name} is gone: {self.log()}") from None

    def has_facts(self, within_s: float) -> bool:
        """Whether the execution requested has ended, or does so within some seconds.

        Args:
            within_s: seconds to wait at most.

        Returns:
            True where `facts` will not have to wait, be it because the template is gone.
        """
        return bool(select.select([self._control], [], [], within_s)[0])

    def facts(self) -> Facts:
        """Wait for the end of the execution requested.

        Returns:
            How it ended.

        Raises:
            Fault: The template is gone.
        """
        try:
            facts = receive_facts(self._control)
        except OSError:
            facts = None
        if facts is None:
            raise Fault(f"{self._name} is gone: {self.log()}")
        return facts

    def close(self) -> None:
        """End the template, and with it all that runs in its jail; closing twice does nothing."""
        if self._log.closed:
            return
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits for it
        self._control.close()
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:  # the template dies with its warden
            self._process.kill()
            self._process.wait()
        self._log.close()


@contextmanager
def memory_file(content: bytes = b"", *, append: bool = False) -> Iterator[int]:
    """Open a new file in memory, until the end of the context.

    Args:
        content: what it holds at first.
        append: whether every write goes to its end. Only then may several processes write to it: the kernel does not
            guard the offset of such a file.

    Yields:
        Its descriptor, with the offset at the start.
    """
    fd = os.memfd_create("proctor")
    try:
        if append:
            fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND)
        if content:
            os.pwrite(fd, content, 0)
        yield fd
    finally:
        os.close(fd)
