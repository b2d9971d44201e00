"""Reads APPS+ (Dou et al. 2024, arXiv:2402.01391) and original APPS (Hendrycks et al. 2021, arXiv:2105.09938).

Problems on standard input and of calls, by difficulty: introductory, interview, competition.
"""

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol

import msgspec

from harness.benchmarks.apps_tests import tests_of
from harness.benchmarks.benchmark import Benchmark, Catalogue, CatalogueEntry
from harness.benchmarks.contest_url import contest_of
from harness.benchmarks.hub import fetch_files
from harness.benchmarks.row_files import files_of, open_rows
from harness.benchmarks.starter_code import signature_of
from harness.errors import UserError
from harness.runs.json_objects import Span
from harness.runs.python_json import converted, decode, parse_json
from harness.runs.records import Problem
from sandbox.records import CallTest

HUB, REVISION = "codeparrot/apps", "21e74ddf8de1a21436da12e3e653065c5213e9d1"

_NOTHING = {b"", b"null", b"[]", b'""', b"{}"}
_SPLITS = ("train", "test")
_CONTEST = attrgetter("contest")
_OTHER_REFERENCES = 4
"""Solutions that are kept besides the first; some problems have a hundred."""
_SHORT_BYTES = 1 << 12
"""Tests of the hub's form that are no longer are decoded for the index: they may be empty lists."""


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """Reads a problem of APPS+ or its kin; keys not named here are ignored."""

    prompt: str
    inputs: Any
    outputs: Any
    canonical_solution: str | None = None
    solutions: tuple[str, ...] = ()
    starter_code: str | None = None
    fn_name: str | None = None
    difficulty: str | None = None
    url: Any = None


class _HubRow(msgspec.Struct, frozen=True, kw_only=True):
    """Reads a problem of original APPS as the hub has it: tests and solutions are JSON in texts."""

    question: str
    input_output: str | dict[str, Any]
    solutions: str | tuple[str, ...] | None = None
    starter_code: str | None = None
    difficulty: str | None = None
    url: Any = None


class RowHead(msgspec.Struct, frozen=True, kw_only=True):
    """Reads the id of a row, and whether it has tests, for the index; long tests are not decoded."""

    problem_id: str | int | None = None
    id: str | int | None = None
    inputs: msgspec.Raw = msgspec.Raw()
    outputs: msgspec.Raw = msgspec.Raw()
    input_output: msgspec.Raw = msgspec.Raw()
    public_test_cases: msgspec.Raw = msgspec.Raw()
    tests: msgspec.Raw = msgspec.Raw()

    @property
    def flaw(self) -> str:
        """Return why the problem can't be examined, empty where it can."""
        if _begin(self.input_output) not in _NOTHING:
            return self._flaw_of_texts()
        if _begin(self.public_test_cases) and not _begin(self.inputs):
            return "is a row of LiveCodeBench, with public_test_cases; name --benchmark livecodebench"
        if _begin(self.tests) and not _begin(self.inputs):
            return "has `tests`, as rows of rLLM and DeepCoder, but no inputs and outputs, as those of APPS"
        return "has no tests" if {_begin(self.inputs), _begin(self.outputs)} & _NOTHING else ""

    def _flaw_of_texts(self) -> str:
        if len(memoryview(self.input_output)) > _SHORT_BYTES:
            return ""
        tests = parse_json(bytes(self.input_output), "input_output")
        try:
            tests = json.loads(tests) if isinstance(tests, str) else tests
        except (ValueError, RecursionError):  # reported when the problem is looked up
            return ""
        has_none = not isinstance(tests, dict) or not (tests.get("inputs") and tests.get("outputs"))
        return "has no tests: its input_output is empty" if has_none else ""


def _begin(part: msgspec.Raw) -> bytes:
    return bytes(memoryview(part)[:8]).strip()  # it may be very long


