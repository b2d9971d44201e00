"""Draws tables on a terminal: coloured, without markup, and fitted to its width."""

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from leaderboards.render import extent
from leaderboards.table import Cell, Table
from sandbox.printable import one_line

_GAP = 3
"""Blanks between two columns."""
_LEAST_NAME, _MOST_NAME = 8, 40
"""Characters of the first column; longer names are folded."""


def draw_tables(tables: Iterable[Table], console: Console, *, intervals: bool = False) -> None:
    """Print tables one below the other; what doesn't fit beside each other is continued below, by whole columns.

    The best of a column is bold and green, what is below the base red, and marked in a way that needs no colour.

    Args:
        tables: One or more.
        console: Decides width and colours.
        intervals: Whether to print 95 % intervals.
    """
    for table in tables:
        console.print(_safe(table.caption, "bold"))
        drawn = [tuple(_drawn(cell, intervals=intervals) for cell in row.cells) for row in table.rows]
        heads = [_safe(title) for title in table.titles]
        names = [_safe(row.method) for row in table.rows]
        draw_grid(console, ("method", names), heads, drawn)
        for note in table.notes:
            console.print(_safe(note, "dim"))
        console.print()


def draw_grid(
    console: Console, names: tuple[str, Sequence[Text]], heads: Sequence[Text], rows: Sequence[Sequence[Text]]
) -> None:
    """Print rows of cells in as many blocks of columns as the width needs, the names of the rows in each.

    Args:
        console: Decides the width.
        names: Heading of the first column, and the name of each row.
        heads: Of the other columns; they are wrapped at blanks.
        rows: The cells, which are never broken.
    """
    widest = max(_MOST_NAME if console.width >= 3 * _MOST_NAME else console.width // 3, _LEAST_NAME)
    name_width = min(widest, max(map(_width, (Text(names[0]), *names[1]))))
    widths = [
        max(*map(_width, map(Text, head.plain.split())), *(_width(row[place]) for row in rows), 0)
        for place, head in enumerate(heads)
    ]
    for first, last in _blocks(widths, console.width - name_width):
        grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, _GAP - 1, 0, 0), header_style="")
        grid.add_column(names[0], width=name_width, overflow="fold")
        for place in range(first, last):
            grid.add_column(heads[place], justify="right", width=widths[place], overflow="fold")
        for name, row in zip(names[1], rows, strict=True):
            grid.add_row(name, *row[first:last])
        console.print(grid)


def _blocks(widths: Sequence[int], room: int) -> Iterator[tuple[int, int]]:
    """Yield the first column of each block and the one behind its last; a block holds at least one."""
    first = used = 0
    for place, width in enumerate(widths):
        if place > first and used + width + _GAP > room:
            yield first, place
            first, used = place, 0
        used += width + _GAP
    yield first, len(widths)


def _drawn(cell: Cell | None, *, intervals: bool) -> Text:
    if cell is None:
        return Text()
    style = "bold green" * cell.best or "red" * cell.below_base
    number = Text(f"{cell.text}{' ▼' * cell.below_base}", style)
    return number.append(extent(cell, intervals=intervals), "dim")


def _safe(text: str, style: str = "") -> Text:
    """Return text that can't steer the terminal."""
    return Text(one_line(text), style)


def _width(text: Text) -> int:
    return text.cell_len
