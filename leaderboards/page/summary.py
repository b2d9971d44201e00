"""Sums up the results of a page: when, which models and runs, how they were judged, and the changes from the base."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlencode

from harness.runs.conditions import footnote
from harness.runs.records import Result
from leaderboards.compare import PairedColumn, columns
from leaderboards.page.data import ShownRun, ShownSet
from leaderboards.paired import ALPHA, holm
from leaderboards.results import RESULT_FILE
from leaderboards.table import TableEntry


class Fact(NamedTuple):
    """Names a fact of the summary; it has a value or several."""

    name: str
    values: tuple[str, ...]


class Count(NamedTuple):
    """Counts problems, and leads to their list."""

    problems: int
    address: str
    """What follows the # of the page's address."""


class Change(NamedTuple):
    """Holds the change of one pass@k from the base, in [-1, 1], with a 95 % interval."""

    difference: float
    low: float
    high: float
    p: float
    """Adjusted for all changes of the table."""

    @property
    def significant(self) -> bool:
        """Return whether it is beyond chance."""
        return self.p < ALPHA


class ChangeRow(NamedTuple):
    """Holds the changes of one method."""

    title: str
    counts: tuple[Count | None, ...]
    """Problems fixed, broken and wrong under both; None where there are several seeds."""
    changes: tuple[Change | None, ...]


class Changes(NamedTuple):
    """Holds the changes from the base on one benchmark."""

    benchmark: str
    base: str
    columns: tuple[str, ...]
    rows: tuple[ChangeRow, ...]


def summary_facts(entries: Mapping[str, TableEntry]) -> tuple[Fact, ...]:
    """Return the summary of results.

    Args:
        entries: Results by title.

    Returns:
        Dates, benchmarks, models, samples, runs and protocols, each named once.
    """
    results = [entry.result for entry in entries.values()]
    return tuple(fact for fact in _facts(entries, results) if fact.values)


def _facts(entries: Mapping[str, TableEntry], results: Sequence[Result]) -> Iterator[Fact]:
    dates = sorted({date for entry in entries.values() if (date := _date(entry))})
    yield Fact("Date", (" to ".join(dict.fromkeys((dates[0], dates[-1]))),) if dates else ())
    yield Fact("Benchmarks", _once(f"{r.conditions.benchmark}, {len(r.tallies)} problems" for r in results))
    yield Fact("Models", _once(_model(result) for result in results))
    yield Fact("Samples", _once(f"{r.conditions.samples} a problem" for r in results))
    yield Fact("Runs", _once(f"{title} ({entry.run.name})" for title, entry in entries.items()))
    yield Fact("Protocol", _once(footnote(result.conditions) for result in results))


def _once(texts: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _date(entry: TableEntry) -> str:
    """Return the day on which a result was written; a result itself holds no clock."""
    file = entry.run / RESULT_FILE
    return f"{datetime.fromtimestamp(file.stat().st_mtime, UTC):%Y-%m-%d}" if file.exists() else ""


def _model(result: Result) -> str:
    producer = result.conditions.producer
    # The last part of a path is its name; the rest is of one machine.
    return f"{result.policy}: {producer.model.rstrip('/').rpartition('/')[2]}" if producer else result.policy


def changes_from_base(sets: Sequence[ShownSet], entries: Mapping[str, TableEntry]) -> tuple[Changes, ...]:
    """Return the changes from the base to each other method on the same benchmark, with all their seeds.

    Args:
        sets: Of the page.
        entries: Results by title, those of the sets.

    Returns:
        A table for each benchmark on which a method has problems in common with the base.
    """
    by_name = {f"run{place}": entry for place, entry in enumerate(entries.values())}
    return tuple(found for one in sets if (found := _changes_of(one, by_name)).rows)


class _Method(NamedTuple):
    """Names a method, and the size of its model."""

    method: str
    model: str


Columns = Mapping[tuple[int, str], PairedColumn]
"""By k and difficulty."""


def _changes_of(of_it: ShownSet, entries: Mapping[str, TableEntry]) -> Changes:
    runs = defaultdict[_Method, list[ShownRun]](list)
    for run in of_it.runs:
        runs[_Method(entries[run.name].method, entries[run.name].model)].append(run)
    base = entries[of_it.base].method
    pairs = {it: (runs[_Method(base, it.model)], seeds) for it, seeds in tuple(runs.items()) if it.method != base}
    found = {it: _columns(*([entries[run.name].result for run in side] for side in pair)) for it, pair in pairs.items()}
    adjusted = iter(holm([column.p for of_row in found.values() for column in of_row.values()]))
    changes = {it: {key: _change(column, next(adjusted)) for key, column in row.items()} for it, row in found.items()}
    keys = tuple(dict.fromkeys(key for of_row in found.values() for key in of_row))
    return Changes(
        benchmark=of_it.title,
        base=base,
        columns=tuple(f"pass@{k} {difficulty}" for k, difficulty in keys),
        rows=tuple(
            ChangeRow(" ".join(filter(None, it)), _counts(of_it, *pairs[it]), tuple(map(changes[it].get, keys)))
            for it in pairs
            if found[it]
        ),
    )


def _columns(a: Sequence[Result], b: Sequence[Result]) -> Columns:
    """Return the columns of a comparison, without any where a side has no result."""
    if not a or not b:
        return {}
    ks = set.intersection(*({score.k for score in result.scores} for result in (*a, *b)))
    return {(column.k, column.difficulty): column for column in columns(a, b, sorted(ks))}


def _change(column: PairedColumn, p: float) -> Change:
    return Change(column.difference, column.low, column.high, p)


def _counts(of_it: ShownSet, base: Sequence[ShownRun], runs: Sequence[ShownRun]) -> tuple[Count | None, ...]:
    if not len(base) == len(runs) == 1:
        return (None,) * len(_COUNTED)
    counts = Counter(_solved(*pair) for pair in zip(base[0].verdicts, runs[0].verdicts, strict=True))
    where = {"view": "problems", "set": of_it.name, "a": base[0].name, "b": runs[0].name}
    return tuple(Count(counts[key], urlencode(where | {"change": name})) for name, key in _COUNTED.items())


_COUNTED = {"fixed": (False, True), "broken": (True, False), "both-wrong": (False, False)}
"""Name of a change -> whether base and method solve a problem."""


def _solved(a: str, b: str) -> tuple[bool, bool] | None:
    """Return whether some sample of each was accepted; None where one has no judged sample."""
    if not (a.strip("s") and b.strip("s")):
        return None
    return "a" in a, "a" in b
