"""Derives a verdict, and a line that explains it, from the facts of an execution and an examiner's findings."""

import ast
import re
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from sandbox.examiner_client import Unfinished
from sandbox.inside.messages import Lap
from sandbox.printable import one_line, readable
from sandbox.records import (
    AssertTest,
    Exceeded,
    Execution,
    Fault,
    FunctionTest,
    Judgement,
    Limits,
    StdioTest,
    TestOutcome,
    Verdict,
    worst,
)

_SHOWN = 2000

_VERDICT_OF: dict[Exceeded, Verdict] = {
    "cpu": Verdict.TIME_LIMIT,
    "wall": Verdict.TIME_LIMIT,
    "memory": Verdict.MEMORY_LIMIT,
    "output": Verdict.OUTPUT_LIMIT,
    "file_size": Verdict.OUTPUT_LIMIT,
    "processes": Verdict.RUNTIME_ERROR,
    "open_files": Verdict.RUNTIME_ERROR,
}
_LIMIT_OF: dict[str, Exceeded] = {"memory_limit": "memory", "output_limit": "output"}
_TOO_MANY_PROCESSES = r"^(BlockingIOError: \[Errno 11\]|RuntimeError: can't start new thread)"
_TESTIMONY: tuple[tuple[str, Exceeded], ...] = (
    (r"^[\w.]*MemoryError\b", "memory"),
    (r"^OSError: \[Errno (27|28)\]", "file_size"),
    (r"^OSError: \[Errno 24\]", "open_files"),
    (_TOO_MANY_PROCESSES, "processes"),
)
"""What the last line of a failed program says of the limit it ran into."""


_ABSENT = re.compile(r"\bModuleNotFoundError: No module named '([A-Za-z_]\w{0,63})[.']", re.ASCII)


def absent_package(verdict: Verdict, detail: str) -> str:
    """Return the package that a program failed for.

    >>> absent_package(Verdict.RUNTIME_ERROR, "ModuleNotFoundError: No module named 'pandas.io'")
    'pandas'

    Args:
        verdict: on the program.
        detail: of its judgement.

    Returns:
        The name that it is imported by; empty where the program failed otherwise, or the module is the library's.
    """
    found = _ABSENT.search(detail) if verdict is Verdict.RUNTIME_ERROR else None
    return found[1] if found and found[1] not in sys.stdlib_module_names else ""


def judgement_of(outcomes: list[TestOutcome]) -> Judgement:
    """Return the judgement of a program by its tests.

    Args:
        outcomes: those of the tests that were run, one at least.

    Returns:
        The gravest verdict, the detail of the first outcome that has it, and the CPU seconds of all of them together.
    """
    verdict = worst(outcome.verdict for outcome in outcomes)
    telling = next(outcome for outcome in outcomes if outcome.verdict is verdict)
    cpu_s = sum(outcome.cpu_s for outcome in outcomes)
    return Judgement(verdict=verdict, per_test=tuple(outcomes), cpu_s=cpu_s, detail=telling.detail)


def waited_s(outcome: TestOutcome) -> float:
    """Return the seconds that a program waited in a test beyond its CPU time.

    Args:
        outcome: of the test.
    """
    return max(0.0, outcome.wall_s - outcome.cpu_s)


def waited_too_long(outcomes: list[TestOutcome], tests: int, limits: Limits) -> list[TestOutcome]:
    """Return the outcomes of a program that waited too long in all its tests: the last one, and all to come, fail.

    Args:
        outcomes: those of the tests that were run, one at least.
        tests: the number of all its tests.
        limits: the program's.

    Returns:
        An outcome for each of all its tests; those that were not run have no CPU and wall time.
    """
    detail = f"more than {limits.waiting_s:g} s of waiting in all tests together"
    verdict = worst((outcomes[-1].verdict, Verdict.TIME_LIMIT))
    last = msgspec.structs.replace(outcomes[-1], verdict=verdict, exceeded="wall", detail=detail)
    not_run = TestOutcome(
        verdict=Verdict.TIME_LIMIT, cpu_s=0.0, wall_s=0.0, peak_memory_bytes=0, exceeded="wall", detail=detail
    )
    return [*outcomes[:-1], last, *[not_run] * (tests - len(outcomes))]


def stdio_outcome(test: StdioTest, execution: Execution, limits: Limits, is_same: Callable[[], bool]) -> TestOutcome:
    """Return the outcome of a stdio test: how the execution failed, or what the checker says of its output.

    Args:
        test: the test that the program ran.
        execution: how that went.
        limits: the program's.
        is_same: compares the output with the expected one; called only where the program did not fail.

    Returns:
        An outcome that has both outputs, each cut to 2000 bytes, where the program failed or its output is wrong.
    """
    failure = _failure(execution, limits)
    try:
        if failure is None and is_same():
            return _outcome(execution, Verdict.ACCEPTED)
    except Unfinished as error:
        return _unfinished_outcome(execution, error)
    verdict, exceeded, detail = failure or (Verdict.WRONG_ANSWER, None, "the output differs")
    expected = test.expected_stdout.encode("utf-8", "surrogatepass")
    return _outcome(
        execution, verdict, exceeded, detail, expected=_shown(expected, len(expected)),
        actual=_shown(execution.stdout, execution.stdout_bytes),
    )  # fmt: skip


