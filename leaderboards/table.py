"""Tabulates results in the layout of papers: rows are methods, columns pass@k by difficulty or by model.

A column compares like with like: its numbers are over the problems that all its rows share.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from harness.errors import UserError, no_such
from harness.runs.conditions import condition_texts, footnote, slight_differences
from harness.runs.records import Result
from harness.scoring.lost import lost_text
from harness.scoring.report import repetition_warning
from harness.scoring.score import ALL, by_subset
from leaderboards.column import ColumnNumbers, column_numbers, differing_methods, shared_notes, significance_notes
from leaderboards.marks import Cell, Column, Table, TableRow, marked
from leaderboards.results import Found, difficulties, protocol_differences, refuse_repeated


class TableEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Places a result in a table: in the row of its method and, with several models, the columns of its model."""

    method: str
    model: str
    result: Result
    run: Path
    """The folder of its run."""
    link: str = ""
    """The leaderboard's link to that folder."""
    samples_sha256: str = ""
    """Of the samples that were judged; empty where that is unknown."""


def table_entry(found: Found, method: str, model: str = "", link: str = "") -> TableEntry:
    """Return the entry of a result.

    Args:
        found: The result, and the folder of its run.
        method: Its row.
        model: Of its columns.
        link: The leaderboard's link to the folder.
    """
    return TableEntry(
        method=method, model=model, result=found.result, run=found.run, link=link, samples_sha256=found.samples_sha256
    )


def tabulate(
    entries: Sequence[TableEntry], *, base: str = "", mixed_protocols: bool = False, by_model: bool = False
) -> tuple[Table, ...]:
    """Return a table for each benchmark, or, where it has difficulties, for each benchmark and model.

    Several results of one method and model are seeds: the cell is their mean.

    Args:
        entries: In the order of the rows.
        base: The method that others must not fall below; empty for the one called "base", if there is one.
        mixed_protocols: Allow results of different protocols in one table, with a note that names the differences.
        by_model: Take all difficulties together, as if the benchmark had none.

    Returns:
        The tables, in the order of their first entries.

    Raises:
        UserError: Results of one table were reached under different protocols, a run was given twice, or `base` is not
            one of its methods.
    """
    for seeds in _seeds(entries):
        refuse_repeated(seeds)
    groups: dict[tuple[str, str], list[TableEntry]] = {}
    for entry in entries:
        by_difficulty = not by_model and any(tally.difficulty for tally in entry.result.tallies)
        groups.setdefault((entry.result.conditions.benchmark, entry.model if by_difficulty else ""), []).append(entry)
    return tuple(
        _table(group, base=base, mixed_protocols=mixed_protocols, by_model=by_model) for group in groups.values()
    )


def _seeds(entries: Iterable[TableEntry]) -> Iterable[Sequence[Found]]:
    """Return the results that are seeds of each other."""
    found = defaultdict[tuple[str, ...], list[Found]](list)
    for entry in entries:
        cell = (entry.method, entry.model, entry.result.conditions.benchmark)
        found[cell].append(Found(entry.run, entry.result, entry.samples_sha256))
    return found.values()


def base_of(methods: Sequence[str], named: str) -> str:
    """Return the method that was named as base, or else the one called "base" in any case, or "".

    Args:
        methods: Of the table's rows.
        named: By the user; may be empty.

    Returns:
        One of the methods; "" if there is no base.

    Raises:
        UserError: The one that was named is not among the methods.
    """
    if named and named not in methods:
        raise no_such("method", named, methods, where="--base")
    return named or next((method for method in methods if method.casefold() == "base"), "")


