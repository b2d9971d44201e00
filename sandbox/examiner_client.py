"""Controls examiners, from the judge's side."""

import json
import os
import signal
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from sandbox.clients import Template, memory_file
from sandbox.inside import checkers, values
from sandbox.inside.clock import read_clock
from sandbox.inside.messages import (
    EXAMINE,
    EXCEEDED,
    Comparison,
    ExamineRequest,
    Facts,
    ForkRequest,
    NewTests,
    Work,
    content_of,
    send_work,
)
from sandbox.records import AssertTest, Exceeded, Fault, FunctionTest, OwnChecker, ValueTest, are_same_tests

Tests = tuple[FunctionTest, ...]
_IDLE_S = 20.0
_TAKING_OVER_S = 900.0
"""How long an examiner may take to read tests, however crowded the machine is."""
_LIFE = ForkRequest(
    kind=EXAMINE, number=0, cpu_s=1e6, wall_s=_IDLE_S, waiting_s=1e9, memory_bytes=2 << 30, file_bytes=1 << 30,
    processes=32, open_files=64,
)  # fmt: skip
"""An examiner lives as long as its problem, or its judge; it bounds its own CPU time for each program, by the kernel. A
test that neither works nor waits for the program may do so for the wall time here."""


class ExaminerFailed(Fault):
    """Reports an examiner that ended early, though its template lives and no program's answer was involved."""


class Unfinished(Exception):  # noqa: N818 - says what became of the work
    """Reports an answer of a program that an examiner could not finish its work with."""

    def __init__(self, exceeded: Exceeded | None) -> None:
        """Name the limit of the examiner that was exceeded; None where it crashed."""
        super().__init__(exceeded)
        self.exceeded = exceeded


class Examiner:
    """Controls the examiner of the problem at hand; new tests get a new one, unless both are plain."""

    def __init__(self, template: Template) -> None:
        """Take over the examiners' template."""
        self._template = template
        self._tests: Tests = ()
        self._script = b""
        self._is_plain = False
        self._socket: socket.socket | None = None
        self.clock = os.memfd_create("proctor")
        """The file for the clock of the test at hand; see `sandbox.inside.clock`."""
        self._results = os.memfd_create("proctor")

    def script(self, tests: Tests) -> bytes:
        """Have an examiner for the tests.

        Args:
            tests: those of the problem; for the same ones the examiner at hand is kept.

        Returns:
            The script for a candidate; empty where it can only be examined in a conversation.

        Raises:
            Fault: An examiner or its template is gone, or a test names an unknown checker.
        """
        if self._socket is None or not are_same_tests(tests, self._tests):
            self._engage(tests)
        return self._script

    def examine(self, examination: ExamineRequest, peer: int) -> None:
        """Examine a program by the tests of the last `script`; `wait` returns when it is done.

        Args:
            examination: the first test, and whether to go on after a failure.
            peer: descriptor of the stream to the program's candidate.

        Raises:
            Fault: An examiner or its template is gone.
        """
        self._send(examination, [peer])

    def compare(self, checker: str | OwnChecker, expected: int, actual: int, most_s: float) -> bool:
        """Return whether a checker takes one file for the other.

        Args:
            checker: a name in `sandbox.inside.checkers.STDIO`, or one of the benchmark's own.
            expected: descriptor of the file with the expected output.
            actual: descriptor of the file with the program's output.
            most_s: seconds to wait for the examiner.

        Raises:
            Unfinished: The output is too much for it.
            Fault: It failed for another reason, the checker does not exist, or is broken.
        """
        name, source = (checker.name, checker.source) if isinstance(checker, OwnChecker) else (checker, "")
        if not source:
            _refuse_unknown(checkers.stdio_checker, name, checkers.STDIO)
        try:
            outcome = self._compared(name, source, [expected, actual], most_s)
        except Unfinished as error:
            if source and error.exceeded is None:
                self._refuse_broken(name, source, expected, most_s)
            raise
        if outcome == b"b":
            raise Fault(f"the checker {name} fails on an empty output: {content_of(self._results).decode()}")
        if outcome == b"m":
            raise Unfinished("memory")
        return outcome == b"y"

    def _compared(self, name: str, source: str, files: list[int], most_s: float) -> bytes:
        if self._socket is None:
            self._engage(())
        with memory_file(source.encode()) as own:
            self._send(Comparison(name), [*files, own])
        return self._outcome(most_s, answered=True)

    def _refuse_broken(self, name: str, source: str, expected: int, most_s: float) -> None:
        """Raise a Fault where a checker ends its process over an empty output too."""
        try:
            with memory_file() as empty:
                self._compared(name, source, [expected, empty], most_s)
        except Unfinished:
            raise Fault(f"the checker {name} failed: {self._template.log()}") from None

    def _send(self, work: Work, descriptors: list[int]) -> None:
        assert self._socket is not None
        os.ftruncate(self._results, 0)
        os.lseek(self._results, 0, os.SEEK_SET)
        try:
            send_work(self._socket, work, descriptors)
        except OSError:
            raise Fault(f"an examiner is gone: {self._template.log()}") from None

    def _engage(self, tests: Tests) -> None:
        """Have the examiner at hand take over the tests, where it may; start another where it may not."""
        text = json.dumps([_as_json(test) for test in tests])
        with memory_file(text.encode()) as payload:
            self._tests = ()
            if self._socket is not None and self._is_plain:
                self._send(NewTests(), [payload])
                self._take_over()
            if self._socket is None or not self._is_plain:
                self._start(payload)
                self._take_over()
        self._tests = tests

    def _start(self, payload: int) -> None:
        self.retire()
        os.ftruncate(self._results, 0)
        os.lseek(self._results, 0, os.SEEK_SET)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                self._template.request(_LIFE, [payload, theirs.fileno(), self._results, self.clock])
        except BaseException:
            ours.close()
            raise
        self._socket = ours

    def _take_over(self) -> None:
        """Read whether tests are plain."""
        self._is_plain = self._outcome(_TAKING_OVER_S, answered=False) == b"p"
        self._script = content_of(self._results)

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

    def findings(self) -> list[Any]:
        """Return what the examiner wrote of the last program, a row a test; see `sandbox.inside.examiner`."""
        rows = content_of(self._results).split(b"\n")[:-1]
        found: list[Any] = json.loads(b"[" + b",".join(rows) + b"]")
        return found

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
        for fd in (self.clock, self._results):
            with suppress(OSError):
                os.close(fd)


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
    _refuse_unknown(checkers.call_checker, test.checker, checkers.CALL)
    return {
        "kind": "call", "function": test.function, "checker": test.checker,
        "arguments": values.to_tree(list(test.arguments)), "expected": values.to_tree(test.expected),
        "left_in": test.left_in,
    }  # fmt: skip


def _refuse_unknown(find: Callable[[str], Any], name: str, known: Iterable[str]) -> None:
    try:
        find(name)
    except LookupError:
        raise Fault(f"no checker {name!r}; there are {', '.join(known)}") from None
