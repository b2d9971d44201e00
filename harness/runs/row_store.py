"""Stores samples and evaluations in files, with an index by key on disk: there may be more of them than memory."""

import hashlib
import shutil
import sqlite3
import tempfile
import weakref
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

from harness.errors import UserError
from harness.runs.jsonl import appended_rows, as_row, sha256_of_file, unpacked, whole_file
from harness.runs.python_json import decode
from harness.runs.records import Evaluation, Sample, SampleKey, Usage

_CACHE_KIB = 2 << 10
"""Of pages in memory; the others are in a file."""
_LARGEST = (1 << 63) - 1
"""SQLite's largest whole number; those beyond are kept as text."""


class Place(NamedTuple):
    """Locates a row by its number and its first byte; rows are in the order of their numbers."""

    line: int
    start: int


NOWHERE = Place(0, 0)
"""Of a sample that was added without a place."""


class SampleIndex(Mapping[SampleKey, Place]):
    """Maps the keys of samples to places, in a file; only the names of policies and tasks grow in memory.

    The file has no name, so it goes with the process, however that ends. It takes some 25 bytes a sample, in the folder
    that SQLITE_TMPDIR or TMPDIR names, or else in /var/tmp. Every method raises UserError where that has no room.
    """

    def __init__(self) -> None:
        """Begin without any sample."""
        self._numbers = dict[str, int]()
        self._table = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._table.close)
        self._table.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._table.execute("PRAGMA journal_mode = OFF")  # the file is not read after a kill
        self._table.execute(
            "CREATE TABLE sample (task, policy, number, line, start, PRIMARY KEY (task, policy, number)) WITHOUT ROWID"
        )
        self._table.execute("BEGIN")

    def add(self, key: SampleKey, place: Place = NOWHERE) -> bool:
        """Note a sample where it isn't known yet.

        Args:
            key: of the sample.
            place: of its row, by default none.

        Returns:
            Whether it was not known.
        """
        return self._insert("INSERT OR IGNORE INTO sample VALUES (?, ?, ?, ?, ?)", key, place) > 0

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
        """Go through the keys and places of a task's samples in the order of their lines.

        Args:
            task_id: of any task; an unknown one has no samples.

        Yields:
            Keys and places.
        """
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
    """Finds the rows of a file by key, in their order; each is read when it is looked up."""

    def __init__(self, path: Path, type_: type[Keyed]) -> None:
        """Read the file once; a last line that another process hasn't finished is left out.

        Args:
            path: of the file, plain or .gz.
            type_: of its rows.

        Raises:
            UserError: There is no such file, or it holds other rows.
        """
        self._path = path
        self._type: type[Keyed] = type_
        self._index = SampleIndex()
        start = 0
        with unpacked(path) as file:
            for line, row in enumerate(file, 1):
                if not row.endswith(b"\n"):
                    break
                self._note(decode(row, type_, f"{path}:{line}"), row, Place(line, start))
                start += len(row)

    def _note(self, record: Keyed, _row: bytes, place: Place) -> None:
        self._index[record.key] = place

    def __getitem__(self, key: SampleKey) -> Keyed:
        """Read a row."""
        with self._path.open("rb") as file:
            return self._read(file, self._index[key])

    def __iter__(self) -> Iterator[SampleKey]:
        """Iterate over the keys."""
        return iter(self._index)

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self._index)

    def rows(self) -> Iterator[Keyed]:
        """Read the rows in their order."""
        yield from appended_rows(self._path, self._type)

    def of_task(self, task_id: str, but: Container[SampleKey] = ()) -> Iterator[Keyed]:
        """Read the rows of a task, in the order of the file.

        Args:
            task_id: of any task; an unknown one has no rows.
            but: keys of rows to leave out.

        Yields:
            The rows.
        """
        with self._path.open("rb") as file:  # as long as it is needed: a merge has as many files as shards
            for key, place in self._index.of_task(task_id):
                if key not in but:
                    yield self._read(file, place)

    def _read(self, file: BinaryIO, place: Place) -> Keyed:
        file.seek(place.start)
        return decode(file.readline(), self._type, f"{self._path}:{place.line}")


