"""Talks to the processes inside a jail, for a judge that believes only the kernel and its own side."""

import fcntl
import json
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sandbox.inside import checkers, values
from sandbox.inside.clock import read_clock
from sandbox.inside.messages import EXAMINE, EXCEEDED, Examination, Facts, Request, send_comparison, send_examination
from sandbox.jail import Fault, Template
from sandbox.records import AssertTest, Exceeded, FunctionTest, ValueTest

Tests = tuple[FunctionTest, ...]

_IDLE_S = 20.0
_LIFE = Request(
    kind=EXAMINE, number=0, cpu_s=1e6, wall_s=_IDLE_S, waiting_s=1e9, memory_bytes=2 << 30, file_bytes=1 << 30,
    processes=32, open_files=64,
)  # fmt: skip
"""An examiner lives as long as its problem; it bounds its own CPU time for each program, by the kernel. A test that
neither works nor waits for the program may do so for the wall time here."""


class ExaminerFailed(Fault):
    """An examiner ended before its work was done, though its template lives, and no program's answer was involved."""


class Unfinished(Exception):  # noqa: N818 - says what became of the work
    """An examiner could not finish its work with what a program gave it."""

    def __init__(self, exceeded: Exceeded | None) -> None:
        """Name the limit of the examiner that was exceeded; None where it crashed."""
        super().__init__(exceeded)
        self.exceeded = exceeded


class Examiner:
    """The examiner of the problem at hand, forked anew whenever the tests are others."""

    def __init__(self, template: Template) -> None:
        """Take over the examiners' template."""
        self._template = template
        self._tests: Tests = ()
        self._socket: socket.socket | None = None
        self.clock = os.memfd_create("proctor")
        """The file for the clock of the test at hand; see `sandbox.inside.clock`."""

    def examine(self, tests: Tests, examination: Examination, results: int, peer: int) -> None:
        """Put the program behind `peer` to the tests; `wait` tells when it is done."""
        sock = self._socket if tests is self._tests and self._socket is not None else self._engage(tests)
        try:
            send_examination(sock, examination, [results, peer])
        except OSError:
            raise Fault(f"an examiner is gone: {self._template.log()}") from None

    def compare(self, checker: str, expected: int, actual: int, most_s: float) -> bool:
        """Return whether a checker takes one file for the other.

        Raises:
            Unfinished: where the output is too much for it.
            Fault: where it failed for another reason, or there is no such checker.
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
        asked = json.dumps([_as_json(test) for test in tests])
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with memory_file(asked.encode()) as payload, theirs:
                self._template.request(_LIFE, [payload, theirs.fileno(), self.clock])
        except BaseException:
            ours.close()
            raise
        self._tests, self._socket = tests, ours
        return ours

    def wait(self, most_s: float) -> None:
        """Wait until the program is examined, so long at most.

        Raises:
            Unfinished: where the program's answers were too much for the examiner.
            ExaminerFailed: where it failed for another reason.
            Fault: where its template is gone.
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


def content_of(fd: int, most_bytes: int) -> bytes:
    """Return the first `most_bytes` of a file, whatever its offset."""
    return os.pread(fd, min(os.fstat(fd).st_size, most_bytes), 0)