def _unfinished_outcome(execution: Execution, error: Unfinished) -> TestOutcome:
    """Return the outcome of a test that could not be finished with what the program answered."""
    if error.exceeded is None:
        return _outcome(execution, Verdict.WRONG_ANSWER, None, "the program's answer crashes the comparison")
    if error.exceeded == "memory":
        detail = "comparing the program's answer takes too much memory"
    else:
        detail = "comparing the program's answer takes too long"
    return _outcome(execution, _VERDICT_OF[error.exceeded], error.exceeded, detail)


def _outcome(
    execution: Execution, verdict: Verdict, exceeded: Exceeded | None = None, detail: str = "", *, expected: str = "",
    actual: str = "",
) -> TestOutcome:  # fmt: skip
    return TestOutcome(
        verdict=verdict, cpu_s=execution.cpu_s, wall_s=execution.wall_s, exceeded=exceeded, detail=one_line(detail),
        peak_memory_bytes=execution.peak_memory_bytes, expected=readable(expected), actual=readable(actual),
    )  # fmt: skip


def not_compiled(execution: Execution, message: str) -> TestOutcome:
    """Return the outcome of a program that the compiler refused, or that broke the compiler.

    Args:
        execution: how its process ended.
        message: the compiler's; empty where it gave none.

    Returns:
        A compile error; it names the CPU or wall limit where compiling took too long.
    """
    if execution.exceeded in ("cpu", "wall"):
        return _outcome(
            execution, Verdict.COMPILE_ERROR, execution.exceeded, "compiling took longer than the time limit"
        )
    return _outcome(execution, Verdict.COMPILE_ERROR, None, message or "the compiler crashed")


def _failure(execution: Execution, limits: Limits) -> tuple[Verdict, Exceeded | None, str] | None:
    """Return how an execution failed, the gravest finding where there are several; None where it ended well."""
    found: list[tuple[Verdict, Exceeded | None, str]] = []
    exceeded = execution.exceeded
    if exceeded is None and (execution.exit_code != 0):
        exceeded = _testimony(execution.stderr)
    if exceeded is not None:
        found.append((_VERDICT_OF[exceeded], exceeded, _limit_text(exceeded, limits)))
    if execution.exit_code != 0:
        found.append((Verdict.RUNTIME_ERROR, None, _last_words(execution)))
    gravest = worst(verdict for verdict, _, _ in found) if found else None
    return next((finding for finding in found if finding[0] is gravest), None)


def _testimony(stderr: bytes) -> Exceeded | None:
    rows = stderr.decode(errors="replace").strip().splitlines()
    found = next((exceeded for pattern, exceeded in _TESTIMONY if rows and re.search(pattern, rows[-1])), None)
    if found is None and any(re.search(_TOO_MANY_PROCESSES, row) for row in rows):
        return "processes"  # many processes write at once, so their last lines mix
    return found


def _limit_text(exceeded: Exceeded, limits: Limits) -> str:
    return {
        "cpu": f"more than {limits.cpu_s:g} s of CPU time",
        "wall": f"more than {limits.wall_s:g} s without an answer",
        "memory": f"more than {limits.memory_bytes >> 20} MiB of memory",
        "output": f"more than {limits.output_bytes >> 10} KiB of output",
        "processes": f"more than {limits.processes} processes and threads",
        "open_files": f"more than {limits.open_files} open files",
        "file_size": f"a file of more than {limits.file_bytes >> 10} KiB, or no room for more files",
    }[exceeded]


def _last_words(execution: Execution) -> str:
    rows = execution.stderr.decode(errors="replace").strip().splitlines()
    if execution.signal is not None:
        known = execution.signal in set(signal.Signals)
        return f"ended by {signal.Signals(execution.signal).name if known else f'signal {execution.signal}'}"
    return rows[-1][:_SHOWN] if rows else f"exit status {execution.exit_code}"


def _shown(text: bytes, whole_bytes: int) -> str:
    shown = text[:_SHOWN].decode(errors="backslashreplace")
    return shown if whole_bytes <= _SHOWN else f"{shown}... ({whole_bytes} bytes)"


