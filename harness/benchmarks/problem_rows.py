"""Opens files with a problem a row, as JSON Lines or one list; a malformed row costs its own problem only."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

from harness.benchmarks.benchmark import Catalogue, CatalogueEntry
from harness.errors import UserError
from harness.runs.json_objects import spans
from harness.runs.jsonl import unpacked
from harness.runs.python_json import decode, parse_json
from harness.runs.records import Problem


class NamedRow(Protocol):
    """Names the task of a row."""

    @property
    def task_id(self) -> str | int:
        """Return the id as the file has it."""


Row = TypeVar("Row", bound=NamedRow)


def catalogue_of_rows(path: Path, type_: type[Row], problem_of: Callable[[str, Row], Problem]) -> Catalogue:
    """Open a file whose rows are few enough to be kept.

    Args:
        path: of the file, plain or .gz.
        type_: of each row; other keys than its own are ignored.
        problem_of: makes a problem of the place of a row and the row, when it is looked up.

    Returns:
        The problems; a row that can't be read is found by its `task_id`, or by its place where it has none.

    Raises:
        UserError: The file can't be read, or none of its rows can.
    """
    found = dict[str, Row]()

    def entries() -> Iterator[CatalogueEntry]:
        with unpacked(path) as file:
            for where, _, start, length in spans(file, path):
                data = os.pread(file.fileno(), length, start)
                try:
                    row = decode(data, type_, where)
                except UserError as error:
                    yield CatalogueEntry(where, _task_id(data) or where, fault=str(error))
                else:
                    found[str(row.task_id)] = row
                    yield CatalogueEntry(where, str(row.task_id))

    return Catalogue(entries(), lambda entry: problem_of(entry.where, found[entry.task_id]), kept=None)


def _task_id(data: bytes) -> str:
    """Return the task id of a row that lacks something else, empty where there is none."""
    try:
        tree = parse_json(data, "")
    except UserError:
        return ""
    found = tree.get("task_id") if isinstance(tree, dict) else None
    return str(found) if isinstance(found, str | int) else ""
