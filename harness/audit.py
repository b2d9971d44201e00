"""Audits a benchmark: its references must pass, and programs that do no work must not."""

import re
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from harness.audit_report import Accepted, Alike, Audit, Method, Reference, SeveralAnswers
from harness.benchmarks.answers import grants
from harness.benchmarks.flaws import flaw_of
from harness.benchmarks.problem_info import sha256_of
from harness.benchmarks.time_limits import Calibration, calibrated_limits, limit_of_reference
from harness.errors import UserError
from harness.extraction.interpreter import grammar_of
from harness.extraction.program import AS_IT_IS, prelude_of, program_of
from harness.runs.records import Problem, Sample
from sandbox.jail import Jail
from sandbox.pool import Case, judge_all
from sandbox.records import Judgement, OwnChecker, Verdict
from sandbox.verdicts import absent_package

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
    granted: tuple[str, ...]
    """What the statement grants beyond one answer."""
    checker: str
    """Of the first test, empty where it compares by itself."""
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
        granted=grants(problem.statement),
        checker=_checker_of(problem),
        statement_sha256=sha256_of(" ".join(problem.statement.casefold().split())),
        tests_sha256=sha256_of(problem.tests),
    )


def _checker_of(problem: Problem) -> str:
    checker = getattr(next(iter(problem.tests), None), "checker", "")
    return checker.name if isinstance(checker, OwnChecker) else checker


def readable_entries(problems: Mapping[str, Problem], malformed: dict[str, str]) -> Iterator[AuditEntry]:
    """Condense the problems of a benchmark, in its order.

    Args:
        problems: by task id, each of which is looked up once.
        malformed: gets the reasons, by task id, of those that can't be read.

    Yields:
        The others, condensed.
    """
    for task_id in problems:
        try:
            yield entry_of(problems[task_id])
        except UserError as error:
            malformed[task_id] = str(error)
        except RecursionError:
            malformed[task_id] = "is nested too deep"


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


def count_disagreeing(
    problems: Mapping[str, Problem], task_ids: Iterable[str], method: Method, *, jail: Jail, workers: int
) -> Counter[str]:
    """Run the other references of problems once, and count those with wrong answers.

    Args:
        problems: by task id.
        task_ids: of problems whose first reference is accepted.
        method: CPU seconds a test.
        jail: that holds the references.
        workers: processes that judge at once.

    Returns:
        Number of wrong ones by task id.
    """
    tasks = deque[str]()

    def cases() -> Iterator[Case]:
        for task_id in task_ids:
            problem = problems[task_id]
            for reference in problem.other_references:
                tasks.append(task_id)
                yield _reference_case(msgspec.structs.replace(problem, reference=reference), method.cap_s, jail)

    judgements = judge_all(cases(), jail, workers)
    found = ((tasks.popleft(), judgement.verdict) for judgement in judgements)
    return Counter(task_id for task_id, verdict in found if verdict is Verdict.WRONG_ANSWER)


def _reference_case(problem: Problem, cap_s: float, jail: Jail) -> Case:
    sample = Sample(policy="reference", task_id=problem.task_id, index=0, completion=problem.reference)
    grammar, limits = grammar_of(jail.python), calibrated_limits(problem.limits, cap_s)
    program = program_of(sample, problem, AS_IT_IS, grammar=grammar).program
    return Case(program=program, tests=problem.tests, limits=limits, prelude=prelude_of(program, problem, grammar))


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


def sort_findings(
    entries: Collection[AuditEntry],
    found: Collection[Reference],
    undemanding: Iterable[Accepted],
    method: Method,
    disagreeing: Mapping[str, int],
) -> Audit:
    """Sort the findings of an audit.

    Args:
        entries: of all problems that can be read.
        found: every reference that ran.
        undemanding: programs without work that tests accept.
        method: of the audit.
        disagreeing: number of references that give other answers than the first, by task id.

    Returns:
        The report; what is malformed or was left out is the caller's to add.
    """
    slow = tuple(reference for reference in found if reference.cpu_s > reference.limit_cpu_s)
    always = tuple(reference for reference in found if _accepted(reference) == len(reference.verdicts))
    return Audit(
        benchmark=next((entry.benchmark for entry in entries), ""),
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
        several_answers=tuple(_several_answers(entries, disagreeing)),
        absent_packages=dict(sorted(Counter(filter(None, map(_absent_package, found))).items())),
        without_reference=tuple(entry.task_id for entry in entries if not entry.has_reference),
        flawed={entry.task_id: entry.flaw for entry in entries if entry.flaw},
    )


def _several_answers(entries: Iterable[AuditEntry], disagreeing: Mapping[str, int]) -> Iterator[SeveralAnswers]:
    for entry in entries:
        count = disagreeing.get(entry.task_id, 0)
        if entry.granted or count:
            yield SeveralAnswers(task_id=entry.task_id, granted=entry.granted, disagreeing=count, checker=entry.checker)


def _absent_package(reference: Reference) -> str:
    return absent_package(Verdict.RUNTIME_ERROR, reference.detail) if not _accepted(reference) else ""


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
