"""Opens problems that are rows of files larger than memory; each row is decoded when its problem is looked up."""

import os
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from harness.benchmarks.benchmark import Catalogue, CatalogueEntry
from harness.errors import UserError
from harness.runs.json_objects import Span, spans
from harness.runs.jsonl import unpacked
from harness.runs.python_json import parse_json
from harness.runs.records import Problem

SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".json.gz")
"""Of the files in a folder that may hold rows."""
_PARQUET = b"PAR1"
"""How such a file begins."""


def open_rows(
    files: Mapping[str, Path],
    head: Callable[[bytes, Span, str], CatalogueEntry],
    problem: Callable[[CatalogueEntry, Any], Problem],
) -> Catalogue:
    """Open files of rows: JSON Lines, or one JSON list of objects each.

    Args:
        files: split -> its file, plain or .gz; in the order of the problems.
        head: makes the entry of a row from its bytes, its place and its split, for the index; a UserError is its fault.
        problem: makes the problem of an entry from the decoded row.

    Returns:
        The problems, decoded when they are looked up; the files are open as long as they are in use.

    Raises:
        UserError: A file can't be read, or holds something else.
    """
    opened = dict[str, BinaryIO]()

    def entries() -> Iterator[CatalogueEntry]:
        for split, path in files.items():
            for span in spans(opened[split], path):
                data = os.pread(opened[split].fileno(), span.length, span.start)
                try:
                    yield head(data, span, split)._replace(start=span.start, length=span.length, split=split)
                except UserError as error:
                    yield CatalogueEntry(span.where, span.where, fault=str(error))

    def load(entry: CatalogueEntry) -> Problem:
        data = os.pread(opened[entry.split].fileno(), entry.length, entry.start)
        return problem(entry, parse_json(data, entry.where))

    with ExitStack() as stack:
        for split, path in files.items():
            opened[split] = unpacked(path)
            stack.callback(opened[split].close)
            if os.pread(opened[split].fileno(), len(_PARQUET), 0) == _PARQUET:
                raise UserError(
                    f"{path}: is a Parquet file; write its rows as JSON Lines first, "
                    "datasets.Dataset.from_parquet(...).to_json(...)"
                )
        catalogue = Catalogue(entries(), load)
        weakref.finalize(catalogue, stack.pop_all().close)
    return catalogue


def files_of(folder: Path, splits: tuple[str, ...]) -> Mapping[str, Path]:
    """Return the files of a folder that are named after a split, such as `train.jsonl`.

    Args:
        folder: where they lie, others may lie there too.
        splits: names that count, in the order that is wanted.

    Returns:
        Split -> its file, of those that are there.
    """
    named = ((split, folder / f"{split}{suffix}") for split in splits for suffix in reversed(SUFFIXES))
    return {split: path for split, path in named if path.is_file()}
