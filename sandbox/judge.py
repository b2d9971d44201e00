"""Judges a program by its tests.

The judge starts nothing but templates and believes only the kernel, whose facts the templates report, and the examiner.
A program's own words (its last line on stderr, an exit status) choose at most between one failure and another.
"""

import functools
import itertools
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from operator import itemgetter
from typing import Any, Self

from sandbox.clients import memory_file, patience_s
from sandbox.examiner_client import Examiner, ExaminerFailed, Unfinished
from sandbox.executions import execution_of, holds, request_of
from sandbox.inside.candidate import COMPILED, COMPILING, REFUSED
from sandbox.inside.messages import (
    REACHED,
    RUN,
    SERVE,
    STOP,
    ExamineRequest,
    Facts,
    ForkRequest,
    content_of,
    laps_of,
    served,
)
from sandbox.inside.program import with_prelude
from sandbox.jail import Jail, start_pair
from sandbox.records import (
    Execution,
    Fault,
    FunctionTest,
    Judgement,
    Limits,
    StdioTest,
    Test,
    TestOutcome,
    Verdict,
)
from sandbox.verdicts import (  # fmt: skip
    examined_outcomes,
    judgement_of,
    not_compiled,
    stdio_outcome,
    waited_s,
    waited_too_long,
)

_SHOWN = 2000
_MOST_LAPS_BYTES = 1 << 30
_FAREWELL_S = 0.005
_NOTHING = StdioTest(stdin="", expected_stdout="")


def judge_program(
    program: str,
    tests: Sequence[Test],
    *,
    limits: Limits | None = None,
    jail: Jail | None = None,
    exhaustive: bool = False,
) -> Judgement:
    r"""Judge one program by its tests, in a worker that is started for it and closed after it.

    For more than a few programs keep a `Judge`, or use `sandbox.pool.judge_all`: starting a worker costs more than
    judging a program.

    >>> from sandbox.records import CallTest, StdioTest
    >>> judge_program("print(int(input()) ** 2)", [StdioTest(stdin="3", expected_stdout="9\n")]).verdict
    <Verdict.ACCEPTED: 'accepted'>
    >>> test = CallTest(function="add", arguments=(2, 1), expected=3)
    >>> judgement = judge_program("def add(a, b): return a - b", [test])
    >>> judgement.verdict, judgement.per_test[0].expected, judgement.per_test[0].actual
    (<Verdict.WRONG_ANSWER: 'wrong_answer'>, '3', '1')

    Args:
        program: the source text, which is never executed outside the jail.
        tests: one test at least, of any kinds; each names its checker.
        limits: what the program may use; `Limits()` if not given.
        jail: the interpreter and the layers around it; `Jail()`, which is every layer, if not given.
        exhaustive: whether to go on after the first test that fails.

    Returns:
        The verdict, and the outcome of each test that was run.

    Raises:
        ValueError: There are no tests.
        Refused: This host can't hold an untrusted program.
    """
    with Judge(jail or Jail()) as judge:
        return judge.judge(program, tests, limits, exhaustive=exhaustive)


