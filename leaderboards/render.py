"""Renders tables as markdown."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from harness.errors import UserError
from harness.escapes import in_markdown
from harness.scoring.report import table as aligned
from leaderboards.table import DECIMALS, Cell, Table, TableRow


def tables_markdown(tables: Iterable[Table], *, intervals: bool = False) -> str:
    """Return the tables one below the other, each with its caption and notes; equal tables give equal text.

    A number below the base is red where the renderer shows colour, and marked by ▼ everywhere.

    Args:
        tables: One or more.
        intervals: Whether to print 95 % intervals.

    Returns:
        The markdown text.
    """
    return "\n".join(line for table in tables for line in _table(table, intervals=intervals))


def _table(table: Table, *, intervals: bool) -> Iterator[str]:
    yield f"**{in_markdown(table.caption)}**"
    yield ""
    rows = ((_method(row), *(_cell(cell, intervals=intervals) for cell in row.cells)) for row in table.rows)
    yield from aligned([("method", *map(in_markdown, table.titles)), *rows])
    yield ""
    for note in table.notes:
        yield in_markdown(note)
        yield ""


def _method(row: TableRow) -> str:
    return f"[{in_markdown(row.method)}]({quote(os.fsencode(row.link))})" if row.link else in_markdown(row.method)


def _cell(cell: Cell | None, *, intervals: bool) -> str:
    if cell is None:
        return ""
    number = f"{cell.value:.{DECIMALS}f}"
    spread = "" if cell.spread is None else f" ± {cell.spread:.{DECIMALS}f}"
    interval = f" ({cell.low:.1f}-{cell.high:.1f})" if intervals and cell.low is not None else ""
    bold = f"**{number}**" if cell.best else number
    red = f'<span style="color:red">{bold} ▼</span>' if cell.below_base else bold
    return f"{red}{spread}{interval}"


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn an OSError of the block into a UserError.

    Args:
        place: File or folder that the block writes, for the message.

    Yields:
        Once, for the block.

    Raises:
        UserError: The system refused to write.
    """
    try:
        yield
    except OSError as error:
        raise UserError(f"{place}: can't be written: {error.strerror}; choose another place") from error
