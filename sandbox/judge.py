"""A program and its tests in, a judgement out.

The judge starts nothing but zygotes and believes only the kernel, whose facts the zygotes report, and the examiner. A
program's own words (its last line on stderr, an exit status) choose at most between one failure and another.
"""

import itertools
import json
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from sandbox import values
from sandbox.candidate import COMPILED, COMPILING, REFUSED
from sandbox.findings import examined_outcomes, judgement_of, not_compiled, stdio_outcome
from sandbox.jail import Fault, Jail, start_pair
from sandbox.judgement import Execution, Judgement, TestOutcome
from sandbox.limits import Limits
from sandbox.testcase import AssertTest, CallTest, StdioTest, Test
from sandbox.verdict import Verdict
from sandbox.wire import EXAMINE, EXCEEDED, RUN, SERVE, STOP, Facts, Request

_SHOWN = 2000
_STDERR_SHOWN = 4000
_EXAMINER_WALL_S = 1800.0
_EXAMINER_CPU_S = 10.0
_EXAMINER_MEMORY_BYTES = 4 << 30
"""Room for the test's own work beyond what the program may use."""


class Judge:
    """One worker: a candidates' zygote and an examiners', warm from the first program to the last."""

    def __init__(self, jail: Jail) -> None:
        """Start the zygotes; raise Refused where the host can't hold an untrusted program."""
        self._jail = jail
        self._numbers = itertools.count(1)
        self._candidates, self._examiners = start_pair(jail)

    def __enter__(self) -> Self:
        """Return the judge itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the judge."""
        self.close()

    def close(self) -> None:
        """End both zygotes and all that runs in their jails."""
        self._candidates.close()
        self._examiners.close()

    def judge(
        self, program: str, tests: Sequence[Test], limits: Limits | None = None, *, exhaustive: bool = False
    ) -> Judgement:
        """Judge a program: stop at the first test that fails, or judge every test where `exhaustive`.

        A fault of the sandbox is tried once more in fresh zygotes; then the verdict is `sandbox_error`, never the
        program's. ValueError where there are no tests: nothing is accepted for want of evidence.
        """
        if not tests:
            raise ValueError("a program can't be judged without tests")
        for _ in range(2):
            try:
                return self._judge(program, tests, limits or Limits(), exhaustive=exhaustive)
            except Fault as fault:
                reason = str(fault)
                self.close()
                self._candidates, self._examiners = start_pair(self._jail)
        return Judgement(verdict=Verdict.SANDBOX_ERROR, per_test=(), cpu_s=0.0, detail=reason)

    def _judge(self, program: str, tests: Sequence[Test], limits: Limits, *, exhaustive: bool) -> Judgement:
        outcomes: list[TestOutcome] = []
        with _memory_file(program.encode("utf-8", "surrogatepass")) as source, _memory_file() as code:
            for is_stdio, run in itertools.groupby(tests, lambda test: isinstance(test, StdioTest)):
                part = self._run_each if is_stdio else self._examine_all
                for outcome in part(source, code, tuple(run), limits, exhaustive):
                    if outcome.verdict is Verdict.COMPILE_ERROR:
                        return Judgement(verdict=outcome.verdict, per_test=(), cpu_s=outcome.cpu_s, detail=outcome.detail)
                    outcomes.append(outcome)
                    if outcome.verdict is not Verdict.ACCEPTED and not exhaustive:
                        return judgement_of(outcomes)
        return judgement_of(outcomes)

    def _run_each(
        self, source: int, code: int, tests: tuple[StdioTest, ...], limits: Limits, _exhaustive: bool
    ) -> Iterator[TestOutcome]:
        """Run the program once a test."""
        for test in tests:
            execution = self._run(source, code, test.stdin.encode(), limits)
            compiled = os.pread(code, _SHOWN, 0)
            if not compiled:
                raise Fault(f"a candidate ended before it came to the program: {self._candidates.log()}")
            if not compiled.startswith(COMPILED):
                yield not_compiled(execution, compiled.removeprefix(COMPILING).removeprefix(REFUSED).decode())
                return
            yield stdio_outcome(test, execution, limits)

    def _run(self, source: int, code: int, stdin: bytes, limits: Limits) -> Execution:
        with _memory_file(stdin) as given, _memory_file() as stdout, _memory_file() as stderr:
            number = next(self._numbers)
            self._candidates.request(_request(RUN, number, limits), [source, code, given, stdout, stderr])
            return _execution(self._candidates.facts(), stdout, stderr, limits)

    def _examine_all(
        self, source: int, _code: int, tests: tuple[CallTest | AssertTest, ...], limits: Limits, exhaustive: bool
    ) -> Iterator[TestOutcome]:
        """Load the program once and put it to the tests, anew where it died under one of them."""
        rest = list(tests)
        while rest:
            outcomes = self._examine(source, rest, limits, exhaustive=exhaustive)
            yield from outcomes
            rest = rest[len(outcomes) :]

    def _examine(
        self, source: int, tests: list[CallTest | AssertTest], limits: Limits, *, exhaustive: bool
    ) -> list[TestOutcome]:
        """Return the outcome of the first test at least, of all where the program survives them."""
        asked = json.dumps({"tests": [_as_json(test) for test in tests], "exhaustive": exhaustive})
        number = next(self._numbers)
        candidate_end, examiner_end = socket.socketpair()
        with (
            _memory_file(asked.encode()) as payload, _memory_file() as results, _memory_file() as stdout,
            _memory_file() as stderr,
        ):  # fmt: skip
            with candidate_end, examiner_end:
                serve = _request(SERVE, number, limits)
                self._candidates.request(serve, [source, candidate_end.fileno(), stdout, stderr])
                examine = _request(EXAMINE, number, _examiner_limits(limits))
                self._examiners.request(examine, [payload, results, examiner_end.fileno()])
            examined = self._examiners.facts()
            if examined.exit_code != 0 and not examined.exceeded:
                raise Fault(f"an examiner failed: {self._examiners.log()}")
            self._candidates.request(Request(kind=STOP, number=number), [])
            execution = _execution(self._candidates.facts(), stdout, stderr, limits)
            findings = [json.loads(row) for row in _content(results, _EXAMINER_MEMORY_BYTES).splitlines()]
        return examined_outcomes(findings, examined, execution, limits)


