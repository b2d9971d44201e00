"""Audits a benchmark: its references must pass, and programs that do no work must not."""

import ast
import re
from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

import msgspec

from harness.audit_report import Accepted, Alike, Audit, Method, Reference
from harness.benchmarks.flaws import flaw_of
from harness.benchmarks.problem_info import sha256_of
from harness.benchmarks.time_limits import Calibration, calibrated_limits, limit_of_reference
from harness.extraction.interpreter import grammar_of
from harness.extraction.program import AS_IT_IS, program_of
from harness.runs.records import Problem, Sample
from sandbox.jail import Jail
from sandbox.pool import Case, judge_all
from sandbox.records import AssertTest, CallTest, Judgement, StdioTest, Test, Verdict

CONSTANTS = ("None", "True", "False", "0", "1", "''", "[]")
"""Values that a function may return at every call, as source text."""


def constant_programs(problem: Problem) -> Mapping[str, str]:
    """Return programs that always give the same answer, by what they do.

    They print the output that the first test expects, or return one of `CONSTANTS` or a value that the first test
    compares with, from every function that the tests need.

    Args:
        problem: with at least one test.

    Returns:
        Description of the program -> its source.
    """
    first = problem.tests[0]
    if isinstance(first, StdioTest):
        shown = repr(first.expected_stdout)
        return {f"prints {shown[:40]}": f"print({shown}, end='')"}
    names = sorted({name for test in problem.tests for name in _names(test)})
    constants = dict.fromkeys((*CONSTANTS, *_answers(first)))
    return {f"returns {constant[:40]}": "\n".join(_define(names, constant)) for constant in constants}


def _names(test: Test) -> tuple[str, ...]:
    match test:
        case AssertTest():
            return test.names
        case CallTest():
            return (test.function.removeprefix("Solution()."),)
        case _:
            return ()


def _answers(test: Test) -> Iterator[str]:
    """Yield the plain values that a test compares with, as source text."""
    match test:
        case CallTest():
            yield from filter(_is_literal, [repr(test.expected)])
        case AssertTest():
            for node in ast.walk(ast.parse(test.code)):
                if isinstance(node, ast.Compare):
                    yield from filter(_is_literal, map(ast.unparse, node.comparators))


def _is_literal(source: str) -> bool:
    try:
        ast.literal_eval(source)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _define(names: list[str], constant: str) -> Iterator[str]:
    """Yield the source of functions, at the top level and in a class as contest sites want it."""
    for name in names:
        yield f"def {name}(*_, **__):\n    return {constant}"
    if "Solution" not in names:
        yield "class Solution:"
        for name in names:
            yield f"    def {name}(self, *_, **__):\n        return {constant}"


_EMPTY = "is empty"