def of_files(files: Mapping[str, Path]) -> Catalogue:
    """Open files of rows; each is one JSON list, or JSON Lines.

    Args:
        files: split -> its file, plain or .gz.

    Returns:
        The problems; where there are several splits, they are part of the ids.

    Raises:
        UserError: A file can't be read, or holds something else.
    """

    def head(data: bytes, span: Span, split: str) -> CatalogueEntry:
        read = decode(data, RowHead, span.where)
        named = [name for name in (read.problem_id, read.id) if name is not None]
        task_id = str(named[0] if named else span.number)
        return CatalogueEntry(span.where, f"{split}/{task_id}" if len(files) > 1 else task_id, read.flaw)

    def problem(entry: CatalogueEntry, tree: Any) -> Problem:
        if isinstance(tree, dict) and "input_output" in tree and "inputs" not in tree:
            return _problem(entry, "apps", _of_the_hub(converted(tree, _HubRow, entry.where), entry.where))
        return _problem(entry, "apps-plus", converted(tree, _Row, entry.where))

    return open_rows(files, head, problem)


def _of_the_hub(row: _HubRow, where: str) -> _Row:
    def of_text(value: Any, key: str) -> Any:
        return parse_json(value, f"{where}: {key}") if isinstance(value, str) and value else value

    tests = of_text(row.input_output, "input_output")
    return converted(
        {
            "inputs": [], "outputs": [], **(tests if isinstance(tests, dict) else {}),
            "prompt": row.question, "starter_code": row.starter_code, "difficulty": row.difficulty,
            "solutions": of_text(row.solutions, "solutions") or (), "canonical_solution": None, "url": row.url,
        },
        _Row,
        where,
    )  # fmt: skip


def of_folder(home: Path) -> Catalogue:
    """Open a folder with one for each problem, or with those of train/ and test/.

    Args:
        home: the folder.

    Returns:
        The problems, read when they are looked up.

    Raises:
        UserError: There is none, or a file in one can't be read or holds something else.
    """
    splits = [split for split in _SPLITS if (home / split).is_dir()]
    folders = [path for split in splits for path in sorted((home / split).iterdir())] or sorted(home.iterdir())

    def entries() -> Iterator[CatalogueEntry]:
        for path in folders:
            if (path / "question.txt").exists():
                task_id = f"{path.parent.name}/{path.name}" if splits else path.name
                tests = path / "input_output.json"
                try:
                    yield CatalogueEntry(str(path), task_id, decode(_content(tests) or b"{}", RowHead, str(tests)).flaw)
                except UserError as error:
                    yield CatalogueEntry(str(path), task_id, fault=str(error))

    def load(entry: CatalogueEntry) -> Problem:
        path = Path(entry.where)
        split = path.parent.name if path.parent.name in _SPLITS else "test"
        return _problem(entry._replace(split=split), "apps", converted(_folder_tree(path), _Row, entry.where))

    return Catalogue(entries(), load)


def _folder_tree(path: Path) -> dict[str, Any]:
    def text(name: str) -> str:
        try:
            return _content(path / name).decode()
        except UnicodeDecodeError as error:
            raise UserError(f"{path / name}: {error}; correct it") from error

    def tree(name: str, without: Any) -> Any:
        return parse_json(content, str(path / name)) if (content := _content(path / name)) else without

    metadata = tree("metadata.json", {})
    return {
        **tree("input_output.json", {}),
        "prompt": text("question.txt"),
        "starter_code": text("starter_code.py"),
        "solutions": tree("solutions.json", []),
        "difficulty": metadata.get("difficulty"),
        "url": metadata.get("url"),
    }


