"""Reads LiveCodeBench's code generation (Jain et al. 2024, arXiv:2403.07974): contest problems by date and release.

A problem is on standard input, or of calls of a method. Its private tests are JSON, or JSON as a text in a pickle,
compressed and in base64; that is decoded without unpickling it.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from harness.benchmarks.apps_tests import stdio_tests
from harness.benchmarks.benchmark import Benchmark, Catalogue, CatalogueEntry
from harness.benchmarks.hub import fetch_files
from harness.benchmarks.pickled_text import packed_text
from harness.benchmarks.row_files import files_of, open_rows
from harness.benchmarks.time_limits import calibrated_limits
from harness.errors import UserError
from harness.runs.json_objects import Span
from harness.runs.python_json import converted, decode, parse_json
from harness.runs.records import Problem
from sandbox.records import CallTest, Limits, Test

HUB, REVISION = "livecodebench/code_generation_lite", "0fe84c3912ea0c4d4a78037083943e8f0c4dd505"
FILES = ("test", "test2", "test3", "test4", "test5", "test6")
"""Names of the hub's files, without `.jsonl`; each release adds one."""

MOST_PRIVATE_BYTES = 512 << 20
"""How much the private tests of a problem may unpack to."""
CPU_S = 6.0
"""Seconds a test, as LiveCodeBench's own judge has it."""
_PLAIN = re.compile(r"\s*[\[{]")


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """Reads a problem; keys not named here are ignored."""

    question_id: str | int
    question_content: str
    public_test_cases: str | list[Any]
    private_test_cases: str | list[Any] | None = None
    starter_code: str | None = None
    difficulty: str | None = None
    contest_date: str = ""
    metadata: str | dict[str, Any] | None = None


class _Case(msgspec.Struct, frozen=True, kw_only=True):
    """Reads a test: texts of a program's input and output, or of JSON values."""

    input: str
    output: str
    testtype: Literal["stdin", "functional"]


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """Reads the id of a row for the index; the tests are not decoded."""

    question_id: str | int | None = None
    public_test_cases: msgspec.Raw = msgspec.Raw()
    original_json: msgspec.Raw = msgspec.Raw()
    input_output: msgspec.Raw = msgspec.Raw()

    @property
    def flaw(self) -> str:
        """Return what the row is instead of a problem of LiveCodeBench, empty where it is one."""
        if memoryview(self.original_json):
            return "is a row of LiveBench, with original_json, which is another benchmark"
        if not memoryview(self.public_test_cases):
            of_apps = ", but input_output, as rows of APPS have" if memoryview(self.input_output) else ""
            return f"has no public_test_cases{of_apps}"
        return ""


def _problems(data: Path | None) -> Catalogue:
    """Open a file of LiveCodeBench's rows, or a folder with test.jsonl, test2.jsonl and so on; by default the hub's.

    Raises:
        UserError: It is neither of the two, or the hub can't be reached.
    """
    if data is None:
        files: Mapping[str, Path] = fetch_files(HUB, revision=REVISION, names=[f"{name}.jsonl" for name in FILES])
    else:
        files = files_of(data, FILES) if data.is_dir() else {"test": data}
    if not files:
        raise UserError(f"{data}: has none of LiveCodeBench's files, test.jsonl to test6.jsonl; name another folder")
    return open_rows(files, _entry, _problem)


def _entry(data: bytes, span: Span, split: str) -> CatalogueEntry:
    del split  # all is of one split, whichever the file
    head = decode(data, _Head, span.where)
    task_id = str(span.number if head.question_id is None else head.question_id)
    return CatalogueEntry(span.where, task_id, head.flaw)


def _problem(entry: CatalogueEntry, tree: Any) -> Problem:
    row = converted(tree, _Row, entry.where)
    try:
        public, private = (_cases(row, kind) for kind in ("public_test_cases", "private_test_cases"))
        function, day = _function(row), row.contest_date[:10]
        tests = _tests([*public, *private], function, row.question_content)
        if day:
            date.fromisoformat(day)
    except ValueError as error:
        raise UserError(f"{entry.where}: task {entry.task_id!r}: {error}; correct or remove it") from error
    return Problem(
        task_id=entry.task_id,
        benchmark="livecodebench" if private else "livecodebench-public",
        split="test",
        statement=row.question_content,
        tests=tests,
        limits=calibrated_limits(Limits(), CPU_S),
        starter_code=row.starter_code or "",
        entry_point=function,
        difficulty=row.difficulty or "",
        prelude="leetcode",
        date=day,
    )


