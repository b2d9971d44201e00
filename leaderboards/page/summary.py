"""Sums up the results of a page: when, which models and runs, how they were judged, and the changes from the base."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlencode

from harness.runs.conditions import footnote
from harness.runs.records import Result
from leaderboards.compare import PairedColumn, columns
from leaderboards.page.data import ShownRun, ShownSet
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


class ChangeRow(NamedTuple):
    """Holds the changes of one method: columns of pass@k, then problems fixed, broken and wrong under both."""

    title: str
    columns: tuple[PairedColumn | None, ...]
    counts: tuple[Count, ...]


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
    """Return the changes from the base to each other result on the same benchmark.

    Args:
        sets: Of the page.
        entries: Results by title, those of the sets.

    Returns:
        A table for each benchmark with several results that have problems in common.
    """
    results = {f"run{place}": entry.result for place, entry in enumerate(entries.values())}
    return tuple(found for one in sets if (found := _changes_of(one, results)).rows)


def _changes_of(of_it: ShownSet, results: Mapping[str, Result]) -> Changes:
    base = next(run for run in of_it.runs if run.name == of_it.base)
    others = [run for run in of_it.runs if run.name != base.name]
    found = {run.name: _columns(results[base.name], results[run.name]) for run in others}
    keys = tuple(dict.fromkeys(key for of_run in found.values() for key in of_run))
    return Changes(
        benchmark=of_it.title,
        base=_short(of_it, base),
        columns=tuple(f"pass@{k} {difficulty}" for k, difficulty in keys),
        rows=tuple(
            ChangeRow(_short(of_it, run), tuple(map(found[run.name].get, keys)), tuple(_counts(of_it, base, run)))
            for run in others
            if found[run.name]
        ),
    )


def _short(of_it: ShownSet, run: ShownRun) -> str:
    """Return a run's title without the benchmark, which the table names."""
    return run.title.replace(f" on {of_it.title}", "")


def _columns(a: Result, b: Result) -> Mapping[tuple[int, str], PairedColumn]:
    ks = sorted({score.k for score in a.scores} & {score.k for score in b.scores})
    return {(column.k, column.difficulty): column for column in columns(a, b, ks)}


def _counts(of_it: ShownSet, base: ShownRun, run: ShownRun) -> Iterator[Count]:
    counts = Counter(_solved(*pair) for pair in zip(base.verdicts, run.verdicts, strict=True))
    for change, key in (("fixed", (False, True)), ("broken", (True, False)), ("both-wrong", (False, False))):
        where = {"view": "problems", "set": of_it.name, "a": base.name, "b": run.name, "change": change}
        yield Count(counts[key], urlencode(where))


def _solved(a: str, b: str) -> tuple[bool, bool] | None:
    """Return whether some sample of each was accepted; None where one has no judged sample."""
    if not (a.strip("s") and b.strip("s")):
        return None
    return "a" in a, "a" in b