SampleCounts = Mapping[tuple[str, str], int]
"""Samples by (policy, task id)."""


class SampleTally:
    """Counts samples, adds up their tokens and hashes them, each as it comes by."""

    def __init__(self) -> None:
        """Begin with no sample."""
        self.counts = Counter[tuple[str, str]]()
        """By policy and task id."""
        self._tokens = defaultdict[str, dict[str, int | None]](lambda: {"prompt_tokens": 0, "tokens": 0})
        self._reasons = defaultdict[str, Counter[str]](Counter)
        self._digest = hashlib.sha256()

    def add(self, sample: Sample, row: bytes) -> None:
        """Add a sample.

        Args:
            sample: of any policy and task.
            row: the same as a line of JSON Lines, which is hashed.
        """
        self.counts[sample.policy, sample.task_id] += 1
        tokens = self._tokens[sample.policy]
        for field, before in tokens.items():
            more = getattr(sample, field)
            tokens[field] = None if before is None or more is None else before + more
        self._reasons[sample.policy][sample.finish_reason or "unknown"] += 1
        self._digest.update(row)

    @property
    def usage(self) -> Mapping[str, Usage]:
        """Return the tokens and finish reasons of each policy."""
        return {
            policy: Usage(**tokens, finish_counts=dict(sorted(self._reasons[policy].items())))
            for policy, tokens in self._tokens.items()
        }

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the samples as JSON Lines."""
        return self._digest.hexdigest()


class SampleFile(KeyedRows[Sample]):
    """Holds the samples of a run in a file: indexed by key, counted and hashed when the file is read, once."""

    def __init__(self, path: Path, sha256: str = "") -> None:
        """Read the samples of a run where they are.

        Args:
            path: of the file.
            sha256: of the samples, empty where it is not yet known.

        Raises:
            UserError: As in `KeyedRows`, or the samples have another SHA-256.
        """
        self.tally = SampleTally()
        super().__init__(path, Sample)
        if sha256 not in {"", self.tally.sha256}:
            raise UserError(f"{path}: was changed since the run began; choose another --out")

    def _note(self, record: Sample, row: bytes, place: Place) -> None:
        super()._note(record, row, place)
        self.tally.add(record, row)


class SampleCopy(SampleFile):
    """Copies samples that come from elsewhere, in one pass, to a file without a name, until a run takes them over."""

    def __init__(self, samples: Iterable[Sample], beside: Path) -> None:
        """Copy the samples.

        Args:
            samples: are gone through once.
            beside: the folder of the run, which need not exist: its disk holds the copy.

        Raises:
            DoubleSampleError: Two samples have one key.
        """
        self.tally = SampleTally()
        self._type, self._index = Sample, SampleIndex()
        home = next(folder for folder in (beside, *beside.absolute().parents) if folder.is_dir())
        self._file = tempfile.TemporaryFile(dir=home)  # noqa: SIM115 - goes with this object
        weakref.finalize(self, self._file.close)
        self._path = Path(f"/proc/self/fd/{self._file.fileno()}")
        start = 0
        for line, sample in enumerate(samples, 1):
            row = as_row(sample)
            if not self._index.add(sample.key, Place(line, start)):
                raise DoubleSampleError(sample)
            self.tally.add(sample, row)
            self._file.write(row)
            start += len(row)
        self._file.flush()

    def hand_over(self, path: Path) -> None:
        """Let the samples be read from a file of the run from now on, which is written unless it is there.

        Args:
            path: of the run's file.

        Raises:
            UserError: The file holds other samples.
        """
        if not path.exists():
            self._file.seek(0)
            with whole_file(path) as file:
                shutil.copyfileobj(self._file, file)
        elif sha256_of_file(path) != self.tally.sha256:
            raise UserError(f"{path}: was changed since the run began; choose another --out")
        self._path = path
        self._file.close()


class DoubleSampleError(Exception):
    """Names a sample with the key of an earlier one."""

    def __init__(self, sample: Sample) -> None:
        """Take the later of the two."""
        super().__init__(sample.key)
        self.sample = sample
