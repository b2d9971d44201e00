"""Defines benchmarks with problems decoded on demand, and opens them by name."""

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from harness.benchmarks.checker_overrides import OverriddenProblems, read_checkers
from harness.benchmarks.problem_info import ProblemInfo, stands_alone
from harness.benchmarks.time_limits import CalibratedProblems, read_calibration
from harness.errors import UserError
from harness.plugins import resolve
from harness.runs.records import Problem, Source

BENCHMARKS = "proctor.benchmarks"
"""The entry-point group."""

_KEPT = 4
"""Problems kept decoded."""


class CatalogueEntry(NamedTuple):
    """Locates a problem in a file.

    `flaw` is the reason to leave it out, if any: no program is to be judged by it. `fault` says why it can't be read:
    it is a problem all the same, and whoever looks it up gets that reason.
    """

    where: str
    task_id: str
    flaw: str = ""
    start: int = 0
    length: int = 0
    split: str = "test"
    fault: str = ""


class Catalogue(Mapping[str, Problem]):
    """Maps task ids to the problems of a benchmark, in its order; each is decoded when it is looked up.

    The last few are kept, so samples of one task that follow each other get the very same tests: the judge knows an
    examiner's tests by their identity.
    """

    def __init__(
        self,
        entries: Iterable[CatalogueEntry],
        load: Callable[[CatalogueEntry], Problem],
        kept: int | None = _KEPT,
        prepare: Callable[[Collection[str]], None] | None = None,
        data_version: str = "",
    ) -> None:
        """Index the entries.

        Args:
            entries: are gone through once.
            load: decodes one of them.
            kept: number of problems kept decoded; None for all that were looked up.
            prepare: does for several task ids at once what would else take long when each is looked up.
            data_version: of the data, where there are several under the benchmark's name.

        Raises:
            UserError: None can be examined.
        """
        self._entries: dict[str, CatalogueEntry] = {}
        self.left_out: dict[str, str] = {}
        """Task id -> why it can't be examined, of entries that are not among the problems."""
        for entry in entries:
            self._add(entry)
        if all(entry.fault for entry in self._entries.values()):
            raise UserError(self._nothing_left())
        self._load = functools.lru_cache(kept)(load)
        self._prepare = prepare
        self.data_version = data_version

    def _add(self, entry: CatalogueEntry) -> None:
        earlier = self._entries.get(entry.task_id)
        if earlier is not None or entry.task_id in self.left_out:
            place = f"is already at {earlier.where}" if earlier else "occurs twice"
            fault = f"{entry.where}: task {entry.task_id!r} {place}; remove one of them"
            self.left_out.pop(entry.task_id, None)
            self._entries[entry.task_id] = entry._replace(fault=fault)
        elif entry.flaw:
            self.left_out[entry.task_id] = f"{entry.where}: {entry.flaw}"
        else:
            self._entries[entry.task_id] = entry

    def _nothing_left(self) -> str:
        reasons = [*(entry.fault for entry in self._entries.values()), *self.left_out.values()]
        if not reasons:
            return "--data holds no problems; check what it names"
        return f"none of the {len(reasons)} problems can be examined, the first is {reasons[0]}"

    def prepare(self, task_ids: Collection[str]) -> None:
        """Prepare problems that will be looked up.

        Args:
            task_ids: of problems that there are.

        Raises:
            UserError: This host can't.
        """
        if self._prepare:
            self._prepare(task_ids)

    def __getitem__(self, task_id: str) -> Problem:
        """Return a problem, decoded now or lately; raise UserError where it is malformed, or was left out."""
        if task_id in self.left_out:
            raise UserError(f"task {task_id!r} is left out: {self.left_out[task_id]}")
        entry = self._entries[task_id]
        if entry.fault:
            raise UserError(entry.fault)
        try:
            return self._load(entry)
        except (RecursionError, MemoryError) as error:  # of a parser, too
            raise UserError(f"{entry.where}: task {task_id!r} is nested too deep; correct or remove it") from error

    def __iter__(self) -> Iterator[str]:
        """Iterate over the task ids without decoding anything."""
        return iter(self._entries)

    def __len__(self) -> int:
        """Return how many problems there are."""
        return len(self._entries)

    def __contains__(self, task_id: object) -> bool:
        """Tell whether there is such a task without decoding it."""
        return task_id in self._entries


class Benchmark(msgspec.Struct, frozen=True, kw_only=True):
    """Names a source of problems; register one under the entry-point group `proctor.benchmarks`."""

    name: str
    problems: Callable[[Path | None], Mapping[str, Problem]]
    """Open the problems by task id, in the benchmark's order, from the file or folder given with --data, or from its
    own. They may be decoded when they are looked up, so the harness goes through `values()` and keeps none."""
    canonical_id: Callable[[str | int], str] = str
    """Turn the ways in which others write a task id into `Problem.task_id`."""
    default_split: str = "test"
    """The split of the problems that a nameless list of completions (generations.json) answers."""
    problem_sets: Mapping[str, Callable[[Iterable[ProblemInfo]], Iterable[str]]] = {}
    """Name -> function that chooses a published subset: the infos of all problems in, the task ids of the set out."""
    family: Callable[[Problem], str] = stands_alone
    """Name the family of a problem, such as its contest: chances to solve problems of a family may vary together."""
    prompt_card: str = ""
    """Name of the default card."""
    about: str = ""
    """One line for `proctor benchmarks`, and so are the three below."""
    source: str = ""
    licence: str = ""
    size: str = ""


def prefixed_id(task_id: str | int, prefix: str) -> str:
    """Return the id of a task with its prefix, whichever way it is written.

    >>> prefixed_id(2, "Mbpp"), prefixed_id("MBPP/2", "Mbpp"), prefixed_id("HumanEval/2", "Mbpp")
    ('Mbpp/2', 'Mbpp/2', 'HumanEval/2')

    Args:
        task_id: as others write it.
        prefix: such as "Mbpp".

    Returns:
        Such as "Mbpp/2" for the number, and for that with a prefix in any letter case.
    """
    head, slash, number = str(task_id).rpartition("/")
    return f"{prefix}/{number}" if head.lower() in {"", prefix.lower()} else f"{head}{slash}{number}"


class LoadedBenchmark(NamedTuple):
    """Holds a benchmark and its problems by task id, in its order; they may be decoded when they are looked up."""

    benchmark: Benchmark
    problems: Mapping[str, Problem]


def open_benchmark(source: Source) -> LoadedBenchmark:
    """Find a benchmark and open its problems, under the limits and the checkers of the files that the source names.

    Args:
        source: name of the benchmark, and the files given with --data, --limits and --checkers, if any.

    Returns:
        The benchmark and its problems.

    Raises:
        UserError: There is no such benchmark, or a file is malformed.
    """
    benchmark = resolve(BENCHMARKS, source.benchmark, Benchmark)
    problems = benchmark.problems(Path(source.data) if source.data else None)
    if source.limits:
        problems = CalibratedProblems(problems, read_calibration(Path(source.limits), problems))
    if source.checkers:
        problems = OverriddenProblems(problems, read_checkers(Path(source.checkers), problems))
    return LoadedBenchmark(benchmark, problems)