def _execution(facts: Facts, stdout: int, stderr: int, limits: Limits) -> Execution:
    """Put the kernel's facts together: the zygote's report and the sizes of the memory files."""
    exceeded = EXCEEDED[facts.exceeded]
    size = os.fstat(stdout).st_size
    if exceeded is None and facts.signal == signal.SIGXCPU:
        exceeded = "cpu"
    if exceeded is None and size > limits.output_bytes:
        exceeded = "output"
    if exceeded is None and facts.signal == signal.SIGXFSZ:
        exceeded = "file_size"
    return Execution(
        exit_code=facts.exit_code if facts.exit_code >= 0 else None,
        signal=facts.signal or None,
        stdout=_content(stdout, limits.output_bytes),
        stderr=os.pread(stderr, _STDERR_SHOWN, max(0, os.fstat(stderr).st_size - _STDERR_SHOWN)),
        cpu_s=facts.cpu_s,
        wall_s=facts.wall_s,
        peak_memory_bytes=facts.peak_memory_bytes,
        exceeded=exceeded,
    )


def _request(kind: int, number: int, limits: Limits) -> Request:
    return Request(
        kind=kind, number=number, cpu_s=limits.cpu_s, wall_s=limits.wall_s, memory_bytes=limits.memory_bytes,
        output_bytes=limits.output_bytes, file_bytes=max(limits.file_bytes, limits.output_bytes + 1),
        processes=limits.processes, open_files=limits.open_files,
    )  # fmt: skip


def _content(fd: int, most_bytes: int) -> bytes:
    return os.pread(fd, min(os.fstat(fd).st_size, most_bytes), 0)


def _examiner_limits(limits: Limits) -> Limits:
    """Return what an examiner may use: the same length of a value, and room for the test's own work."""
    return Limits(
        cpu_s=limits.cpu_s + _EXAMINER_CPU_S, wall_s=_EXAMINER_WALL_S, memory_bytes=_EXAMINER_MEMORY_BYTES,
        output_bytes=limits.output_bytes,
    )  # fmt: skip


def _as_json(test: CallTest | AssertTest) -> dict[str, Any]:
    if isinstance(test, AssertTest):
        return {"kind": "assert", "setup": test.setup, "code": test.code, "names": test.names}
    return {
        "kind": "call", "function": test.function, "checker": test.checker,
        "arguments": values.to_tree(list(test.arguments)), "expected": values.to_tree(test.expected),
    }  # fmt: skip


@contextmanager
def _memory_file(content: bytes = b"") -> Iterator[int]:
    """Yield the descriptor of an anonymous file in memory."""
    fd = os.memfd_create("proctor")
    try:
        if content:
            os.pwrite(fd, content, 0)
        yield fd
    finally:
        os.close(fd)
