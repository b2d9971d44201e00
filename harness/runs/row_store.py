"""Stores the samples of a run in a file with an index by key on disk: there may be more of them than memory."""

import hashlib
import sqlite3
import weakref
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

from harness.errors import UserError
from harness.runs.jsonl import as_row, decode, unpacked, whole_file
from harness.runs.records import Evaluation, Sample, SampleKey

_CACHE_KIB = 2 << 10
"""Of pages in memory; what is more lies in a file."""
_LARGEST = (1 << 63) - 1
"""SQLite's largest whole number; those beyond are kept as text."""


class Place(NamedTuple):
    """Where a row stands: its number, by which rows are in order, and its first byte."""

    line: int
    start: int


NOWHERE = Place(0, 0)
"""Of a sample that was added without a place."""


class SampleIndex(Mapping[SampleKey, Place]):
    """Places by the key of a sample, in a file; what grows in memory are the names of policies and tasks.

    The file has no name, so it goes with the process, however that ends. It takes some 25 bytes a sample, in the folder
    that SQLITE_TMPDIR or TMPDIR names, or else in /var/tmp. Whatever is asked raises UserError where that has no room.
    """

    def __init__(self) -> None:
        """Begin without any sample."""
        self._numbers = dict[str, int]()
        self._table = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._table.close)
        self._table.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._table.execute("PRAGMA journal_mode = OFF")  # nobody reads the file after a kill
        self._table.execute(
            "CREATE TABLE sample (task, policy, number, line, start, PRIMARY KEY (task, policy, number)) WITHOUT ROWID"
        )
        self._table.execute("BEGIN")

    def add(self, key: SampleKey) -> bool:
        """Note a sample that has no place, where it isn't known yet; return whether that is so."""
        return self._insert("INSERT OR IGNORE INTO sample VALUES (?, ?, ?, ?, ?)", key, NOWHERE) > 0

    def __setitem__(self, key: SampleKey, place: Place) -> None:
        """Note the place of a sample; where it has one, its bytes are there now, but its turn remains."""
        self._insert(
            "INSERT INTO sample VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET start = excluded.start", key, place
        )

    def _insert(self, statement: str, key: SampleKey, place: Place) -> int:
        policy, task_id, index = key
        task = self._numbers.setdefault(task_id, len(self._numbers))
        row = (task, self._numbers.setdefault(policy, len(self._numbers)), _storable(index), *place)
        try:
            return self._table.execute(statement, row).rowcount
        except sqlite3.OperationalError as error:
            raise _no_room(error) from error

    def _select(self, statement: str, given: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        try:
            for row in self._table.execute(statement, given):  # noqa: UP028 - that would close a cursor, maybe too late
                yield row
        except sqlite3.OperationalError as error:
            raise _no_room(error) from error

    def __getitem__(self, key: SampleKey) -> Place:
        """Return the place of a sample, NOWHERE if it was added without one."""
        policy, task_id, index = key
        for line, start in self._select(
            "SELECT line, start FROM sample WHERE task = ? AND policy = ? AND number = ?",
            (self._numbers.get(task_id), self._numbers.get(policy), _storable(index)),
        ):
            return Place(line, start)
        raise KeyError(key)

    def __iter__(self) -> Iterator[SampleKey]:
        """Go through the keys in the order of their lines."""
        names = list(self._numbers)
        for task, policy, number in self._select("SELECT task, policy, number FROM sample ORDER BY line"):
            yield names[policy], names[task], int(number)

    def __len__(self) -> int:
        """Return how many samples are known."""
        ((count,),) = self._select("SELECT count(*) FROM sample")
        return int(count)

    def of_task(self, task_id: str) -> Iterator[tuple[SampleKey, Place]]:
        """Go through the keys and places of a task's samples in the order of their lines."""
        task, names = self._numbers.get(task_id), list(self._numbers)
        for policy, number, *place in self._select(
            "SELECT policy, number, line, start FROM sample WHERE task = ? ORDER BY line", (task,)
        ):
            yield (names[policy], task_id, int(number)), Place(*place)


def _no_room(error: sqlite3.OperationalError) -> UserError:
    return UserError(
        f"the temporary files that tell samples apart can't be written ({error}); let SQLITE_TMPDIR name a folder "
        "with room"
    )


def _storable(index: int) -> int | str:
    return index if index <= _LARGEST else str(index)


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


def sha256_of_samples(samples: Iterable[Sample]) -> str:
    """Return the SHA-256 of the samples as JSON Lines."""
    digest = hashlib.sha256()
    for sample in samples:
        digest.update(as_row(sample))
    return digest.hexdigest()


def copy_samples(path: Path, samples: Iterable[Sample], sha256: str) -> None:
    """Write the samples as JSON Lines, all or nothing.

    Raises:
        UserError: They are not those with this SHA-256, which were looked through before.
    """
    digest = hashlib.sha256()
    with whole_file(path) as file:
        for sample in samples:
            line = as_row(sample)
            digest.update(line)
            file.write(line)
        if digest.hexdigest() != sha256:
            raise UserError(f"{path}: the samples changed while they were read; leave them alone and start again")


class SampleFile(KeyedRows[Sample]):
    """The samples in the file of a run."""

    def __init__(self, path: Path, sha256: str = "") -> None:
        """Look through the file, see `KeyedRows`."""
        super().__init__(path, Sample, sha256)
