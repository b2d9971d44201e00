"""Defines tables of numbers with their marks.

Two marks follow the rule of papers: the best number of a column is bold, every tie of it too, and what is below the
base is marked; numbers are compared as they are printed. A third says what they don't: whether a difference from the
base is significant.
"""

from collections.abc import Sequence

import msgspec

DECIMALS = 2
SIGNIFICANT = "†"


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """Describes the numbers of a column."""

    model: str
    k: int
    difficulty: str


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """Holds a number in percent, with its interval and its marks."""

    value: float
    low: float | None = None
    """A 95 % interval."""
    high: float | None = None
    seeds: int = 1
    spread: float | None = None
    """Standard deviation over seeds, None where there is one."""
    best: bool = False
    below_base: bool = False
    differs: bool = False
    """Whether the difference from the base is significant, after a correction for all those of the table."""
    stamp: str = ""
    """Why the number isn't comparable; it gets no marks then."""

    @property
    def signs(self) -> str:
        """Return what stands behind the number: the sign of what is below the base, of what differs, or the stamp."""
        shown = ["▼"] * self.below_base + [SIGNIFICANT] * self.differs + [f"({self.stamp})"] * bool(self.stamp)
        return "".join(f" {sign}" for sign in shown)

    @property
    def text(self) -> str:
        """Return the number as every format prints it."""
        return f"{self.value:.{DECIMALS}f}"

    @property
    def printed(self) -> float:
        """Return the number as it is printed, which is what marks go by."""
        return float(self.text)


class TableRow(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the cells of a method; a cell without a result is None."""

    method: str
    cells: tuple[Cell | None, ...]
    link: str = ""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Holds a table that can be rendered."""

    caption: str
    benchmark: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    notes: tuple[str, ...]

    @property
    def titles(self) -> tuple[str, ...]:
        """Return the headings of the columns, without the model or the difficulty where all have the same."""
        several_models = len({column.model for column in self.columns}) > 1
        several_difficulties = len({column.difficulty for column in self.columns}) > 1
        return tuple(
            f"{f'{column.model} ' * several_models}pass@{column.k}{f' {column.difficulty}' * several_difficulties}"
            for column in self.columns
        )


def marked(rows: Sequence[TableRow], base: str) -> tuple[TableRow, ...]:
    """Return the rows with the best of each column and numbers below `base` marked; one number alone is not a best.

    Args:
        rows: Of one table.
        base: Method of the row that others are compared with; "" marks nothing as below it.

    Returns:
        The same rows with marks.
    """
    best = [best_printed(cells) for cells in zip(*(row.cells for row in rows), strict=True)]
    floor = next((row.cells for row in rows if row.method == base), (None,) * len(best))
    return tuple(msgspec.structs.replace(row, cells=tuple(map(_marked, row.cells, best, floor))) for row in rows)


def best_printed(cells: Sequence[Cell | None]) -> float | None:
    """Return the best number of a column as it is printed.

    Args:
        cells: Of the column; what is stamped does not count.

    Returns:
        The number; None where fewer than two can be compared.
    """
    numbers = [cell.printed for cell in cells if cell and not cell.stamp]
    return max(numbers) if len(numbers) > 1 else None


def _marked(cell: Cell | None, best: float | None, floor: Cell | None) -> Cell | None:
    if cell is None or cell.stamp:
        return cell
    below_base = floor is not None and not floor.stamp and cell.printed < floor.printed
    return msgspec.structs.replace(cell, best=cell.printed == best, below_base=below_base)
