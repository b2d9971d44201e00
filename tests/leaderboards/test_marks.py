"""Marks go by the numbers as they are printed, in every format."""

import io
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from leaderboards.cli.terminal import draw_tables
from leaderboards.marks import Cell, Column, Table, TableRow, marked
from leaderboards.render import tables_latex, tables_markdown

CELLS = st.lists(st.floats(0, 100).map(lambda value: Cell(value=value)), min_size=2, max_size=6)


def column(cells):
    """Return a table of one column: the first row is the base."""
    rows = [TableRow(method=f"m{place}", cells=(cell,)) for place, cell in enumerate(cells)]
    return Table(
        caption="c", benchmark="toy", columns=(Column(model="", k=1, difficulty="all"),), rows=marked(rows, "m0"),
        notes=(),
    )  # fmt: skip


def marks(*values):
    """Return (best, below base) of each number, the base's first."""
    cells = [row.cells[0] for row in column([Cell(value=value) for value in values]).rows]
    return [(cell.best, cell.below_base) for cell in cells]


def test_numbers_that_print_the_same_are_the_same():
    """64.401 and 64.399 are 64.40: both are the best, and neither is below the other."""
    assert marks(64.401, 64.399, 64.3949) == [(True, False), (True, False), (False, True)]
    assert marks(64.399, 64.401) == [(True, False), (True, False)]


@pytest.mark.parametrize(
    ("base", "other", "below"), [(0.0151, 0.0149, True), (0.0149, 0.0051, False), (100 / 3, 33.33, False)]
)
def test_at_the_edge_of_two_decimals(base, other, below):
    """0.0151 prints as 0.02, 0.0149 and 0.0051 as 0.01, a third as 33.33."""
    assert marks(base, other)[1][1] is below


@given(CELLS)
def test_marks_follow_from_the_text_alone(cells):
    """Read back from what is printed they come out the same."""
    printed = [Decimal(cell.text) for cell in cells]

    found = [row.cells[0] for row in column(cells).rows]

    assert [cell.best for cell in found] == [number == max(printed) for number in printed]
    assert [cell.below_base for cell in found] == [number < printed[0] for number in printed]


@given(CELLS)
def test_every_format_has_the_marks(cells):
    """Bold and ▼ in markdown, bold and an arrow in LaTeX, an asterisk and ▼ on a terminal without styles."""
    table = column(cells)
    marked_cells = [row.cells[0] for row in table.rows]
    wanted = [(cell.best, cell.below_base) for cell in marked_cells]
    file = io.StringIO()
    draw_tables([table], Console(file=file, width=80))

    for text, best, below in (
        (tables_markdown([table]), "**", "▼"),
        (tables_latex([table]), r"\textbf", r"\downarrow"),
        (file.getvalue(), "*", "▼"),
    ):
        rows = [line for line in text.splitlines() if re.match(r"\W*m\d", line)]
        assert [(best in row, below in row) for row in rows] == wanted


@given(CELLS)
def test_without_colour_markdown_loses_nothing(cells):
    """GitHub takes the attribute off: what is left has each number, bold and ▼."""
    coloured = tables_markdown([column(cells)])

    plain = re.sub(r"</?span[^>]*>", "", coloured)

    assert "<" not in plain
    assert [sign for sign in coloured if sign in "▼*"] == [sign for sign in plain if sign in "▼*"]
    assert re.findall(r"\d+\.\d\d", plain) == re.findall(r"\d+\.\d\d", coloured)
