"""Renders tables as markdown, LaTeX, CSV and JSON."""

import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from harness.errors import UserError
from harness.escapes import in_csv, in_latex, in_markdown
from harness.runs.jsonl import pretty_json
from harness.scoring.report import table as aligned
from leaderboards.marks import DECIMALS, Cell, Table, TableRow


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
    bold = f"**{cell.text}**" if cell.best else cell.text
    signed = f"{bold}{cell.signs}"  # signs are ours, without markup
    red = f'<span style="color:red">{signed}</span>' if cell.below_base else signed
    return red + extent(cell, intervals=intervals)


def extent(cell: Cell, *, intervals: bool) -> str:
    """Return how far a number may be off: over seeds, and its interval.

    Args:
        cell: With the number.
        intervals: Whether to give the interval.

    Returns:
        Text that follows the number; empty where nothing is known.
    """
    spread = "" if cell.spread is None else f" ± {cell.spread:.{DECIMALS}f}"
    return spread + (f" ({cell.low:.1f}-{cell.high:.1f})" if intervals and cell.low is not None else "")


def tables_latex(tables: Iterable[Table], *, intervals: bool = False) -> str:
    """Return the tables for a paper, with the rules of booktabs; a number below the base has an arrow.

    Args:
        tables: One or more.
        intervals: Whether to print 95 % intervals.

    Returns:
        The source of as many floats, each with its caption and notes; the preamble needs `booktabs`.
    """
    return "\n".join(line for table in tables for line in _float(table, intervals=intervals))


def _float(table: Table, *, intervals: bool) -> Iterator[str]:
    yield from ("% needs \\usepackage{booktabs}", r"\begin{table}", r"\centering")
    yield rf"\caption{{{in_latex(table.caption)}}}"
    yield rf"\begin{{tabular}}{{l{'r' * len(table.columns)}}}"
    yield from (r"\toprule", _latex_row(["method", *table.titles]), r"\midrule")
    for row in table.rows:
        cells = (_latex_cell(cell, intervals=intervals) for cell in row.cells)
        yield " & ".join([in_latex(row.method), *cells]) + r" \\"
    yield from (r"\bottomrule", r"\end{tabular}")
    yield from (rf"\par{{\footnotesize {in_latex(note)}}}" for note in table.notes)
    yield from (r"\end{table}", "")


def _latex_row(texts: Iterable[str]) -> str:
    return " & ".join(map(in_latex, texts)) + r" \\"


def _latex_cell(cell: Cell | None, *, intervals: bool) -> str:
    if cell is None:
        return ""
    marked = rf"\textbf{{{cell.text}}}" if cell.best else cell.text
    return " ".join(filter(None, (marked, in_latex(cell.signs.strip()), in_latex(extent(cell, intervals=intervals)))))


_CSV_HEAD = (
    "table", "method", "model", "difficulty", "k", "percent", "low", "high", "seeds", "spread", "best", "below_base",
    "differs", "stamp",
)  # fmt: skip


def tables_csv(tables: Iterable[Table], *, intervals: bool = True) -> str:  # noqa: ARG001 - they are always there
    """Return the tables as CSV: a row for each number.

    Args:
        tables: One or more; the first column is their caption.
        intervals: Not used; the intervals have columns of their own.

    Returns:
        The text with its head; no cell of it is a formula to a spreadsheet.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_CSV_HEAD)
    for table in tables:
        for row in table.rows:
            for column, cell in zip(table.columns, row.cells, strict=True):
                if cell is not None:
                    names = (table.caption, row.method, column.model, column.difficulty)
                    numbers = (column.k, cell.value, cell.low, cell.high, cell.seeds, cell.spread)
                    marks = (cell.best, cell.below_base, cell.differs, in_csv(cell.stamp))
                    writer.writerow((*map(in_csv, names), *numbers, *marks))
    return text.getvalue()


def _tables_json(tables: Sequence[Table], *, intervals: bool = True) -> str:  # noqa: ARG001 - they are always there
    return pretty_json(tables).decode()


RENDERERS: Mapping[str, Callable[..., str]] = {
    "markdown": tables_markdown,
    "latex": tables_latex,
    "csv": tables_csv,
    "json": _tables_json,
}
"""Format of `proctor table` -> function from tables, and whether to print intervals, to the text."""


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
