"""Controls the processes inside a jail, for a judge that believes only the kernel and its own side."""

import fcntl
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, Any

from sandbox.inside import checkers, values
from sandbox.inside.clock import read_clock
from sandbox.inside.layers import kernel
from sandbox.inside.messages import (
    EXAMINE,
    EXCEEDED,
    ExamineRequest,
    Facts,
    ForkRequest,
    receive_facts,
    send_comparison,
    send_examination,
    send_request,
)
from sandbox.records import AssertTest, Exceeded, Fault, FunctionTest, Refused, ValueTest

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
    """
    return min(_PATIENCE_S + 10 * wall_s, _LONGEST_S)


class Template:
    """Controls a warm interpreter in a jail, from the judge's side; a lost one raises Fault at the next use."""

    def __init__(self, python: str, boot: Mapping[str, Any], marks: socket.socket, claim: socket.socket) -> None:
        """Start the interpreter and wait until it is warm, or a layer is refused.

        Args:
            python: the interpreter to start.
            boot: the fields of `sandbox.inside.confinement.Boot`.
            marks: the template's end of the socket on which examiners ask for laps.
            claim: the socket that claims the candidates' user id, which the warden holds from here on.

        Raises:
            Refused: The interpreter can't be started, or can't be examined with.
        """
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
            with kernel.fixed_addresses() if boot["layers"] else nullcontext("absent: not requested") as addresses:
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
        report = self._first_report(python)
        self.refused: tuple[str, str] | None = report.get("refused")
        self.python: str = report.get("python", "")
        self.layers: dict[str, str] = report.get("layers", {}) | {"addresses": addresses}

    def _first_report(self, python: str) -> dict[str, Any]:
        try:
            report: dict[str, Any] = json.loads(self._control.recv(1 << 16))
        except (ValueError, OSError):
            log = self.log()
            self.close()
            raise Refused(f"{python} can't be examined with ({log}): --python takes a CPython 3.10 or newer") from None
        return report

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


Tests = tuple[FunctionTest, ...]
_IDLE_S = 20.0
_LIFE = ForkRequest(
    kind=EXAMINE, number=0, cpu_s=1e6, wall_s=_IDLE_S, waiting_s=1e9, memory_bytes=2 << 30, file_bytes=1 << 30,
    processes=32, open_files=64,
)  # fmt: skip
"""An examiner lives as long as its problem; it bounds its own CPU time for each program, by the kernel. A test that
neither works nor waits for the program may do so for the wall time here."""


class ExaminerFailed(Fault):
    """Reports an examiner that ended early, though its template lives and no program's answer was involved."""


class Unfinished(Exception):  # noqa: N818 - says what became of the work
    """Reports an answer of a program that an examiner could not finish its work with."""

    def __init__(self, exceeded: Exceeded | None) -> None:
        """Name the limit of the examiner that was exceeded; None where it crashed."""
        super().__init__(exceeded)
        self.exceeded = exceeded


