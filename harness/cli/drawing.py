"""Draws tables on a terminal, fitted to its width: texts of any origin can't steer it."""

import sys
from collections.abc import Iterator, Sequence
from typing import Literal

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from sandbox.printable import one_line

_GAP = 2
"""Blanks between two columns."""
_LEAST_NAME, _MOST_NAME = 8, 40
"""Characters of the first column; longer names are folded."""
_LONGEST = 400
"""Characters of a text that are shown."""


def on_terminal() -> bool:
    """Return whether what is printed goes to a terminal."""
    return sys.stdout.isatty()


def safe_text(text: str, style: str = "") -> Text:
    """Return text that can't steer the terminal.

    Args:
        text: Of any origin and length; cut after 400 characters.
        style: As rich has it, such as "bold".

    Returns:
        One line.
    """
    return Text(one_line(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."), style)


def draw_grid(
    console: Console,
    names: Sequence[Text],
    heads: Sequence[str],
    rows: Sequence[Sequence[Text]],
    *,
    justify: Literal["left", "right"] = "right",
) -> None:
    """Print rows of cells in as many blocks of whole columns as the width needs, the names of the rows in each.

    Args:
        console: Decides width and colours.
        names: Of the rows.
        heads: Of all columns, that of the names first; they are wrapped at blanks.
        rows: The cells behind the names; none is broken but one that is wider than the terminal.
        justify: Of the cells.
    """
    first_head, *others = map(safe_text, heads)
    most = max(_LEAST_NAME, min(_MOST_NAME, console.width // 3))
    name_width = min(most, max(text.cell_len for text in (first_head, *names)))
    room = console.width - name_width - _GAP
    widths = _widths(others, rows, wrapped=False)
    if sum(widths) + _GAP * len(widths) > room:
        widths = _widths(others, rows, wrapped=True)
    for columns in _blocks(widths, room):
        grid = Grid(box=box.SIMPLE_HEAD, padding=(0, _GAP, 0, 0), pad_edge=False, show_edge=False, header_style="")
        grid.add_column(first_head, width=name_width, overflow="fold")
        for place in columns:
            grid.add_column(
                others[place], justify=justify, width=max(1, min(widths[place], room - _GAP)), overflow="fold"
            )
        for name, row in zip(names, rows, strict=True):
            grid.add_row(name, *(row[place] for place in columns))
        console.print(grid)
        console.print()


def _widths(heads: Sequence[Text], rows: Sequence[Sequence[Text]], *, wrapped: bool) -> list[int]:
    """Return the width of each column, with its heading in one line or wrapped at blanks."""
    return [
        max(text.cell_len for text in (*(head.split(" ") if wrapped else [head]), *(row[place] for row in rows)))
        for place, head in enumerate(heads)
    ]


def _blocks(widths: Sequence[int], room: int) -> Iterator[range]:
    """Yield the columns of each block, one at least."""
    first = used = 0
    for place, width in enumerate(widths):
        if place > first and used + width + _GAP > room:
            yield range(first, place)
            first, used = place, 0
        used += width + _GAP
    yield range(first, len(widths))