def _content(path: Path) -> bytes:
    """Return what a file holds; nothing where it is absent, as most of them may be."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}") from error


def _problem(entry: CatalogueEntry, benchmark: str, row: _Row) -> Problem:
    starter_code = row.starter_code or ""
    references = [*filter(None, dict.fromkeys((row.canonical_solution, *row.solutions)))]
    signature = signature_of(starter_code, row.fn_name or "")
    function = row.fn_name or (signature.name if signature else "")
    try:
        tests = tests_of(row.inputs, row.outputs, function, signature, f"{row.prompt}\n{starter_code}")
    except ValueError as error:
        raise UserError(f"{entry.where}: task {entry.task_id!r} {error}; correct or remove it") from error
    if not tests:
        raise UserError(f"{entry.where}: task {entry.task_id!r} has no tests; correct or remove it")
    is_entered = isinstance(tests[0], CallTest) or (signature is not None and not signature.in_class)
    return Problem(
        task_id=entry.task_id,
        benchmark=benchmark,
        split=entry.split,
        statement=row.prompt,
        tests=tests,
        starter_code=starter_code,
        entry_point=function if is_entered else "",
        difficulty=row.difficulty or "",
        reference=next(iter(references), ""),
        other_references=tuple(references[1 : 1 + _OTHER_REFERENCES]),
        prelude="leetcode" if isinstance(tests[0], CallTest) else "",
        contest=contest_of(row.url),
    )


PAPER = {"introductory": 1000, "interview": 1000, "competition": 572}
"""Problems of each difficulty that the paper examines, as its tables imply; it doesn't say which."""
PAPER_SEED = 0


class Labelled(Protocol):
    """Names the difficulty of a problem, for sets that are selected by it."""

    @property
    def task_id(self) -> str:
        """Return the problem's id."""

    @property
    def difficulty(self) -> str:
        """Return the benchmark's own label."""


def paper(infos: Iterable[Labelled]) -> tuple[str, ...]:
    """Choose 1000 introductory, 1000 interview and 572 competition problems by a fixed seed.

    Only the ids of a difficulty decide, not their order. The choice is ours: the paper names its sizes alone.

    Args:
        infos: of all problems.

    Returns:
        Ids of the selected problems, in the order of `infos`.

    Raises:
        UserError: There are fewer of a difficulty.
    """
    labelled = [(info.task_id, info.difficulty) for info in infos]
    selected = set[str]()
    for difficulty, size in PAPER.items():
        task_ids = sorted(task_id for task_id, label in labelled if label == difficulty)
        if len(task_ids) < size:
            raise UserError(
                f"--problem-set paper: the paper's set is {_sizes()} problems, and there are only {len(task_ids)} "
                f"{difficulty} ones here; give the whole of APPS+ with --data, or leave --problem-set out"
            )
        selected.update(random.Random(PAPER_SEED).sample(task_ids, size))  # noqa: S311 - no secret
    return tuple(task_id for task_id, _ in labelled if task_id in selected)


def _sizes() -> str:
    return " + ".join(f"{size} {difficulty}" for difficulty, size in PAPER.items())


def _problems(data: Path | None, *, from_hub: bool) -> Catalogue:
    """Open APPS+'s data.json or rows of it, or original APPS: a folder in its own layout, or rows as the hub has them.

    A problem's id is its `problem_id` or `id`, or else its place in the file, from 0. In a folder it is the name of the
    problem's own, after that of its split where there are two. Problems without tests are left out.

    Raises:
        UserError: It is none of these, or no file was named and the hub can't be reached.
    """
    if data is None and not from_hub:
        raise UserError("benchmark apps-plus needs --data with the path of APPS+'s data.json, or of a folder of APPS")
    if data is None:
        return of_files(fetch_files(HUB, revision=REVISION, names=("test.jsonl",)))
    if not data.is_dir():
        return of_files({"test": data})
    files = files_of(data, _SPLITS)
    return of_files(files) if files else of_folder(data)


apps_plus = Benchmark(
    name="apps-plus",
    problems=partial(_problems, from_hub=False),
    family=_CONTEST,
    problem_sets={"paper": paper},
    prompt_card="apps",
    about="contest and interview problems on standard input and of calls, by difficulty",
    source="github.com/Ablustrund/APPS_Plus, data/v1/data.json; original APPS is read too",
    licence="MIT",
    size="7,413 problems",
)
apps = Benchmark(
    name="apps",
    problems=partial(_problems, from_hub=True),
    family=_CONTEST,
    prompt_card="apps",
    about="original APPS: contest and interview problems on standard input and of calls, by difficulty",
    source=f"huggingface.co/datasets/{HUB}, test.jsonl; or --data with that, or a folder of github.com/hendrycks/apps",
    licence="MIT",
    size="10,000 problems, 5,000 of them test",
)
