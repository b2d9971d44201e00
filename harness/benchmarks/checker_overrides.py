"""Reads checkers that a user names for some problems, in place of the benchmark's own."""

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from harness.benchmarks.own_checkers import CHECKERS, checker_in_file, own_checker
from harness.errors import UserError, no_such
from harness.plugins import names
from harness.runs.jsonl import read
from harness.runs.records import Problem
from sandbox.inside import checkers
from sandbox.records import CallTest, OwnChecker, StdioTest

_KEPT = 4
"""Problems kept with their other checkers, as `Catalogue` keeps those decoded."""


def read_checkers(path: Path, problems: Mapping[str, Problem]) -> dict[str, str | OwnChecker]:
    """Read a file of checkers: a JSON object of names by task id.

    A name is one of `sandbox.inside.checkers`, such as "any_order" or "numbers 1e-4", for tests on standard input or of
    calls as the problem has them. On standard input it may also be registered under `proctor.checkers`, or be
    "path.py:function", where the path starts at the folder of the file.

    Args:
        path: of the file.
        problems: by task id; those that are named are looked up.

    Returns:
        The checkers by task id.

    Raises:
        UserError: It is not such a file, names a task that is not here, or a checker that can't judge its tests.
    """
    named = read(path, dict[str, str])
    known = frozenset(problems)
    if unknown := next((task_id for task_id in named if task_id not in known), None):
        raise UserError(
            f"{path}: names task {unknown!r}, which is not among the problems; check --benchmark and --data"
        )
    return {
        task_id: _checker(name, problems[task_id], path, f"{path}: task {task_id!r}") for task_id, name in named.items()
    }


def _checker(name: str, problem: Problem, path: Path, where: str) -> str | OwnChecker:
    """Return the checker of this name for the tests of a problem."""
    kinds = {type(test) for test in problem.tests}
    if kinds == {StdioTest}:
        return _output_checker(name, path, where)
    if kinds != {CallTest}:
        raise UserError(f"{where}: its tests compare by themselves, and have no checker; leave it out")
    try:
        checkers.call_checker(name)
    except LookupError:
        raise no_such("checker for tests of calls", name, checkers.CALL, where=where) from None
    return name


def _output_checker(name: str, path: Path, where: str) -> str | OwnChecker:
    try:
        checkers.stdio_checker(name)
    except LookupError:
        source, colon, function = name.rpartition(":")
        if colon and source.endswith(".py"):
            return checker_in_file(path.parent / source, function)
        registered = names(CHECKERS)
        if not colon and name not in registered:
            raise no_such(
                "checker", name, (*checkers.STDIO, *registered), "or name path.py:function", where=where
            ) from None
        try:
            return own_checker(name)
        except UserError as error:
            raise UserError(f"{where}: {error}") from error
    return name


class OverriddenProblems(Mapping[str, Problem]):
    """Puts problems under the checkers that a user names; those that are not named keep their own."""

    def __init__(self, problems: Mapping[str, Problem], named: Mapping[str, str | OwnChecker]) -> None:
        """Take over the problems."""
        self._problems = problems
        self._named = named
        self._overridden = functools.lru_cache(_KEPT)(self._with_checker)  # the same tests as long as they are in use

    def __getitem__(self, task_id: str) -> Problem:
        """Return a problem; where its checker is its own, its tests are the very same."""
        return self._overridden(task_id) if task_id in self._named else self._problems[task_id]

    def _with_checker(self, task_id: str) -> Problem:
        problem, checker = self._problems[task_id], self._named[task_id]
        tests = tuple(msgspec.structs.replace(test, checker=checker) for test in problem.tests)
        return msgspec.structs.replace(problem, tests=tests)

    def __iter__(self) -> Iterator[str]:
        """Go through the task ids."""
        return iter(self._problems)

    def __len__(self) -> int:
        """Return how many problems there are."""
        return len(self._problems)
