"""Reads APPS+ (Dou et al. 2024, arXiv:2402.01391) and original APPS (Hendrycks et al. 2021, arXiv:2105.09938).

Problems on standard input and of calls, by difficulty: introductory, interview, competition.
"""

import os
import random
import weakref
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import msgspec

from harness.benchmarks.apps_tests import tests_of
from harness.benchmarks.benchmark import Benchmark, Catalogue, CatalogueEntry
from harness.benchmarks.starter_code import signature_of
from harness.errors import UserError
from harness.runs.json_objects import spans
from harness.runs.jsonl import unpacked
from harness.runs.python_json import converted, parse_json
from harness.runs.records import Problem
from sandbox.records import CallTest

_NOTHING = {b"", b"null", b"[]", b'""', b"{}"}
_SPLITS = ("train", "test")


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


class RowHead(msgspec.Struct, frozen=True, kw_only=True):
    """Reads the id of a row, and whether it has tests, for the index; the tests are not decoded."""

    problem_id: str | int | None = None
    id: str | int | None = None
    inputs: msgspec.Raw = msgspec.Raw()
    outputs: msgspec.Raw = msgspec.Raw()

    @property
    def flaw(self) -> str:
        """Return why the problem can't be examined, empty where it can."""
        begin = {bytes(memoryview(part)[:8]).strip() for part in (self.inputs, self.outputs)}  # they may be very long
        return "has no tests" if begin & _NOTHING else ""


def of_file(path: Path) -> Catalogue:
    """Open one JSON list of rows, or JSON Lines of them; they are of the split `test`.

    Args:
        path: of the file, plain or .gz.

    Returns:
        The problems, decoded when they are looked up; the file is open as long as they are in use.

    Raises:
        UserError: The file can't be read, or holds something else.
    """
    file = unpacked(path)

    def read(start: int, length: int) -> bytes:
        return os.pread(file.fileno(), length, start)

    def entries() -> Iterator[CatalogueEntry]:
        for where, number, start, length in spans(file, path):
            head = _head(read(start, length), where)
            named = [name for name in (head.problem_id, head.id) if name is not None]
            yield CatalogueEntry(where, str(named[0] if named else number), head.flaw, start, length)

    def load(entry: CatalogueEntry) -> Problem:
        return _problem(
            entry, "test", converted(parse_json(read(entry.start, entry.length), entry.where), _Row, entry.where)
        )

    with ExitStack() as stack:
        stack.callback(file.close)
        catalogue = Catalogue(entries(), load)
        weakref.finalize(catalogue, stack.pop_all().close)
    return catalogue


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
                yield CatalogueEntry(str(path), task_id, _head(_content(tests) or b"{}", str(tests)).flaw)

    def load(entry: CatalogueEntry) -> Problem:
        path = Path(entry.where)
        split = path.parent.name if path.parent.name in _SPLITS else "test"
        return _problem(entry, split, converted(_folder_tree(path), _Row, entry.where))

    return Catalogue(entries(), load)


def _folder_tree(path: Path) -> dict[str, Any]:
    def text(name: str) -> str:
        try:
            return _content(path / name).decode()
        except UnicodeDecodeError as error:
            raise UserError(f"{path / name}: {error}; correct it") from error

    def tree(name: str, without: Any) -> Any:
        return parse_json(content, str(path / name)) if (content := _content(path / name)) else without

    return {
        **tree("input_output.json", {}),
        "prompt": text("question.txt"),
        "starter_code": text("starter_code.py"),
        "solutions": tree("solutions.json", []),
        "difficulty": tree("metadata.json", {}).get("difficulty"),
    }


def _content(path: Path) -> bytes:
    """Return what a file holds; nothing where it is absent, as most of them may be."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}") from error


def _head(data: bytes, where: str) -> RowHead:
    try:
        return msgspec.json.decode(data, type=RowHead)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # wrong, or what only Python's own decoder takes
        tree = parse_json(data, where)
    if isinstance(tree, dict):
        tree |= {name: msgspec.Raw(b"[0]" if tree.get(name) else b"") for name in ("inputs", "outputs")}
    return converted(tree, RowHead, where)


def _problem(entry: CatalogueEntry, split: str, row: _Row) -> Problem:
    starter_code = row.starter_code or ""
    signature = signature_of(starter_code, row.fn_name or "")
    function = row.fn_name or (signature.name if signature else "")
    try:
        tests = tests_of(row.inputs, row.outputs, function, signature)
    except ValueError as error:
        raise UserError(f"{entry.where}: task {entry.task_id!r} {error}; correct or remove it") from error
    is_entered = isinstance(tests[0], CallTest) or (signature is not None and not signature.in_class)
    return Problem(
        task_id=entry.task_id,
        benchmark="apps-plus",
        split=split,
        statement=row.prompt,
        tests=tests,
        starter_code=starter_code,
        entry_point=function if is_entered else "",
        difficulty=row.difficulty or "",
        reference=row.canonical_solution or next(iter(row.solutions), ""),
    )


PAPER = {"introductory": 1000, "interview": 1000, "competition": 572}
"""Problems of each difficulty that the paper examines, as its tables imply."""
PAPER_SEED = 0


class Labelled(Protocol):
    """Names the difficulty of a problem, for sets that are selected by it."""

    @property
    def task_id(self) -> str:
        """Return the problem's id."""

    @property
    def difficulty(self) -> str:
        """Return the benchmark's own label."""


def _problems(data: Path | None) -> Catalogue:
    """Open APPS+'s data.json or JSON Lines of such rows (plain or .gz), or a folder in the layout of original APPS.

    A problem's id is its `problem_id` or `id`, or else its place in the file, from 0. In a folder it is the name of the
    problem's own, after that of its split where there are train/ and test/. Problems without tests are left out.

    Raises:
        UserError: No file was named, or it is none of these.
    """
    if data is None:
        raise UserError("benchmark apps-plus needs --data with the path of APPS+'s data.json, or of a folder of APPS")
    return of_folder(data) if data.is_dir() else of_file(data)


def paper(infos: Iterable[Labelled]) -> tuple[str, ...]:
    """Choose 1000 introductory, 1000 interview and 572 competition problems by a fixed seed; all where there are fewer.

    Only the ids of a difficulty decide, not their order.

    Args:
        infos: of all problems.

    Returns:
        Ids of the selected problems, in the order of `infos`.
    """
    labelled = [(info.task_id, info.difficulty) for info in infos]
    selected = set[str]()
    for difficulty, size in PAPER.items():
        task_ids = sorted(task_id for task_id, label in labelled if label == difficulty)
        selected.update(random.Random(PAPER_SEED).sample(task_ids, min(size, len(task_ids))))  # noqa: S311 - no secret
    return tuple(task_id for task_id, _ in labelled if task_id in selected)


apps_plus = Benchmark(
    name="apps-plus",
    problems=_problems,
    problem_sets={"paper": paper},
    prompt_card="apps",
    about="contest and interview problems on standard input and of calls, by difficulty",
    source="github.com/Ablustrund/APPS_Plus, data/v1/data.json; also github.com/hendrycks/apps",
    licence="MIT",
    size="7,413 problems",
)