def _table(entries: Sequence[TableEntry], *, base: str, mixed_protocols: bool, by_model: bool) -> Table:
    others = tuple(_other_protocols(entries))
    if others and not mixed_protocols:
        raise UserError(f"{others[0]}; a table compares like with like: score them alike, or give --mixed-protocols")
    tallies = (tally for entry in entries for tally in entry.result.tallies)
    columns = tuple(_columns(entries, (ALL,) if by_model else difficulties(tallies)))
    methods = tuple(dict.fromkeys(entry.method for entry in entries))
    links = {entry.method: entry.link for entry in entries}
    found_base = base_of(methods, base)
    numbers = [
        column_numbers(_by_method(entries, methods, column.model), column.k, column.difficulty, found_base)
        for column in columns
    ]
    differing = differing_methods(numbers)
    rows = [
        TableRow(
            method=method,
            cells=tuple(_cell(of_it, method, found) for of_it, found in zip(numbers, differing, strict=True)),
            link=links[method],
        )
        for method in methods
    ]
    table = Table(
        caption=_caption(entries),
        benchmark=entries[0].result.conditions.benchmark,
        columns=columns,
        rows=marked(rows, found_base),
        notes=(),
    )
    fewest = min(len(_results(entries, entry.method, entry.model)) for entry in entries)
    notes = (
        rule(found_base),
        *significance_notes(numbers, found_base, fewest),
        f"Protocol: {footnote(entries[0].result.conditions)}.",
        *(f"ANOTHER PROTOCOL: {other}." for other in others),
        *_slightly_other(entries),
        *shared_notes(table.titles, numbers),
        *(f"{_name(entry)}: {text}." for entry in entries if (text := lost_text(entry.result))),
        *(f"{_name(entry)}: {text}." for entry in entries if (text := repetition_warning(entry.result))),
    )
    return msgspec.structs.replace(table, notes=notes)


def _by_method(entries: Sequence[TableEntry], methods: Sequence[str], model: str) -> Mapping[str, Sequence[Result]]:
    return {method: _results(entries, method, model) for method in methods}


def _cell(column: ColumnNumbers, method: str, differing: Collection[str]) -> Cell | None:
    number = column.numbers.get(method)
    return Cell(**msgspec.structs.asdict(number), differs=method in differing) if number else None


def rule(base: str) -> str:
    """Return the meaning of the marks, for a footnote.

    Args:
        base: Method that others are compared with; "" without one.

    Returns:
        One line.
    """
    below = f"; ▼: below {base}" if base else ""
    return (
        f"Percent. Bold: the best of a column, every tie of it{below}; numbers are compared as printed. "
        f"pass@k is the unbiased estimate from all samples of a problem, averaged over problems."
    )


def _results(entries: Iterable[TableEntry], method: str, model: str) -> list[Result]:
    return [entry.result for entry in entries if (entry.method, entry.model) == (method, model)]


def _columns(entries: Sequence[TableEntry], levels: Sequence[str]) -> Iterator[Column]:
    """Yield every difficulty of each model and each k that some result was scored with, "all", the first, last."""
    everything, *parts = levels
    for model in dict.fromkeys(entry.model for entry in entries):
        for k in sorted({score.k for entry in entries for score in entry.result.scores}):
            for difficulty in (*parts, everything):
                yield Column(model=model, k=k, difficulty=difficulty)


def _caption(entries: Sequence[TableEntry]) -> str:
    first = entries[0].result
    by_level = by_subset(first.tallies)
    sizes = [f"{len(of_it)} {s.difficulty}" for s, of_it in by_level.items() if s.kind == ALL and s.difficulty != ALL]
    by_difficulty = f" ({', '.join(sizes)})" if sizes else ""
    models = [model for model in dict.fromkeys(entry.model for entry in entries) if model]
    conditions = condition_texts(first.conditions)
    seeds = max(len(_results(entries, entry.method, entry.model)) for entry in entries)
    over_seeds = f"; mean ± standard deviation over up to {seeds} seeds" if seeds > 1 else ""
    named = f", {models[0]}" if len(models) == 1 else ""
    return (
        f"{conditions['benchmark']}{named}: {len(first.tallies)} problems{by_difficulty} of "
        f"{conditions['problem set']}, n = {conditions['samples']}{over_seeds}"
    )


def _other_protocols(entries: Sequence[TableEntry]) -> Iterator[str]:
    """Yield how each entry's protocol differs from the first one's."""
    for entry in entries:
        if found := protocol_differences(entries[0].result, entry.result):
            yield f"{_name(entries[0])} and {_name(entry)} differ in protocol: {'; '.join(found)}"


def _slightly_other(entries: Sequence[TableEntry]) -> Iterator[str]:
    """Yield in what else each entry's conditions differ from the first one's, which lets them be compared."""
    for entry in entries:
        if found := slight_differences(entries[0].result.conditions, entry.result.conditions):
            yield f"{_name(entries[0])} and {_name(entry)} differ slightly: {'; '.join(found)}."


def _name(entry: TableEntry) -> str:
    return f"{entry.method} {entry.model}".strip()