_SHOWN = 10
"""References that are listed as the slowest."""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Condenses a problem while others are looked at."""

    task_id: str
    benchmark: str
    has_reference: bool
    flaw: str
    """Why no program can be judged by its tests, empty where nothing is found."""
    limit_cpu_s: float
    statement_sha256: str
    """Of the statement without regard to white space and the case of letters."""
    tests_sha256: str


class ReferenceRun(msgspec.Struct, frozen=True, kw_only=True):
    """Records one run of a reference."""

    task_id: str
    verdict: Verdict
    cpu_s: float
    """Of its slowest test."""
    slowest_test: int
    """Its number, from 1; 0 where no test was reached."""
    detail: str


def entry_of(problem: Problem) -> AuditEntry:
    """Return a problem, condensed.

    Args:
        problem: of which neither texts nor tests are kept.

    Returns:
        Its ids, flaw, limit and hashes.
    """
    return AuditEntry(
        task_id=problem.task_id,
        benchmark=problem.benchmark,
        has_reference=bool(problem.reference.strip()),
        flaw=flaw_of(problem),
        limit_cpu_s=problem.limits.cpu_s,
        statement_sha256=sha256_of(" ".join(problem.statement.casefold().split())),
        tests_sha256=sha256_of(problem.tests),
    )


def run_references(
    problems: Mapping[str, Problem], task_ids: Sequence[str], method: Method, *, jail: Jail, workers: int
) -> Iterator[ReferenceRun]:
    """Run references; one that was given up for its time is not run again.

    Args:
        problems: by task id.
        task_ids: of problems with a reference and sound tests.
        method: number of runs, and CPU seconds a test.
        jail: that holds the references.
        workers: processes that judge at once.

    Yields:
        Each run, as it ends, in the order of the task ids.
    """
    for _ in range(method.repeat):
        again = []
        cases = (_reference_case(problems[task_id], method.cap_s, jail) for task_id in task_ids)
        for task_id, judgement in zip(task_ids, judge_all(cases, jail, workers), strict=True):
            yield _reference_run(task_id, judgement)
            if judgement.verdict is not Verdict.TIME_LIMIT:
                again.append(task_id)
        task_ids = again


def _reference_case(problem: Problem, cap_s: float, jail: Jail) -> Case:
    sample = Sample(policy="reference", task_id=problem.task_id, index=0, completion=problem.reference)
    program = program_of(sample, problem, AS_IT_IS, grammar=grammar_of(jail.python)).program
    return Case(program=program, tests=problem.tests, limits=calibrated_limits(problem.limits, cap_s))


def _reference_run(task_id: str, judgement: Judgement) -> ReferenceRun:
    times_s = [outcome.cpu_s for outcome in judgement.per_test]
    cpu_s = max(times_s, default=0.0)
    return ReferenceRun(
        task_id=task_id,
        verdict=judgement.verdict,
        cpu_s=cpu_s,
        slowest_test=times_s.index(cpu_s) + 1 if times_s else 0,
        detail=re.sub("^the program ", "the reference ", judgement.detail),
    )


def references(runs: Iterable[ReferenceRun], entries: Mapping[str, AuditEntry]) -> tuple[Reference, ...]:
    """Sum up the runs of each reference, in the order of the first ones.

    Args:
        runs: all that there were, in any order.
        entries: by task id.

    Returns:
        One sum a reference.
    """
    of_task = defaultdict[str, list[ReferenceRun]](list)
    for run in runs:
        of_task[run.task_id].append(run)
    return tuple(_reference(runs, entries[task_id]) for task_id, runs in of_task.items())


def _reference(runs: list[ReferenceRun], entry: AuditEntry) -> Reference:
    slowest = max(runs, key=lambda run: run.cpu_s)
    return Reference(
        task_id=entry.task_id,
        verdicts=tuple(run.verdict for run in runs),
        cpu_s=slowest.cpu_s,
        slowest_test=slowest.slowest_test,
        limit_cpu_s=entry.limit_cpu_s,
        detail=next((run.detail for run in runs if run.verdict is not Verdict.ACCEPTED), ""),
    )


def try_trivial_programs(
    problems: Mapping[str, Problem], task_ids: Iterable[str], *, jail: Jail, workers: int
) -> Iterator[tuple[Accepted, ...]]:
    """Judge programs without work by the tests of each problem.

    Args:
        problems: by task id.
        task_ids: of problems with sound tests.
        jail: that holds the programs.
        workers: processes that judge at once.

    Yields:
        The findings of each problem, in the order of the task ids, empty where its tests accept none.
    """
    waiting = deque[tuple[str, int, tuple[str, ...]]]()

    def cases() -> Iterator[Case]:
        for task_id in task_ids:
            problem = problems[task_id]
            programs = {_EMPTY: "", **constant_programs(problem)}
            waiting.append((task_id, len(problem.tests), tuple(programs)))
            for program in programs.values():
                yield Case(program=program, tests=problem.tests, limits=problem.limits, exhaustive=True)

    judgements = judge_all(cases(), jail, workers)
    for first in judgements:  # which made sure that its problem is waiting
        task_id, tests, does = waiting.popleft()
        others = islice(judgements, len(does) - 1)
        passed = [_passed(judgement) for judgement in chain([first], others)]
        yield tuple(_undemanding(task_id, dict(zip(does, passed, strict=True)), tests))


def _passed(judgement: Judgement) -> frozenset[int]:
    tests = enumerate(judgement.per_test, 1)
    return frozenset(number for number, test in tests if test.verdict is Verdict.ACCEPTED)


def _undemanding(task_id: str, passed: Mapping[str, frozenset[int]], tests: int) -> Iterator[Accepted]:
    """Yield tests that decide nothing, and the first constant that all tests accept.

    A test that accepts an empty program, or any constant at all, decides nothing. One constant may be the right
    answer to one question, so it is a finding only where all tests accept it.
    """
    constants = [found for does, found in passed.items() if does != _EMPTY]
    blind = {_EMPTY: passed[_EMPTY]}
    if len(constants) > 1:
        blind["returns any constant"] = frozenset.intersection(*constants)
    complete = (does for does, found in passed.items() if does != _EMPTY and len(found) == tests)
    blind |= {does: passed[does] for does in islice(complete, 1)}
    for does, found in blind.items():
        if found:
            yield Accepted(task_id=task_id, program=does, tests=tuple(sorted(found)))


def sort_findings(
    entries: Collection[AuditEntry], found: Collection[Reference], undemanding: Iterable[Accepted], method: Method
) -> Audit:
    """Sort the findings of an audit.

    Args:
        entries: of all problems, at least one.
        found: every reference that ran.
        undemanding: programs without work that tests accept.
        method: of the audit.

    Returns:
        The report; entries that are not problems are the caller's to add.
    """
    slow = tuple(reference for reference in found if reference.cpu_s > reference.limit_cpu_s)
    always = tuple(reference for reference in found if _accepted(reference) == len(reference.verdicts))
    return Audit(
        benchmark=next(iter(entries)).benchmark,
        method=method,
        problems=len(entries),
        references=len(found),
        accepted=sum(reference not in slow for reference in always),
        failing=tuple(reference for reference in found if not _accepted(reference)),
        flaky=tuple(reference for reference in found if 0 < _accepted(reference) < len(reference.verdicts)),
        slow=tuple(reference for reference in slow if reference in always),
        slowest=tuple(sorted(found, key=lambda reference: -reference.cpu_s)[:_SHOWN]),
        undemanding=tuple(undemanding),
        alike=tuple(_alike(entries)),
        without_reference=tuple(entry.task_id for entry in entries if not entry.has_reference),
        flawed={entry.task_id: entry.flaw for entry in entries if entry.flaw},
    )


def calibration_of(audit: Audit, found: Iterable[Reference]) -> Calibration:
    """Return limits for every problem whose reference was accepted in every run.

    Args:
        audit: that names the benchmark and the method.
        found: every reference that ran.

    Returns:
        CPU seconds a test, by task id.
    """
    return Calibration(
        benchmark=audit.benchmark,
        python=audit.method.python,
        proctor=audit.method.proctor,
        repeat=audit.method.repeat,
        cpu_s={
            reference.task_id: limit_of_reference(reference.cpu_s)
            for reference in found
            if _accepted(reference) == len(reference.verdicts)
        },
    )


def _accepted(reference: Reference) -> int:
    return reference.verdicts.count(Verdict.ACCEPTED)


def _alike(entries: Collection[AuditEntry]) -> Iterator[Alike]:
    for same, digests in (
        ("statement", {entry.task_id: entry.statement_sha256 for entry in entries}),
        ("tests", {entry.task_id: entry.tests_sha256 for entry in entries}),
    ):
        found = defaultdict[str, list[str]](list)
        for task_id, digest in digests.items():
            found[digest].append(task_id)
        yield from (Alike(same=same, task_ids=tuple(ids)) for ids in found.values() if len(ids) > 1)
