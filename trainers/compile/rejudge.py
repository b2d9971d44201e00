"""Compares our judge with CodeNet's: members of groups run in the sandbox on the samples of their statements.

Samples are not the judge's tests: a rejected program may well pass them, but an accepted one should. One that can't
even run, such as Python 2 that parses, is not accepted in this Python.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from sandbox.jail import Jail
from sandbox.pool import Case, judge_all
from sandbox.records import Limits, StdioTest, Verdict
from sandbox.verdicts import absent_package
from trainers.compile import codenet
from trainers.compile.data_card import Rule
from trainers.compile.rewards import Status
from trainers.compile.statements import read_statement
from trainers.groups import Group

UNTRIED = "no sample to try"
"""In the place of the verdict where a statement has no sample."""


class Rejudged(NamedTuple):
    """Pairs the status by CodeNet of a group's member with our verdict, or `UNTRIED`."""

    problem_id: str
    source_id: str
    status: str
    verdict: str
    absent: str = ""
    """The package that it failed for, if it did."""


def fails_here(member: Rejudged) -> bool:
    """Return whether a program that was accepted doesn't run in this interpreter, as Python 2 that parses.

    Args:
        member: Of a group.

    Returns:
        False for a wrong output: the problem may have several right ones.
    """
    return member.status == Status.ACCEPTED and member.verdict in {Verdict.RUNTIME_ERROR, Verdict.COMPILE_ERROR}


class SampleTests(NamedTuple):
    """Holds the samples of a problem as tests, with their limits."""

    tests: tuple[StdioTest, ...]
    limits: Limits


def sample_tests(tree: Path) -> Callable[[str], SampleTests]:
    """Return a function from a problem's id to the tests of its members; pages are read as they are needed.

    Args:
        tree: Folder of the CodeNet download.

    Returns:
        A function for `rejudge`; its tests are empty where a statement has no sample.
    """
    times = codenet.time_limits_ms(tree)
    return lru_cache(maxsize=64)(lambda problem_id: _sample_tests(tree, problem_id, times.get(problem_id)))


def rejudge(
    groups: Iterable[Group], tests_of: Callable[[str], SampleTests], jail: Jail, workers: int
) -> Iterator[Rejudged]:
    """Judge every member of the groups.

    Args:
        groups: Read once.
        tests_of: Problem id -> its tests; see `sample_tests`.
        jail: Configuration of the sandbox.
        workers: Judgements at once.

    Yields:
        The verdicts in order; members without a sample come last.

    Raises:
        Refused: The host can't hold an untrusted program.
    """
    tried = deque[tuple[str, str, str]]()
    untried: list[Rejudged] = []

    def cases() -> Iterator[Case]:
        for group in groups:
            tests, limits = tests_of(group.problem_id)
            for member in zip(group.completions, group.source_ids, group.statuses, strict=True):
                completion, source_id, status = member
                if tests:
                    tried.append((group.problem_id, source_id, status))
                    yield Case(program=completion, tests=tests, limits=limits)
                else:
                    untried.append(Rejudged(group.problem_id, source_id, status, UNTRIED))

    for judgement in judge_all(cases(), jail, workers):
        absent = absent_package(judgement.verdict, judgement.detail)
        yield Rejudged(*tried.popleft(), str(judgement.verdict), absent)
    yield from untried


def _sample_tests(tree: Path, problem_id: str, time_limit_ms: float | None) -> SampleTests:
    """Take the problem's own time limit where it is longer than ours; numbers may differ by rounding."""
    page = codenet.statement_page(tree, problem_id)
    statement = page if isinstance(page, Rule) else read_statement(page, "any")
    samples = () if isinstance(statement, Rule) else statement.samples
    usual = Limits()
    cpu_s = max(usual.cpu_s, (time_limit_ms or 0.0) / 1000)
    return SampleTests(
        tests=tuple(StdioTest(stdin=s.stdin, expected_stdout=s.stdout, checker="numbers") for s in samples),
        limits=Limits(cpu_s=cpu_s, wall_s=usual.wall_s * cpu_s / usual.cpu_s),
    )
