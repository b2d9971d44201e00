"""Draws tables of results on a terminal: coloured, without markup, and fitted to its width."""

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from harness.cli.drawing import draw_grid, safe_text
from leaderboards.marks import Cell, Table
from leaderboards.render import extent


def draw_tables(tables: Iterable[Table], console: Console, *, intervals: bool = False) -> None:
    """Print tables one below the other, each with its caption and notes.

    The best of a column is bold and green, or has an asterisk where nothing can be bold; what is below the base is red
    and has a ▼.

    Args:
        tables: One or more.
        console: Decides width and colours.
        intervals: Whether to print 95 % intervals.
    """
    plain = not console.is_terminal or console.is_dumb_terminal
    for table in tables:
        console.print(safe_text(table.caption, "bold"))
        console.print()
        names = [safe_text(row.method) for row in table.rows]
        rows = [[_drawn(cell, intervals=intervals, plain=plain) for cell in row.cells] for row in table.rows]
        draw_grid(console, names, ("method", *table.titles), rows)
        for note in (*table.notes, *["*: the best of a column, where nothing can be bold."] * plain):
            console.print(safe_text(note, "dim"))
        console.print()


def _drawn(cell: Cell | None, *, intervals: bool, plain: bool) -> Text:
    if cell is None:
        return Text()
    style = "bold green" if cell.best else "red" if cell.below_base else ""
    number = Text(f"{'*' * (cell.best and plain)}{cell.text}{cell.signs}", style)
    return Text.assemble(number, (extent(cell, intervals=intervals), "dim"))