class Examiner:
    """Controls the examiner of the problem at hand; new tests get a new one."""

    def __init__(self, template: Template) -> None:
        """Take over the examiners' template."""
        self._template = template
        self._tests: Tests = ()
        self._socket: socket.socket | None = None
        self.clock = os.memfd_create("proctor")
        """The file for the clock of the test at hand; see `sandbox.inside.clock`."""

    def examine(self, tests: Tests, examination: ExamineRequest, results: int, peer: int) -> None:
        """Examine a program by the tests; `wait` returns when it is done.

        Args:
            tests: the tests of the problem; for the very same tuple the examiner at hand is kept.
            examination: the first test, and whether to go on after a failure.
            results: descriptor of the file for the findings.
            peer: descriptor of the stream to the program's candidate.

        Raises:
            Fault: An examiner or its template is gone, or a test names an unknown checker.
        """
        sock = self._socket if tests is self._tests and self._socket is not None else self._engage(tests)
        try:
            send_examination(sock, examination, [results, peer])
        except OSError:
            raise Fault(f"an examiner is gone: {self._template.log()}") from None

    def compare(self, checker: str, expected: int, actual: int, most_s: float) -> bool:
        """Return whether a checker takes one file for the other.

        Args:
            checker: a name in `sandbox.inside.checkers.STDIO`.
            expected: descriptor of the file with the expected output.
            actual: descriptor of the file with the program's output.
            most_s: seconds to wait for the examiner.

        Raises:
            Unfinished: The output is too much for it.
            Fault: It failed for another reason, or the checker does not exist.
        """
        if checker not in checkers.STDIO:
            raise Fault(f"no checker {checker!r}; there are {', '.join(checkers.STDIO)}")
        sock = self._socket or self._engage(())
        try:
            send_comparison(sock, checker, [expected, actual])
        except OSError:
            raise Fault(f"an examiner is gone: {self._template.log()}") from None
        outcome = self._outcome(most_s, answered=True)
        if outcome == b"m":
            raise Unfinished("memory")
        return outcome == b"y"

    def _engage(self, tests: Tests) -> socket.socket:
        self.retire()
        text = json.dumps([_as_json(test) for test in tests])
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with memory_file(text.encode()) as payload, theirs:
                self._template.request(_LIFE, [payload, theirs.fileno(), self.clock])
        except BaseException:
            ours.close()
            raise
        self._tests, self._socket = tests, ours
        return ours

    def wait(self, most_s: float) -> None:
        """Wait until the program is examined.

        Args:
            most_s: seconds to wait for the examiner.

        Raises:
            Unfinished: The program's answers were too much for the examiner.
            ExaminerFailed: It failed for another reason.
            Fault: Its template is gone.
        """
        self._outcome(most_s, answered=False)

    def _outcome(self, most_s: float, *, answered: bool) -> bytes:
        """Return the letter that the examiner says at the end; where `answered`, its failure is the program's doing."""
        assert self._socket is not None
        self._socket.settimeout(most_s)
        answer = b""
        with suppress(OSError):  # it died with our request unread, or hangs
            answer = self._socket.recv(2)
        if answer:
            if answer[1:] == b"l":
                self.retire()
            return answer[:1]
        self._socket.close()
        self._socket = None
        facts = self._template.facts()
        if answered or read_clock(self.clock).answers:
            raise Unfinished(_exceeded(facts))
        raise ExaminerFailed(f"an examiner failed: {self._template.log()}")

    def retire(self) -> None:
        """Let the present examiner go."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            self._template.facts()

    def close(self) -> None:
        """End the examiners' template."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits for it
            self._socket.close()
        self._template.close()
        with suppress(OSError):
            os.close(self.clock)


def _exceeded(facts: Facts) -> Exceeded | None:
    """Return the limit that an examiner ran into, by what the kernel says of its end."""
    if facts.signal == signal.SIGXCPU:
        return "cpu"
    seen = EXCEEDED[facts.exceeded]
    if seen == "wall":
        return "wall"
    return "memory" if seen or facts.signal == signal.SIGKILL else None


def _as_json(test: FunctionTest) -> dict[str, Any]:
    if isinstance(test, AssertTest):
        return {"kind": "assert", "setup": test.setup, "code": test.code, "names": test.names}
    if isinstance(test, ValueTest):
        return {"kind": "value", "function": test.function, "arguments": values.to_tree(list(test.arguments))}
    if test.checker not in checkers.CALL:
        raise Fault(f"no checker {test.checker!r}; there are {', '.join(checkers.CALL)}")
    return {
        "kind": "call", "function": test.function, "checker": test.checker,
        "arguments": values.to_tree(list(test.arguments)), "expected": values.to_tree(test.expected),
    }  # fmt: skip


@contextmanager
def memory_file(content: bytes = b"", *, append: bool = False) -> Iterator[int]:
    """Yield the descriptor of a new file with this content, its offset at the start.

    Several processes may write to it only with `append`: the kernel does not guard the offset of such a file.
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