def examined_outcomes(
    tests: Sequence[FunctionTest],
    findings: Sequence[Sequence[Any]],
    laps: Sequence[Lap],
    execution: Execution,
    limits: Limits,
    *,
    unfinished: Unfinished | None,
) -> list[TestOutcome]:
    """Return the outcomes of one session of an examiner with a candidate.

    Args:
        tests: the tests of the session; the candidate may have met only the first of them.
        findings: the rows that the examiner wrote, one a test; see `sandbox.inside.examiner`.
        laps: what the candidate used between two marks; one that it died right after has none.
        execution: how the candidate ended.
        limits: the candidate's.
        unfinished: why the examiner could not finish its work with the candidate's answers, if so.

    Returns:
        An outcome for each test that the candidate met, in order; the last one says if it died or exceeded a limit.

    Raises:
        Fault: where the examiner could not do its work through no fault of the candidate.
    """
    used = _used(findings, laps, execution)
    outcomes = [
        _examined_outcome(test, finding, lap, execution, limits)
        for test, finding, lap in zip(tests, findings, used, strict=False)
        if finding[0] != "lost"
    ]
    if len(outcomes) < len(findings):
        outcomes.append(_lost_outcome(execution, used[-1], limits))
    elif unfinished is not None:
        outcomes.append(_unfinished_outcome(execution, unfinished))
    elif execution.exceeded:  # by what it left running, or printed, beside its answers
        outcomes[-1] = _gravest(outcomes[-1], _VERDICT_OF[execution.exceeded], execution.exceeded, limits)
    return outcomes


def _used(findings: Sequence[Sequence[Any]], laps: Sequence[Lap], execution: Execution) -> list[Lap]:
    """Return what the candidate used for each test: what it used between two marks, by the time that it took.

    What a lost test took is what is left of the whole execution.
    """
    used, group, marked = list[Lap](), list[float](), iter(laps)
    for *_, owed_s, is_marked in findings:
        group.append(owed_s)
        if is_marked and (lap := next(marked, None)):
            used += [Lap(lap.cpu_s * share, lap.wall_s * share) for share in _shares(group)]
            group.clear()
    if group:
        cpu_s = max(0.0, execution.cpu_s - sum(lap.cpu_s for lap in laps))
        used += [Lap(cpu_s * share, owed_s) for share, owed_s in zip(_shares(group), group, strict=True)]
        if findings[-1][0] == "lost":
            used[-1] = used[-1]._replace(wall_s=max(0.0, execution.wall_s - sum(lap.wall_s for lap in used[:-1])))
    return used


def _shares(parts: Sequence[float]) -> list[float]:
    """Return the share of each part in their sum; equal ones where there is none."""
    total = sum(parts)
    return [part / total if total else 1 / len(parts) for part in parts]


def _examined_outcome(
    test: FunctionTest, finding: Sequence[Any], lap: Lap, execution: Execution, limits: Limits
) -> TestOutcome:
    verdict, words, expected, actual, line, *_ = finding
    if verdict == Verdict.SANDBOX_ERROR:
        raise Fault(words)
    if verdict == Verdict.ACCEPTED and not actual and lap.cpu_s <= limits.cpu_s:
        peak_bytes = execution.peak_memory_bytes
        return TestOutcome(verdict=Verdict.ACCEPTED, cpu_s=lap.cpu_s, wall_s=lap.wall_s, peak_memory_bytes=peak_bytes)
    statement, compared = _failed_assertion(test, line)
    outcome = TestOutcome(
        verdict=Verdict(verdict), cpu_s=lap.cpu_s, wall_s=lap.wall_s, peak_memory_bytes=execution.peak_memory_bytes,
        detail=one_line(": ".join(filter(None, (statement, words)))), actual=readable(actual),
        exceeded=_LIMIT_OF.get(verdict), expected=readable(expected or compared),
    )  # fmt: skip
    return _gravest(outcome, Verdict.TIME_LIMIT, "cpu", limits) if outcome.cpu_s > limits.cpu_s else outcome


def _failed_assertion(test: FunctionTest, line: int) -> tuple[str, str]:
    """Return the assertion on a line of the test, and the right side of its comparison; empty where there is none."""
    if not isinstance(test, AssertTest) or not line:
        return "", ""
    for node in ast.walk(ast.parse(test.code)):
        if isinstance(node, ast.Assert) and node.lineno <= line <= (node.end_lineno or node.lineno):
            compared = node.test.comparators[-1] if isinstance(node.test, ast.Compare) else None
            return ast.unparse(node)[:_SHOWN], ast.unparse(compared)[:_SHOWN] if compared else ""
    return "", ""


def _gravest(outcome: TestOutcome, verdict: Verdict, exceeded: Exceeded, limits: Limits) -> TestOutcome:
    """Return the outcome with a limit's verdict, unless it was found to be worse already."""
    if worst((outcome.verdict, verdict)) is not verdict:
        return outcome
    detail = _limit_text(exceeded, limits)
    return msgspec.structs.replace(outcome, verdict=verdict, exceeded=exceeded, detail=detail)


def _lost_outcome(execution: Execution, rest: Lap, limits: Limits) -> TestOutcome:
    """Return the outcome of a test under which the candidate died, or left the conversation."""
    verdict, exceeded, detail = _failure(execution, limits) or (Verdict.RUNTIME_ERROR, None, "")
    if verdict is Verdict.RUNTIME_ERROR and (execution.exit_code == 0 or execution.signal == signal.SIGKILL):
        detail = "the program ended itself while a test was running"
    outcome = _outcome(execution, verdict, exceeded, detail)
    return msgspec.structs.replace(outcome, cpu_s=rest.cpu_s, wall_s=rest.wall_s)
