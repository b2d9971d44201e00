"""Tries programs that do no work on the tests of problems: tests that accept one decide nothing."""

import ast
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, islice

from harness.audit_report import Accepted
from harness.runs.records import Problem
from sandbox.jail import Jail
from sandbox.pool import Case, judge_all
from sandbox.records import AssertTest, CallTest, Judgement, StdioTest, Test, Verdict

CONSTANTS = ("None", "True", "False", "0", "1", "''", "[]")
"""Values that a function may return at every call, as source text."""
_EMPTY = "is empty"


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
            with suppress(ValueError):  # an integer of too many digits to be written
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
