"""The rows of a file by the keys of their samples, left on disk: a run may have more of them than memory."""

import hashlib
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, TypeVar

from harness.errors import UserError
from harness.records import Evaluation, Sample, SampleKey
from harness.sample_index import Place, SampleIndex
from harness.storage import decode, unpacked

Keyed = TypeVar("Keyed", Sample, Evaluation)


class KeyedRows(Mapping[SampleKey, Keyed]):
    """The rows in a file, in their order; each is read when it is asked for."""

    def __init__(self, path: Path, type_: type[Keyed], sha256: str = "") -> None:
        """Look through the file once; a last line that another process hasn't finished is left out.

        Raises:
            UserError: There is no such file, it holds other rows, or a SHA-256 is given and its own is another.
        """
        digest, start = hashlib.sha256(), 0
        self._path = path
        self._type: type[Keyed] = type_
        self._index = SampleIndex()
        with unpacked(path) as file:
            for line, row in enumerate(file, 1):
                if not row.endswith(b"\n"):
                    break
                digest.update(row)
                self._index[decode(row, type_, f"{path}:{line}").key] = Place(line, start)
                start += len(row)
        if sha256 not in {"", digest.hexdigest()}:
            raise UserError(f"{path}: was changed since the run began; choose another --out")

    def __getitem__(self, key: SampleKey) -> Keyed:
        """Read a row."""
        with self._path.open("rb") as file:
            return self._read(file, self._index[key])

    def __iter__(self) -> Iterator[SampleKey]:
        """Go through the keys."""
        return iter(self._index)

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self._index)

    def of_task(self, task_id: str, but: Container[SampleKey] = ()) -> Iterator[Keyed]:
        """Read the rows of a task, but those with these keys."""
        with self._path.open("rb") as file:  # as long as it is needed: a merge has as many files as shards
            for key, place in self._index.of_task(task_id):
                if key not in but:
                    yield self._read(file, place)

    def _read(self, file: BinaryIO, place: Place) -> Keyed:
        file.seek(place.start)
        return decode(file.readline(), self._type, f"{self._path}:{place.line}")
