"""Computes the numbers of a table's column, over the problems that all its rows share."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import stdev

import msgspec

from harness.runs.records import Result
from harness.scoring.clusters import families_of
from harness.scoring.differences import Rows
from harness.scoring.lost import is_score
from harness.scoring.passk import mean_pass_at_k
from leaderboards.contrast import contrast
from leaderboards.marks import SIGNIFICANT
from leaderboards.paired import ALPHA, holm
from leaderboards.results import shared_tallies
from leaderboards.seeds import SEEDS_NEEDED, seed_interval, values_of

NOT_A_SCORE = "not a score"
"""Stamps a number that lost too many samples to faults of the sandbox."""


class RowNumber(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the number of a method in percent, with a 95 % interval."""

    value: float
    low: float
    high: float
    seeds: int
    spread: float | None
    """Standard deviation over seeds, None where there is one."""
    stamp: str
    """Why it is not comparable with the others, empty where it is."""


class ColumnNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the numbers of a column by method; methods without one are left out."""

    numbers: Mapping[str, RowNumber]
    problems: int
    """That all of them share; 0 where there is none, and each number is over its own."""
    most: int
    """Problems of the method that has most."""
    p_values: Mapping[str, float]
    """Of "no difference from the base", for each other method that can be compared with it."""
    families: int
    """That are the units of tests and intervals; 0 where problems are."""


def column_numbers(results: Mapping[str, Sequence[Result]], k: int, difficulty: str, base: str) -> ColumnNumbers:
    """Return the numbers of a column.

    Args:
        results: Those of each method, several being seeds.
        k: Tries allowed.
        difficulty: Of the problems, "all" for every one.
        base: Method that others are compared with; "" without one.

    Returns:
        Numbers over the problems of which every method has k samples in each seed. Where there is no such problem, each
        number is over the method's own problems and stamped with their number.
    """
    own = {method: shared_tallies(of_it, k, difficulty) for method, of_it in results.items() if of_it}
    own = {method: rows for method, rows in own.items() if rows[0]}
    shared = _shared(results, own, k, difficulty)
    apart = {} if shared else {method: f"of {len(rows[0])} other problems" for method, rows in own.items()}
    numbers = {
        method: _number(rows, k, NOT_A_SCORE if not all(map(is_score, results[method])) else apart.get(method, ""))
        for method, rows in (shared or own).items()
    }
    comparable = [method for method, number in numbers.items() if not number.stamp]
    return ColumnNumbers(
        numbers=numbers,
        problems=len(next(iter(shared.values()))[0]) if shared else 0,
        most=max((len(rows[0]) for rows in own.values()), default=0),
        p_values={
            method: contrast(shared[base], shared[method], k).p
            for method in comparable
            if base in comparable and method != base
        },
        families=len(set(families_of([row for rows in shared.values() for row in rows]))),
    )


def _shared(
    results: Mapping[str, Sequence[Result]], own: Mapping[str, Rows], k: int, difficulty: str
) -> Mapping[str, Rows]:
    """Return the rows of each method over the problems that all of them have; nothing where there is none."""
    if not own:
        return {}
    remaining = iter(shared_tallies([result for method in own for result in results[method]], k, difficulty))
    shared = {method: tuple(next(remaining) for _ in rows) for method, rows in own.items()}
    return shared if next(iter(shared.values()))[0] else {}


def _number(rows: Rows, k: int, stamp: str) -> RowNumber:
    means = [mean_pass_at_k(((tally.n, tally.c) for tally in row), k) for row in rows]
    trials = sum(tally.n // k for row in rows for tally in row)
    low, high = seed_interval(values_of(rows, k), trials, families=families_of(rows))
    return RowNumber(
        value=float(100 * sum(means) / len(means)),
        low=100 * low,
        high=100 * high,
        seeds=len(means),
        spread=float(stdev(100 * mean for mean in means)) if len(means) > 1 else None,
        stamp=stamp,
    )


def differing_methods(numbers: Sequence[ColumnNumbers]) -> list[set[str]]:
    """Return the methods of each column that differ from the base, after one correction for the whole table.

    Args:
        numbers: Of each column of the table.

    Returns:
        A set of methods for each column.
    """
    tests = [(place, method, p) for place, column in enumerate(numbers) for method, p in column.p_values.items()]
    found = [set[str]() for _ in numbers]
    for (place, method, _), adjusted in zip(tests, holm([p for *_, p in tests]), strict=True):
        if adjusted < ALPHA:
            found[place].add(method)
    return found


def significance_notes(numbers: Sequence[ColumnNumbers], base: str, fewest: int) -> Iterator[str]:
    """Yield the meaning of the sign for a difference, and whether it is about methods or checkpoints.

    Args:
        numbers: Of each column of the table.
        base: Method that others are compared with.
        fewest: Seeds of the method that has fewest.

    Yields:
        A note, where there is something to compare.
    """
    tests = sum(len(column.p_values) for column in numbers)
    subject = (
        "the tests are on seeds, so about the methods"
        if fewest >= SEEDS_NEEDED
        else f"with fewer than {SEEDS_NEEDED} seeds of a method they are about its checkpoints, not the method"
    )
    families = max((column.families for column in numbers), default=0)
    pairs = f"problem, {families} families of them being the units," if families else "problem"
    if tests:
        yield (
            f"{SIGNIFICANT}: differs from {base} significantly, at {100 * ALPHA:g} %; tests are paired by {pairs} and "
            f"corrected (Holm) for the {tests} comparisons of this table; {subject}."
        )


def shared_notes(titles: Sequence[str], numbers: Sequence[ColumnNumbers]) -> Iterator[str]:
    """Yield the columns that leave out problems that some row has.

    Args:
        titles: Of the columns.
        numbers: Of each column.

    Yields:
        A note for each such column.
    """
    for title, column in zip(titles, numbers, strict=True):
        if column.numbers and not column.problems:
            yield f"{title}: no marks, as there is no problem that all rows have enough samples of."
        elif column.problems < column.most:
            yield f"{title}: over the {column.problems} of {column.most} problems that all rows have enough samples of."
