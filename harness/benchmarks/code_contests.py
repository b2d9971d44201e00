"""Reads CodeContests (Li et al. 2022, arXiv:2203.07814), and its problems in the form of rLLM's training data."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import msgspec

from harness.benchmarks.benchmark import Benchmark, Catalogue, CatalogueEntry
from harness.benchmarks.own_checkers import own_checker
from harness.benchmarks.row_files import open_rows
from harness.benchmarks.time_limits import calibrated_limits
from harness.errors import UserError
from harness.runs.json_objects import Span
from harness.runs.python_json import converted, decode
from harness.runs.records import Problem
from sandbox.records import AssertTest, Limits, StdioTest, Test

_STARTER = re.compile(r"```python\n(class Solution:.*?)```\s*\Z", re.DOTALL)
"""Ends the statement of a problem of a method."""
_CONTEST = re.compile(r"([0-9]+)_|p[0-9]{5} (.+?) - .")
"""Begins the name of a problem of Codeforces, such as 1575_A, or of AtCoder: contest and title after a number."""
_PYTHON3 = 3
"""Of the enumeration of languages."""
_DIFFICULTIES = ("", "easy", "medium", "hard", "harder", "hardest", "external", *"ABCDEFGHIJKLMNOPQRSTUV")
"""The enumeration of difficulties; the letters are Codeforces' own index of a problem in its contest."""


class _Tests(msgspec.Struct, frozen=True, kw_only=True):
    """Reads tests as a list of inputs and one of outputs."""

    input: tuple[str, ...] = ()
    output: tuple[str, ...] = ()


class _Solutions(msgspec.Struct, frozen=True, kw_only=True):
    """Reads programs and the language of each."""

    language: tuple[int, ...] = ()
    solution: tuple[str, ...] = ()


class _Duration(msgspec.Struct, frozen=True, kw_only=True):
    """Reads a time limit."""

    seconds: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0
    nanos: Annotated[int, msgspec.Meta(ge=0, lt=10**9)] = 0


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """Reads a problem of CodeContests; keys not named here are ignored."""

    name: str
    description: str
    public_tests: _Tests
    private_tests: _Tests
    generated_tests: _Tests
    difficulty: int = 0
    time_limit: _Duration | None = None
    solutions: _Solutions = _Solutions()


class _ListedTests(msgspec.Struct, frozen=True, kw_only=True):
    """Reads tests of rLLM's code_contests.json."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class _OneTest(msgspec.Struct, frozen=True, kw_only=True):
    """Reads a test of rLLM's codeforces.json."""

    input: str
    output: str


class _Checked(msgspec.Struct, frozen=True, kw_only=True):
    """Reads the test of rLLM's leetcode.json: a function with assertions, and the call of it for a method."""

    functional: str


class _TrainerRow(msgspec.Struct, frozen=True, kw_only=True):
    """Reads a problem of rLLM: it has no id, no limit and no difficulty."""

    problem: str
    tests: Any
    solutions: str = ""


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """Reads the form and id of a row, for the index; the tests are not decoded."""

    name: str | None = None
    description: msgspec.Raw = msgspec.Raw()
    problem: msgspec.Raw = msgspec.Raw()

    @property
    def flaw(self) -> str:
        """Return what is wrong with the row, empty where it is of one of the two forms."""
        is_one = self.name is not None and len(memoryview(self.description))
        return "" if is_one or memoryview(self.problem) else "is not a row of CodeContests: it has no description"


def _problems(data: Path | None) -> Catalogue:
    """Open JSON Lines, or a JSON list, of rows of CodeContests or of rLLM.

    A problem's id is its name, or its place in the file where it has none.

    Raises:
        UserError: No file was named, or it holds something else.
    """
    if data is None:
        raise UserError(
            "benchmark code-contests needs --data with rows of deepmind/code_contests; write them with "
            "datasets.load_dataset(...).to_json(...)"
        )
    return open_rows({"test": data}, _entry, _problem)


