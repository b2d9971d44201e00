"""Finds problems with tests that can't be run."""

import ast
import builtins
import platform
import warnings
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import chain
from typing import Any

from harness.benchmarks.problem_info import ProblemInfos
from harness.errors import UserError
from harness.runs.records import Problem
from sandbox.inside.blame import symbols_of
from sandbox.records import AssertTest

_BUILTINS = frozenset(dir(builtins))
_BINDS_UNSEEN = {"builtins", "eval", "exec", "globals", "locals", "vars"}
"""Names by which a text can bind others that it doesn't name."""


def refuse_flawed(problems: Mapping[str, Problem], infos: ProblemInfos) -> None:
    """Refuse problems with a flaw, see `flaw_of`.

    Args:
        problems: those of the benchmark.
        infos: of the problems that are to be judged; only those with assert tests, or without any, are looked up.

    Raises:
        UserError: A problem has one; the error names the first and counts the others.
    """
    suspects = [task_id for task_id, info in infos.items() if info.kind in {"assert", "mixed"}]
    flawed = {task_id: flaw for task_id in suspects if (flaw := flaw_of(problems[task_id]))}
    if flawed:
        task_id, flaw = next(iter(flawed.items()))
        others = f" (and {len(flawed) - 1} more, which `proctor audit` lists)" if len(flawed) > 1 else ""
        raise UserError(
            f"benchmark {infos[task_id].benchmark}: task {task_id} can't be judged: {flaw}; "
            f"correct or remove it{others}"
        )


def flaw_of(problem: Problem) -> str:
    """Return why no program can be judged by the tests of a problem, empty where nothing is found.

    That is: there are none; or one is an assert test whose set-up or code doesn't compile, or uses a name that nothing
    binds. What a test imports is not looked for, because the examined interpreter may have other packages than ours.

    Args:
        problem: of any benchmark.

    Returns:
        One line, to follow the name of the task.
    """
    if not problem.tests:
        return "it has no tests" + _lacking(problem, problem.entry_point)
    for number, test in enumerate(problem.tests, 1):
        if isinstance(test, AssertTest):
            with suppress(RecursionError):  # too deep for us, maybe not for the examiner
                if error := _compile_error(test):
                    return f"test {number} {error}"
                for name in _unbound(test):
                    return f"test {number} uses {name!r}, which it doesn't define" + _lacking(problem, name)
    return ""


def _lacking(problem: Problem, name: str) -> str:
    """Return words that say that the reference defines no such name, empty where it may, or where there is none."""
    try:
        bound = {symbol.get_name() for symbol in symbols_of(problem.reference) if _is_bound(symbol)}
    except (SyntaxError, ValueError, RecursionError):
        return ""
    return f", and the reference defines no {name!r}" if bound and name and name not in bound else ""


def _compile_error(test: AssertTest) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an assert on a tuple, say, is judged as it is
            for part, text in (("set-up", test.setup), ("test", test.code)):
                compile(text, part, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:  # a ValueError is for NUL, or half a character
        return f"doesn't compile under Python {platform.python_version()}: {error}"
    return ""


def _unbound(test: AssertTest) -> list[str]:
    """Return the names that a test uses and nothing binds, in any of its scopes: it fails where it comes to them.

    A name for which the test may be prepared (in a `try` or `with`), or that may never be read (in an annotation),
    isn't among them.
    """
    symbols = [*symbols_of(*filter(None, (test.setup, test.code)))]
    used = {symbol.get_name() for symbol in symbols if symbol.is_referenced()}
    bound = {symbol.get_name() for symbol in symbols if _is_bound(symbol)}
    found = sorted(name for name in used.difference(bound, test.names, _BUILTINS) if not name.startswith((".", "__")))
    if not found or not used.isdisjoint(_BINDS_UNSEEN):
        return []
    nodes = [*chain.from_iterable(ast.walk(ast.parse(text)) for text in (test.setup, test.code))]
    if any(isinstance(node, ast.alias) and node.name == "*" for node in nodes):
        return []
    return [name for name in found if name not in {*_forgiven(nodes)}]


def _forgiven(nodes: list[ast.AST]) -> Iterator[str]:
    """Yield the names in places where missing ones may do no harm."""
    for node in nodes:
        parts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.Try | ast.TryStar | ast.With):
            parts.append(node)
        for part in filter(None, parts):
            yield from (name.id for name in ast.walk(part) if isinstance(name, ast.Name))


def _is_bound(symbol: Any) -> bool:
    bound: bool = symbol.is_assigned() or symbol.is_parameter() or symbol.is_imported()
    return bound
