"""Where the rows of samples stand in a file: an index on disk, as the keys of a run may need more than memory."""

import sqlite3
import weakref
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from harness.errors import UserError
from harness.records import SampleKey

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