def _entry(data: bytes, span: Span, split: str) -> CatalogueEntry:
    del split
    head = decode(data, _Head, span.where)
    return CatalogueEntry(span.where, head.name or str(span.number), head.flaw)


def _problem(entry: CatalogueEntry, tree: Any) -> Problem:
    if isinstance(tree, dict) and "problem" in tree:
        return _of_trainer(entry, converted(tree, _TrainerRow, entry.where))
    row = converted(tree, _Row, entry.where)
    parts = (row.public_tests, row.private_tests, row.generated_tests)
    inputs, outputs = ([text for part in parts for text in getattr(part, key)] for key in ("input", "output"))
    programs = zip(row.solutions.language, row.solutions.solution, strict=False)
    return Problem(
        task_id=entry.task_id,
        benchmark="code-contests",
        split="test",
        statement=row.description,
        tests=_tests(entry, inputs, outputs),
        limits=_limits(row.time_limit),
        difficulty=_DIFFICULTIES[row.difficulty] if 0 <= row.difficulty < len(_DIFFICULTIES) else "",
        reference=next((text for language, text in programs if language == _PYTHON3), ""),
    )


def _of_trainer(entry: CatalogueEntry, row: _TrainerRow) -> Problem:
    if isinstance(row.tests, list):
        tests = converted(row.tests, tuple[_OneTest, ...], entry.where)
        inputs, outputs = tuple(test.input for test in tests), tuple(test.output for test in tests)
        return _trained(entry, row, "codeforces-rllm", _tests(entry, inputs, outputs))
    if isinstance(row.tests, dict) and "functional" in row.tests:
        code = converted(row.tests, _Checked, entry.where).functional
        return _trained(entry, row, "leetcode-rllm", (AssertTest(code=code, names=("Solution",)),))
    listed = converted(row.tests, _ListedTests, entry.where)
    return _trained(entry, row, "code-contests-rllm", _tests(entry, listed.inputs, listed.outputs))


def _trained(entry: CatalogueEntry, row: _TrainerRow, benchmark: str, tests: tuple[Test, ...]) -> Problem:
    begun = _STARTER.search(row.problem)
    return Problem(
        task_id=entry.task_id,
        benchmark=benchmark,
        split="test",
        statement=row.problem,
        tests=tests,
        starter_code=begun[1] if begun else "",
        prelude="leetcode" if begun else "",
        reference=row.solutions,
    )


def _tests(entry: CatalogueEntry, inputs: Sequence[str], outputs: Sequence[str]) -> tuple[StdioTest, ...]:
    if len(inputs) != len(outputs) or not inputs:
        found = f"has {len(inputs)} inputs, but {len(outputs)} outputs" if inputs or outputs else "has no tests"
        raise UserError(f"{entry.where}: task {entry.task_id!r} {found}; correct or remove it")
    checker = _checker()
    return tuple(
        StdioTest(stdin=given, expected_stdout=expected, checker=checker)
        for given, expected in zip(inputs, outputs, strict=True)
    )


@cache
def _checker() -> Any:
    return own_checker("harness.benchmarks.contest_output:contest_output")


def _limits(time: _Duration | None) -> Limits:
    """Return limits with the contest's time, which is for compiled programs, or ours where that is more."""
    usual = Limits()
    return calibrated_limits(usual, max(usual.cpu_s, time.seconds + time.nanos / 1e9 if time else 0.0))


def _contest(problem: Problem) -> str:
    """Return the contest of a problem of Codeforces or AtCoder; others' names tell none."""
    found = _CONTEST.match(problem.task_id)
    return (found[1] or found[2]) if found else ""


code_contests = Benchmark(
    name="code-contests",
    problems=_problems,
    family=_contest,
    prompt_card="chat",
    about="contest problems on standard input, with generated tests beside public and private ones",
    source="--data with rows of huggingface.co/datasets/deepmind/code_contests as JSON Lines, or files of rLLM",
    licence="CC-BY-4.0",
    size="165 problems of the test split",
)