class Judge:
    """Judges programs one after another, with templates that stay warm from the first to the last."""

    def __init__(self, jail: Jail, core: int | None = None, *, scripts: bool = True) -> None:
        """Start a candidates' template and an examiners'.

        Args:
            jail: the interpreter and the layers around it.
            core: the processor to stay on; None for any.
            scripts: whether candidates follow a script where all tests are plain, see `sandbox.inside.plain`; the
                verdicts are the same without.

        Raises:
            Refused: This host can't hold an untrusted program.
        """
        self._jail = jail
        self.core = core
        self._scripts = scripts
        self._numbers = itertools.count(1)
        self._closed = False
        self._start()

    def _start(self) -> None:
        self._candidates, examiners = start_pair(self._jail, self.core)
        self._examiner = Examiner(examiners)
        with suppress(Fault):  # which the first program would meet again
            for _ in self._run_each(b"", (_NOTHING,), Limits()):  # it leaves the memory as all others leave it
                pass

    def __enter__(self) -> Self:
        """Return the judge itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the judge."""
        self.close()

    def close(self) -> None:
        """End both templates and all that runs in their jails; a judgement in another thread ends in a Fault."""
        self._closed = True
        self._end()

    def _end(self) -> None:
        self._candidates.close()
        self._examiner.close()

    def judge(
        self,
        program: str,
        tests: Sequence[Test],
        limits: Limits | None = None,
        *,
        exhaustive: bool = False,
        prelude: str = "",
    ) -> Judgement:
        """Judge a program.

        A fault of the sandbox is tried once more in fresh templates; then the verdict is `sandbox_error`, never the
        program's.

        Args:
            program: the source text.
            tests: one test at least: nothing is accepted for want of evidence.
            limits: what the program may use; `Limits()` if not given.
            exhaustive: whether to go on after the first test that fails.
            prelude: source text whose names the program finds as it finds builtins, see `sandbox.inside.program`.

        Returns:
            The verdict, and the outcome of each test that was run.

        Raises:
            ValueError: There are no tests.
            Fault: Another thread closed the judge.
        """
        if not tests:
            raise ValueError("a program can't be judged without tests")
        source = with_prelude(program.encode("utf-8", "surrogatepass"), prelude.encode())
        for _ in range(2):
            try:
                return self._judge(source, tests, limits or Limits(), exhaustive=exhaustive)
            except Exception as error:  # noqa: BLE001 - any failure here is ours: reported, retried, and never a verdict
                reason = f"{type(error).__name__}: {error}"
                self._end()
                if self._closed:
                    raise Fault("the judge was closed") from None
                self._start()
                if self._closed:
                    self._end()
        return Judgement(verdict=Verdict.SANDBOX_ERROR, per_test=(), cpu_s=0.0, detail=reason)

    def _judge(self, source: bytes, tests: Sequence[Test], limits: Limits, *, exhaustive: bool) -> Judgement:
        outcomes, waited = list[TestOutcome](), 0.0
        for run in _runs(tuple(tests)):
            outcomes_of_run = (
                self._run_each(source, run, limits)
                if isinstance(run[0], StdioTest)
                else self._examine_all(source, run, limits, waited, exhaustive=exhaustive)
            )
            for outcome in outcomes_of_run:
                if outcome.verdict is Verdict.COMPILE_ERROR:
                    return Judgement(verdict=outcome.verdict, per_test=(), cpu_s=outcome.cpu_s, detail=outcome.detail)
                outcomes.append(outcome)
                if outcome.verdict is not Verdict.ACCEPTED and not exhaustive:
                    return judgement_of(outcomes)
                waited += waited_s(outcome)
                if waited > limits.waiting_s:
                    return judgement_of(waited_too_long(outcomes, len(tests), limits))
        return judgement_of(outcomes)

    def _run_each(self, program: bytes, tests: tuple[StdioTest, ...], limits: Limits) -> Iterator[TestOutcome]:
        """Run the program once a test."""
        with memory_file(program) as source, memory_file() as code:
            for test in tests:
                yield (outcome := self._run(source, code, test, limits))
                if outcome.verdict is Verdict.COMPILE_ERROR:
                    return

    def _run(self, source: int, code: int, test: StdioTest, limits: Limits) -> TestOutcome:
        with (
            memory_file(test.stdin.encode("utf-8", "surrogatepass")) as given,
            _printed() as out,
            _printed() as err,
        ):
            number = next(self._numbers)
            self._candidates.request(request_of(RUN, number, limits), [source, code, given, out, err])
            execution = execution_of(self._candidates.facts(), out, err, limits)
            compiled = os.pread(code, _SHOWN, 0)
            if not compiled:
                raise Fault(f"a candidate ended before it came to the program: {self._candidates.log()}")
            if not compiled.startswith(COMPILED):
                message = compiled.removeprefix(COMPILING).removeprefix(REFUSED).decode(errors="replace")
                return not_compiled(execution, message)
            return stdio_outcome(test, execution, limits, functools.partial(self._is_same, test, out, limits))

    def _is_same(self, test: StdioTest, stdout: int, limits: Limits) -> bool:
        """Return whether what was printed is what is expected, byte for byte or to the test's checker.

        Each of our checkers takes equal bytes for the same, so none has to look at them; to a benchmark's own checker
        an output that repeats what is expected may be wrong.
        """
        if isinstance(test.checker, str) and holds(stdout, test.expected_stdout):
            return True
        with memory_file(test.expected_stdout.encode("utf-8", "surrogatepass")) as expected:
            return self._examiner.compare(test.checker, expected, stdout, patience_s(limits.wall_s))

    def _examine_all(
        self, program: bytes, tests: tuple[FunctionTest, ...], limits: Limits, waited: float, *, exhaustive: bool
    ) -> Iterator[TestOutcome]:
        """Load the program once and examine it by the tests; load it again where it died under one of them."""
        script = self._examiner.script(tests)
        done = 0
        while done < len(tests):
            examination = ExamineRequest(
                next(self._numbers), done, exhaustive, bool(script and self._scripts), limits.output_bytes
            )
            given, waiting_s = served(script if self._scripts else b"", done, program), limits.waiting_s - waited
            execution, outcomes = self._examine(examination, given, tests, limits, waiting_s)
            stopped = not exhaustive and done + len(outcomes) < len(tests)
            if examination.is_scripted and stopped and execution.exceeded:  # maybe by a call that was not to be made
                examination = examination._replace(number=next(self._numbers), is_scripted=False)
                _, outcomes = self._examine(examination, served(b"", done, program), tests, limits, waiting_s)
            yield from outcomes
            waited += sum(map(waited_s, outcomes))
            done += len(outcomes)

    def _examine(
        self,
        examination: ExamineRequest,
        given: bytes,
        tests: tuple[FunctionTest, ...],
        limits: Limits,
        waiting_s: float,
    ) -> tuple[Execution, list[TestOutcome]]:
        """Return the outcomes from the first test on: one at least, all where the program survives them."""
        unfinished = None
        self._examiner.script(tests)  # of a new examiner, where the last one ended over an answer
        candidate_end, examiner_end = socket.socketpair()
        with memory_file(given) as source, memory_file() as laps, _printed() as stdout, _printed() as stderr:
            with candidate_end, examiner_end:
                serve = request_of(SERVE, examination.number, limits, waiting_s)
                self._candidates.request(
                    serve, [source, candidate_end.fileno(), stdout, stderr, self._examiner.clock, laps]
                )
                self._examiner.examine(examination, examiner_end.fileno())
            try:
                self._examiner.wait(patience_s(limits.wall_s * len(tests)))
            except Unfinished as error:
                unfinished = error
            except ExaminerFailed:
                self._stop(examination.number)  # a fault where the candidates' template is gone: no examiner can work
                raise
            execution = execution_of(self._stop(examination.number), stdout, stderr, limits)
            used = laps_of(content_of(laps, _MOST_LAPS_BYTES))
            if examination.is_scripted and os.pread(source, len(REACHED), 0) != REACHED:
                raise Fault(f"a candidate ended before it came to the program: {self._candidates.log()}")
        findings = self._examiner.findings()
        left = tests[examination.first :]
        return execution, examined_outcomes(left, findings, used, execution, limits, unfinished=unfinished)

    def _stop(self, number: int) -> Facts:
        """Wait a moment for the end of an execution whose work is done, then end it; return how it ended."""
        if not self._candidates.has_facts(_FAREWELL_S):
            self._candidates.request(ForkRequest(kind=STOP, number=number), [])
        return self._candidates.facts()


def _printed() -> AbstractContextManager[int]:
    return memory_file(append=True)


def _runs(tests: tuple[Test, ...]) -> list[tuple[Any, ...]]:
    """Return the tests in runs of one kind; where all are of one kind, the very tuple that the examiner may know."""
    kinds = [isinstance(test, StdioTest) for test in tests]
    if len(set(kinds)) == 1:
        return [tests]
    return [
        tuple(test for _, test in run) for _, run in itertools.groupby(zip(kinds, tests, strict=True), itemgetter(0))
    ]
