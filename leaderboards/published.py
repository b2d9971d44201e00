"""Holds the numbers of the paper that proctor reproduces, and puts them beside ours.

"Efficient Post-training of LLMs for Code Generation With Offline Reinforcement Learning" (Wu, Anand, Verma and Mezini
2026, arXiv:2605.28409), tables 1 to 3, every cell. The marks follow from the paper's own rule (the best of a column
bold, what is below the base red), and are those that it prints, but for one column, see `TABLE_3`.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import chain

import msgspec

from harness.scoring.score import ALL
from leaderboards.marks import Cell, Column, Table, TableRow, marked
from leaderboards.table import rule

BASE = "BASE"
GRPO, EXP = "RLOO with GRPO advantage", "RLOO, advantage with exp()"
METHODS = (BASE, "SFT", "RLOO", GRPO, EXP)

SOURCE = "Published by Wu et al. 2026, arXiv:2605.28409, under a protocol of their own."

Numbers = tuple[float, ...]


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """Holds a table of the paper: percent, a row for each of `METHODS`."""

    caption: str
    benchmark: str
    columns: tuple[Column, ...]
    numbers: tuple[Numbers, ...]
    notes: tuple[str, ...] = ()


def _of_apps_plus(model: str) -> tuple[Column, ...]:
    return tuple(
        Column(model=model, k=k, difficulty=difficulty)
        for k in (1, 10)
        for difficulty in ("introductory", "interview", "competition")
    )


TABLE_1 = Published(
    caption="Table 1 of the paper: apps-plus, Qwen2.5-Coder 0.5B",
    benchmark="apps-plus",
    columns=_of_apps_plus("0.5B"),
    numbers=(
        (0.03, 0.06, 0.00, 0.30, 0.60, 0.00),
        (1.94, 1.87, 0.16, 5.9, 8.1, 0.87),
        (0.06, 0.12, 0.05, 0.5, 1.1, 0.35),
        (0.07, 0.59, 0.05, 0.4, 3.5, 0.35),
        (1.67, 2.15, 0.10, 5.4, 8.6, 0.70),
    ),
)

TABLE_2 = Published(
    caption="Table 2 of the paper: apps-plus, Qwen2.5-Coder 7B",
    benchmark="apps-plus",
    columns=_of_apps_plus("7B"),
    numbers=(
        (4.5, 7.01, 1.42, 11.90, 25.70, 8.22),
        (9.21, 11.30, 1.38, 16.50, 30.30, 6.29),
        (6.98, 10.31, 2.06, 13.80, 27.80, 8.04),
        (7.72, 12.14, 2.67, 14.70, 30.20, 11.54),
        (7.14, 11.09, 2.38, 15.10, 30.30, 9.97),
    ),
)

TABLE_3 = Published(
    caption="Table 3 of the paper: mbpp, Qwen2.5-Coder",
    benchmark="mbpp",
    columns=(Column(model="0.5B", k=1, difficulty=ALL), Column(model="7B", k=1, difficulty=ALL)),
    numbers=(
        (36.2, 64.4),
        (35.0, 63.2),
        (37.4, 64.4),
        (39.4, 64.0),
        (35.0, 64.4),
    ),
    notes=("In column 7B the paper itself prints no number bold; by its rule the best is 64.4, three times.",),
)

PUBLISHED = (TABLE_1, TABLE_2, TABLE_3)


def published_tables() -> tuple[Table, ...]:
    """Return the paper's tables, marked by its own rule."""
    return tuple(map(_table, PUBLISHED))


def _table(published: Published) -> Table:
    rows = [
        TableRow(method=method, cells=tuple(Cell(value=value) for value in values))
        for method, values in zip(METHODS, published.numbers, strict=True)
    ]
    return Table(
        caption=published.caption,
        benchmark=published.benchmark,
        columns=published.columns,
        rows=marked(rows, BASE),
        notes=(rule(BASE), *published.notes, SOURCE),
    )


_OURS = {"rloo-grpo": GRPO, "rloo-exp": EXP} | {name.casefold(): name for name in METHODS}
"""Method as we name it -> as the paper does."""
_SIZE = re.compile(r"(?<![\w.])(0\.5|7)b(?![\w.])", re.IGNORECASE)
"""Of a model of the paper, within its name."""

Place = tuple[str, Column]
"""Benchmark and column."""


def beside_published(tables: Sequence[Table]) -> tuple[Table, ...]:
    """Put the paper's numbers beside ours: each of its rows below our row of that method, in the same columns.

    Columns belong together by benchmark, k, difficulty and the size in the model's name. The paper's numbers keep the
    marks of its own tables.

    Args:
        tables: Ours.

    Returns:
        Our tables with rows of the paper, then those of its tables that don't go with ours in full.
    """
    theirs = _cells()
    places = [[_place(table.benchmark, column) for column in table.columns] for table in tables]
    beside = (
        _with_rows(table, [theirs.get(place, {}) for place in of_table])
        for table, of_table in zip(tables, places, strict=True)
    )
    used = set(chain.from_iterable(places))
    others = (
        table for table in published_tables() if not {(table.benchmark, column) for column in table.columns} <= used
    )
    return (*beside, *others)


def _cells() -> dict[Place, dict[str, Cell | None]]:
    """Return the paper's numbers by place and method."""
    return {
        (table.benchmark, column): {row.method: row.cells[number] for row in table.rows}
        for table in published_tables()
        for number, column in enumerate(table.columns)
    }


def _place(benchmark: str, column: Column) -> Place:
    size = _SIZE.search(column.model)
    return benchmark, msgspec.structs.replace(column, model=size[0].upper() if size else "")


def _with_rows(table: Table, cells: Sequence[Mapping[str, Cell | None]]) -> Table:
    if not any(cells):
        return table
    ours = [(row, _OURS.get(row.method.casefold(), "")) for row in table.rows]
    known = {method for _, method in ours}

    def theirs(method: str) -> TableRow:
        return TableRow(method=f"paper: {method}", cells=tuple(of_column.get(method) for of_column in cells))

    rows = [one for row, method in ours for one in (row, *([theirs(method)] if method else []))]
    rows += [theirs(method) for method in METHODS if method not in known]
    return msgspec.structs.replace(table, rows=tuple(rows), notes=(*table.notes, SOURCE))
