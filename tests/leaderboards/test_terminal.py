"""Tables on a terminal: coloured, without markup, and never wider than it."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from harness.cli import drawing
from harness.cli.main import run
from leaderboards.cli.terminal import draw_tables
from leaderboards.marks import Cell, Column, Table, TableRow, marked
from leaderboards.published import published_tables

NUMBER = re.compile(r"(?<!:)\b\d+\.\d\d\b")
"""But that in arXiv:2605.28409."""


def table_of(methods, titles):
    """Return a table whose first method is its base, with a number for each method and column."""
    rows = [
        TableRow(method=method, cells=tuple(Cell(value=10.0 * row + column) for column in range(len(titles))))
        for row, method in enumerate(methods)
    ]
    columns = tuple(Column(model="", k=k, difficulty=title) for k, title in enumerate(titles, 1))
    return Table(
        caption="a caption", benchmark="toy", columns=columns, rows=marked(rows[::-1], methods[-1]), notes=("a note",)
    )


def drawn(tables, width, *, colour=False, **options):
    """Return what is drawn on a terminal of a width."""
    file = io.StringIO()
    colours = {"force_terminal": True, "color_system": "standard"} if colour else {}
    draw_tables(tables, Console(file=file, width=width, **colours), **options)
    return file.getvalue()


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_no_number_is_lost(width):
    """All 70 numbers of the paper's tables are whole at any width, in the order of their columns."""
    printed = drawn(published_tables(), width)

    assert max(map(len, printed.splitlines())) <= width
    assert sorted(NUMBER.findall(printed)) == sorted(
        cell.text for table in published_tables() for row in table.rows for cell in row.cells
    )


def test_a_wide_terminal_has_the_table_in_one_block():
    """And a narrow one has the names of the rows in each block."""
    (table,) = published_tables()[:1]

    assert [drawn([table], width).count("SFT") for width in (200, 105, 80)] == [1, 1, 2]


def test_the_best_is_green_and_bold_and_what_is_below_base_red():
    """Without colour there are an asterisk and an arrow."""
    table = table_of(["low", "base"], ["x"])

    printed = drawn([table], 80, colour=True)

    assert "\x1b[1;32m10.00\x1b[0m" in printed
    assert "\x1b[31m0.00 ▼\x1b[0m" in printed
    assert ["*10.00" in drawn([table], 80), " 0.00 ▼" in drawn([table], 80)] == [True, True]
    assert "\x1b" not in drawn([table], 80)


def test_there_is_no_markup():
    """Neither markdown nor HTML."""
    assert re.findall(r"[<>|`]|\*\*", drawn(published_tables(), 100)) == []


def test_intervals_are_drawn_on_request():
    """Behind the number."""
    cell = Cell(value=50.0, low=40.0, high=60.0)
    table = Table(
        caption="c", benchmark="toy", columns=(Column(model="", k=1, difficulty="all"),),
        rows=(TableRow(method="a", cells=(cell,)), TableRow(method="b", cells=(None,))), notes=(),
    )  # fmt: skip

    assert "50.00 (40.0-60.0)" in drawn([table], 80, intervals=True)
    assert "(40.0" not in drawn([table], 80)


def test_hostile_names_steer_nothing(hostile_text):
    """Escapes and markup of rich are text."""
    table = table_of([f"{hostile_text}[red]x[/red]", "base"], [hostile_text])

    printed = drawn([table], 80)

    assert "\x1b" not in printed
    assert "\x00" not in printed
    assert "[/red]" in printed.replace("\n", "") or "..." in printed


@given(st.lists(st.text(max_size=60), min_size=1, max_size=4, unique=True), st.integers(20, 200))
def test_any_names_fit_any_width(names, width):
    """Names are folded, numbers are not."""
    printed = drawn([table_of([*names, "base"], ["introductory", "all"])], width)

    assert max(drawing.safe_text(line).cell_len for line in printed.splitlines()) <= width
    assert len(NUMBER.findall(printed)) >= 2 * len(names)


def test_a_terminal_gets_it_by_default(make_result, write_run, capsys, monkeypatch):
    """A pipe gets markdown, unless told otherwise."""
    path = write_run("run", make_result({"1": (1, 1)}))

    assert run(["table", path]) == 0
    assert "| m " in capsys.readouterr().out
    assert run(["table", path, "--format", "terminal"]) == 0
    assert "| m " not in (printed := capsys.readouterr().out)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert run(["table", path]) == 0
    assert "| m " not in (styled := capsys.readouterr().out)
    assert re.sub(r"\x1b\[[\d;]*m", "", styled).split()[:5] == printed.split()[:5]
