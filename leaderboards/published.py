"""Holds the numbers of the paper that proctor reproduces, as tables to print beside ours.

"Efficient Post-training of LLMs for Code Generation With Offline Reinforcement Learning" (Wu, Anand, Verma and Mezini
2026, arXiv:2605.28409), tables 1 to 3. The paper itself was not at hand: the numbers are those that a public digest of
arXiv's listing of 28 May 2026 quotes from it, and None is a number that it leaves out. Three more follow from what is
known of the paper's marks: that 8.04 is below base in table 2, where only competition pass@10 has such a value (46 of
572 problems), and that the best of table 3 is 64.4 three times, for which two places are left. Of table 3 it is also
known that one of the two numbers left out is 35.0, but not which.
"""

import msgspec

from harness.scoring.score import ALL
from leaderboards.table import Cell, Column, Table, TableRow, marked, rule

BASE = "BASE"
METHODS = (BASE, "SFT", "RLOO", "RLOO + GRPO advantage", "RLOO + exp advantage")

SOURCE = (
    "Published by Wu et al. 2026, arXiv:2605.28409, under a protocol of their own; quoted at second hand. Empty: not "
    "quoted; a column with empty cells has no best."
)

Numbers = tuple[float | None, ...]


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """Holds a table of the paper: percent, a row for each of `METHODS`."""

    caption: str
    columns: tuple[Column, ...]
    numbers: tuple[Numbers, ...]


_APPS_PLUS = tuple(
    Column(model="", k=k, difficulty=difficulty)
    for k in (1, 10)
    for difficulty in ("introductory", "interview", "competition")
)

TABLE_1 = Published(
    caption="Table 1 of the paper: apps-plus, Qwen2.5-Coder 0.5B",
    columns=_APPS_PLUS,
    numbers=(
        (0.03, 0.06, None, None, None, None),
        (1.94, 1.87, None, None, None, None),
        (None, None, None, None, None, None),
        (None, None, None, None, None, None),
        (1.67, 2.15, None, None, None, None),
    ),
)

TABLE_2 = Published(
    caption="Table 2 of the paper: apps-plus, Qwen2.5-Coder 7B",
    columns=_APPS_PLUS,
    numbers=(
        (None, 7.01, 1.42, None, 25.7, 8.22),
        (None, 11.3, 1.38, None, 30.3, 6.29),
        (None, None, None, None, None, 8.04),
        (None, 12.14, 2.67, None, 30.2, 11.54),
        (None, None, None, None, None, None),
    ),
)

TABLE_3 = Published(
    caption="Table 3 of the paper: mbpp, Qwen2.5-Coder",
    columns=(Column(model="0.5B", k=1, difficulty=ALL), Column(model="7B", k=1, difficulty=ALL)),
    numbers=(
        (36.2, 64.4),
        (35.0, 63.2),
        (None, 64.4),
        (39.4, 64.0),
        (None, 64.4),
    ),
)


def published_tables() -> tuple[Table, ...]:
    """Return the paper's tables, marked by its own rule."""
    return tuple(map(_table, (TABLE_1, TABLE_2, TABLE_3)))


def _table(published: Published) -> Table:
    rows = [
        TableRow(method=method, cells=tuple(None if value is None else Cell(value=value) for value in values))
        for method, values in zip(METHODS, published.numbers, strict=True)
    ]
    complete = [None not in values for values in zip(*published.numbers, strict=True)]
    return Table(
        caption=published.caption,
        columns=published.columns,
        rows=tuple(_without_guesses(row, complete) for row in marked(rows, BASE)),
        notes=(rule(BASE), SOURCE),
    )


def _without_guesses(row: TableRow, complete: list[bool]) -> TableRow:
    """Take the mark for the best off a column that has unknown numbers."""
    cells = (
        cell and msgspec.structs.replace(cell, best=cell.best and whole)
        for cell, whole in zip(row.cells, complete, strict=True)
    )
    return msgspec.structs.replace(row, cells=tuple(cells))
