"""Writes the data of the page: the list of problems in one file, statements and samples in many.

A page that was opened from a folder may load scripts beside it but read no files. So each file of data is a script, and
all it does is hand a JSON value to the page, which only ever shows it as text.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from harness.benchmarks.benchmark import open_benchmark
from harness.benchmarks.problem_info import prepare_problems, unchanged_problem
from harness.errors import UserError
from harness.runs.jsonl import write_whole
from harness.runs.records import Evaluation, Problem, Run, Source, Tally
from harness.runs.row_store import KeyedRows, SampleFile
from harness.runs.run_folder import EVALUATIONS, RUN, SAMPLES, read_run
from leaderboards.page.shown import ShownSample, gist, shown_problem, shown_sample
from leaderboards.table import TableEntry, base_of
from sandbox.printable import one_line

CHUNK_BYTES = 400_000
"""A file of data is closed when it is larger than this."""

UNKNOWN = "?"
"""Stands for the verdict of a sample that is only counted."""


WITHOUT_SAMPLES = "these results come without samples"


class ProblemLine(msgspec.Struct, frozen=True, array_like=True):
    """Holds a problem's line in the list of problems, and the number of the file with its statement."""

    task_id: str
    difficulty: str
    kind: str
    gist: str
    chunk: int


class ShownRun(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the verdicts of a policy's samples; its tuples go with the problems of the set."""

    name: str
    """Of its files of data."""
    title: str
    verdicts: tuple[str, ...]
    """The first letter of each sample's verdict, in the order of the samples."""
    chunks: tuple[int, ...]
    """Number of the file with the samples of a problem, -1 where there are none."""


class ShownSet(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the problems of a benchmark and the results on them."""

    name: str
    """Of its files of data."""
    title: str
    base: str
    """Name of the run that others are compared with."""
    problems: tuple[ProblemLine, ...]
    runs: tuple[ShownRun, ...]


class _Chunks:
    """Writes rows to files of data, one after the other."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self._folder = name, folder
        self._rows = list[bytes]()
        self._length = 0
        self._number = 0

    def add(self, record: msgspec.Struct) -> int:
        """Take a record, and return the number of its file."""
        row, number = msgspec.json.encode(record), self._number
        self._rows.append(row)
        self._length += len(row)
        if self._length > CHUNK_BYTES:
            self.close()
        return number

    def close(self) -> None:
        """Write what was taken since the last file."""
        if self._rows:
            write_data(self._folder, f"{self.name}-{self._number}", b"[" + b",".join(self._rows) + b"]")
            self._rows, self._length, self._number = [], 0, self._number + 1


class _Samples(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the samples of a problem, loaded on request."""

    task_id: str
    samples: tuple[ShownSample, ...]


class _RunFiles(NamedTuple):
    """Holds the files of a folder on the samples of all its policies."""

    record: Run
    samples: SampleFile
    evaluations: KeyedRows[Evaluation]


def _open_run(run: Path) -> _RunFiles | None:
    """Open the files of a run; None where there is a result alone."""
    if not all((run / file).exists() for file in (RUN, SAMPLES, EVALUATIONS)):
        return None
    record = read_run(run)
    samples = SampleFile(run / SAMPLES, record.samples_sha256)
    return _RunFiles(record, samples, KeyedRows(run / EVALUATIONS, Evaluation))


class _RunReader:
    """Reads the samples and evaluations of one result, problem by problem."""

    def __init__(self, name: str, title: str, entry: TableEntry, opened: _RunFiles | None, files: _Chunks) -> None:
        self.name, self.title, self.policy = name, title, entry.result.policy
        self.tallies: Mapping[str, Tally] = {tally.task_id: tally for tally in entry.result.tallies}
        self._opened, self._files = opened, files
        self.verdicts = list[str]()
        self.chunks = list[int]()

    @property
    def record(self) -> Run | None:
        """Return the record of the run, None without its files."""
        return self._opened and self._opened.record

    def take(self, task_id: str, problem: Problem | None) -> set[int]:
        """Write the samples of a problem, note their verdicts, and return the numbers of the tests that they failed."""
        shown = tuple(self._shown(task_id, problem))
        if shown:
            self.verdicts.append("".join(sample.verdict[0] for sample in shown))
            self.chunks.append(self._files.add(_Samples(task_id=one_line(task_id), samples=shown)))
        else:
            tally = self.tallies.get(task_id)
            self.verdicts.append("a" * tally.c + UNKNOWN * (tally.n - tally.c) if tally else "")
            self.chunks.append(-1)
        return {sample.failed for sample in shown}

    def _shown(self, task_id: str, problem: Problem | None) -> Iterator[ShownSample]:
        if self._opened is None or task_id not in self.tallies:
            return
        record, samples, evaluations = self._opened
        found = (it for it in evaluations.of_task(task_id) if it.policy == self.policy)
        for evaluation in sorted(found, key=lambda it: it.index):
            yield shown_sample(samples[evaluation.key], evaluation, problem, record.conditions)

    def close(self) -> ShownRun:
        """Write the last file, and return what the list of problems needs."""
        self._files.close()
        return ShownRun(
            name=self.name, title=one_line(self.title), verdicts=tuple(self.verdicts), chunks=tuple(self.chunks)
        )


class _Problems:
    """Looks up the problems of runs with benchmarks that can be read."""

    def __init__(self, readers: Sequence[_RunReader]) -> None:
        self._of_source = dict[Source, Mapping[str, Problem]]()
        self._reasons = dict[Source, str]()
        wanted = defaultdict[Source, list[str]](list)
        for record in filter(None, (reader.record for reader in readers)):
            wanted[record.source].extend(record.problems)
        for source, task_ids in wanted.items():
            try:
                problems = open_benchmark(source).problems
                known = dict.fromkeys(task_id for task_id in task_ids if task_id in problems)
                prepare_problems(problems, tuple(known))
            except UserError as error:
                self._reasons[source] = str(error)
            else:
                self._of_source[source] = problems
        self._lately = dict[tuple[Source, str], Problem | str]()

    def forget(self) -> None:
        """Let go of the problems that were looked up: they may be larger than memory."""
        self._lately.clear()

    def of(self, record: Run | None, task_id: str) -> Problem | str:
        """Return a problem as it was judged, or why it can't be had."""
        if record is None:
            return WITHOUT_SAMPLES
        key = (record.source, record.problems.get(task_id, ""))
        if key not in self._lately:
            self._lately[key] = self._read(record, task_id)
        return self._lately[key]

    def _read(self, record: Run, task_id: str) -> Problem | str:
        if record.source in self._reasons:
            return self._reasons[record.source]
        try:
            sha256 = record.problems.get(task_id, "")
            return unchanged_problem(self._of_source[record.source], task_id, sha256, record.source)
        except UserError as error:
            return str(error)


def write_sets(folder: Path, entries: Mapping[str, TableEntry], base: str) -> tuple[ShownSet, ...]:
    """Write the files of data of all results.

    Args:
        folder: Where the files go.
        entries: Results by title.
        base: Method that others are compared with; "" for the one called "base".

    Returns:
        The contents of the file `overview.js`, one set of problems a benchmark, in the order of the results.

    Raises:
        UserError: The files of a run can't be read or are not what they should be.
    """
    groups = defaultdict[str, dict[str, str]](dict)
    for place, (title, entry) in enumerate(entries.items()):
        groups[entry.result.conditions.benchmark][f"run{place}"] = title
    opened = {run: _open_run(run) for run in {entry.run for entry in entries.values()}}
    sets = []
    for place, (benchmark, titles) in enumerate(groups.items()):
        readers = [
            _RunReader(name, title, entries[title], opened[entries[title].run], _Chunks(folder, name))
            for name, title in titles.items()
        ]
        methods = {name: entries[title].method for name, title in titles.items()}
        sets.append(_write_set(_Chunks(folder, f"set{place}"), benchmark, readers, _base(methods, base)))
    write_data(folder, "overview", msgspec.json.encode(sets))
    return tuple(sets)


def _base(methods: Mapping[str, str], named: str) -> str:
    """Return the run of the method that was named as base, or of the one called "base", or else the first."""
    found = base_of(tuple(methods.values()), named if named in methods.values() else "")
    return next((run for run, method in methods.items() if method == found), next(iter(methods)))


def _write_set(files: _Chunks, title: str, readers: Sequence[_RunReader], base: str) -> ShownSet:
    problems = tuple(_write_problems(files, readers))
    return ShownSet(
        name=files.name,
        title=one_line(title),
        base=base,
        problems=problems,
        runs=tuple(reader.close() for reader in readers),
    )


def _write_problems(files: _Chunks, readers: Sequence[_RunReader]) -> Iterator[ProblemLine]:
    problems = _Problems(readers)
    tallies = {task_id: tally for reader in reversed(readers) for task_id, tally in reader.tallies.items()}
    for task_id in dict.fromkeys(task_id for reader in readers for task_id in reader.tallies):
        failed = set[int]()
        found: Problem | str = WITHOUT_SAMPLES
        for reader in readers:
            of_run = problems.of(reader.record, task_id)
            failed |= reader.take(task_id, of_run if isinstance(of_run, Problem) else None)
            found = found if isinstance(found, Problem) else of_run
        problems.forget()
        problem = found if isinstance(found, Problem) else None
        missing = found if isinstance(found, str) else ""
        tally = tallies[task_id]
        chunk = files.add(shown_problem(task_id, problem, failed, missing))
        yield ProblemLine(
            task_id=one_line(task_id),
            difficulty=one_line(tally.difficulty),
            kind=one_line(tally.kind),
            gist=gist(problem),
            chunk=chunk,
        )
    files.close()


def write_data(folder: Path, name: str, value: bytes) -> None:
    """Write a file of data.

    Args:
        folder: Where it goes.
        name: Of the file, without `.js`; the page asks for it by this name.
        value: JSON.
    """
    write_whole(folder / f"{name}.js", b'proctorReceive("%s", %s);\n' % (name.encode(), value))