def _cases(row: _Row, name: Literal["public_test_cases", "private_test_cases"]) -> list[_Case]:
    """Return the tests of a kind.

    Raises:
        ValueError: They are malformed, one line.
    """
    found = getattr(row, name) or []
    try:
        if isinstance(found, str):
            found = parse_json(found if _PLAIN.match(found) else packed_text(found, MOST_PRIVATE_BYTES), name)
        return converted(found, list[_Case], name)
    except ValueError as error:
        raise ValueError(f"its {name} {error}") from error
    except UserError as error:
        raise ValueError(str(error).removesuffix("; correct or remove it")) from error


def _function(row: _Row) -> str:
    """Return the name of the method to be called, empty where there is none."""
    metadata = row.metadata or {}
    if isinstance(metadata, str):
        try:
            metadata = json.loads(metadata)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"its metadata is not JSON ({error})") from error
    name = metadata.get("func_name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else ""


def _tests(cases: list[_Case], function: str, statement: str) -> tuple[Test, ...]:
    if not cases:
        raise ValueError("it has no tests")
    kinds = {case.testtype for case in cases}
    if kinds == {"stdin"}:
        return stdio_tests([case.input for case in cases], [case.output for case in cases], statement)
    if kinds == {"stdin", "functional"}:
        raise ValueError("its tests are of two kinds, stdin and functional")
    if not function:
        raise ValueError("its tests are calls, and its metadata names no func_name")
    return tuple(_call(case, function) for case in cases)


def _call(case: _Case, function: str) -> CallTest:
    """Return the test of a call: an argument a line of the input, the answer in the output, all of them JSON."""
    try:
        arguments = tuple(parse_json(line, "its input") for line in case.input.split("\n") if line.strip())
        expected = parse_json(case.output, "its output")
    except UserError as error:
        raise ValueError(str(error).removesuffix("; correct or remove it")) from error
    return CallTest(function=function, arguments=arguments, expected=expected, checker="json_close")


class Dated(Protocol):
    """Names the date of a problem, for sets that are selected by it."""

    @property
    def task_id(self) -> str:
        """Return the problem's id."""

    @property
    def date(self) -> str:
        """Return the day of its contest."""


SIZES = {"v1": 400, "v2": 111, "v3": 101, "v4": 101, "v5": 167, "v6": 175}
"""Problems that each release added; those of a file come in its order, and the files in theirs."""
_BEFORE = {
    "v1": "2024-04", "v2": "2024-07", "v3": "2024-09", "v4": "2024-11", "v5": "2025-03", "v6": "2025-06",
}  # fmt: skip
"""A month that no problem of a release reaches: it shows that problems are in another order."""


def _release(name: str, added: tuple[str, ...]) -> Callable[[Iterable[Dated]], Iterable[str]]:
    """Return the set of the problems that some releases added, which follow each other."""

    def chosen(infos: Iterable[Dated]) -> Iterable[str]:
        every = tuple(infos)
        first = sum(size for key, size in SIZES.items() if key < added[0])
        found = every[first : first + sum(SIZES[key] for key in added)]
        wholes = {sum(list(SIZES.values())[:number]) for number in range(1, len(SIZES) + 1)}
        is_whole = len(every) in wholes and len(found) == sum(SIZES[key] for key in added)
        if not is_whole or any(info.date >= _BEFORE[added[-1]] for info in found):
            raise UserError(
                f"--problem-set {name}: is {sum(SIZES[key] for key in added)} problems of LiveCodeBench's files in "
                f"their order, test.jsonl first, and the {len(every)} here are not these; name a folder of all files "
                "with --data, or give a window of dates such as 2024-08..2025-01"
            )
        return [info.task_id for info in found]

    return chosen


_ADDED = tuple(SIZES)


def _contest(problem: Problem) -> str:
    """Return the contest of a problem: AtCoder's and Codeforces' ids name it, LeetCode holds one a day."""
    contest, underscore, _ = problem.task_id.rpartition("_")
    return contest if underscore else problem.date


livecodebench = Benchmark(
    name="livecodebench",
    problems=_problems,
    family=_contest,
    problem_sets={
        **{f"release_{key}": _release(f"release_{key}", _ADDED[: number + 1]) for number, key in enumerate(_ADDED)},
        **{key: _release(key, (key,)) for key in _ADDED[1:]},
    },
    prompt_card="livecodebench",
    about="contest problems on standard input and of methods, by difficulty, date and release",
    source=f"huggingface.co/datasets/{HUB} (4.5 GB), or --data with its files",
    licence="not stated but as cc; the problems are of LeetCode, AtCoder and Codeforces",
    size="400 problems in release_v1, 1,055 in release_v6",
)
