"""The paper's numbers: all of them, possible under its protocol, marked as its rule says, and beside ours."""

import csv
import io
import re
from pathlib import Path

import pytest

from harness.cli.main import run
from leaderboards.marks import Cell, Column, Table, TableRow
from leaderboards.published import EXP, GRPO, METHODS, TABLE_1, TABLE_2, TABLE_3, beside_published, published_tables
from leaderboards.render import tables_csv, tables_markdown

ROOT = Path(__file__).parents[2]
TRANSCRIPTION = ROOT.parent / "shared" / "PAPER_TABLES.md"
PROBLEMS = {"introductory": 1000, "interview": 1000, "competition": 572, "all": 500}
SAMPLES = 10
TABLES = published_tables()


def places(table, mark):
    """Return (method, number) of every cell with a mark."""
    return [(row.method, cell.value) for row in table.rows for cell in row.cells if cell and getattr(cell, mark)]


def number(table, method, **column):
    """Return a number of a table."""
    (place,) = (at for at, one in enumerate(table.columns) if all(getattr(one, n) == v for n, v in column.items()))
    return next(row.cells[place].value for row in table.rows if row.method == method)


@pytest.mark.parametrize("published", [TABLE_1, TABLE_2], ids=["table 1", "table 2"])
def test_numbers_of_apps_plus_are_shares_of_whole_counts(published):
    """pass@1 counts samples, ten a problem; pass@10 from ten samples counts problems; each to two decimals."""
    for column, values in zip(published.columns, zip(*published.numbers, strict=True), strict=True):
        trials = PROBLEMS[column.difficulty] * (SAMPLES if column.k == 1 else 1)
        for value in values:
            assert abs(round(value / 100 * trials) / trials * 100 - value) <= 0.0051


def test_numbers_of_mbpp_are_shares_of_500_problems():
    """Multiples of 0.2 percent: greedy, one sample a problem."""
    found = [value for values in TABLE_3.numbers for value in values]

    assert [round(value * 5, 6) for value in found] == [round(value * 5) for value in found]


def test_all_seventy_cells_are_there():
    """30 + 30 + 10, a row a method, a cell a column, none empty."""
    for table in TABLES:
        assert [row.method for row in table.rows] == list(METHODS)
        assert {len(row.cells) for row in table.rows} == {len(table.columns)}
    assert sum(cell is not None for table in TABLES for row in table.rows for cell in row.cells) == 70


def test_what_is_below_base_is_what_the_paper_paints_red():
    """None in table 1, three cells in table 2, five in table 3."""
    assert [places(table, "below_base") for table in TABLES] == [
        [],
        [("SFT", 1.38), ("SFT", 6.29), ("RLOO", 8.04)],
        [("SFT", 35.0), ("SFT", 63.2), (GRPO, 64.0), (EXP, 35.0)],
    ]


def test_what_is_best_is_what_the_paper_prints_bold():
    """One a column, but for the ties: 30.30 twice in table 2, 64.4 three times in table 3."""
    assert [places(table, "best") for table in TABLES] == [
        [("SFT", 1.94), ("SFT", 0.16), ("SFT", 5.9), ("SFT", 0.87), (EXP, 2.15), (EXP, 8.6)],
        [("SFT", 9.21), ("SFT", 16.5), ("SFT", 30.3), (GRPO, 12.14), (GRPO, 2.67), (GRPO, 11.54), (EXP, 30.3)],
        [("BASE", 64.4), ("RLOO", 64.4), (GRPO, 39.4), (EXP, 64.4)],
    ]
    assert any("prints no number bold" in note for note in TABLES[2].notes)


def test_the_arithmetic_of_the_papers_text():
    """Its gains on competition: 88 % at pass@1 (2.67 / 1.42 = 1.880) and 40 % at pass@10 (11.54 / 8.22 = 1.404)."""
    gains = [
        number(TABLES[1], GRPO, k=k, difficulty="competition")
        / number(TABLES[1], "BASE", k=k, difficulty="competition")
        for k in (1, 10)
    ]

    assert [f"{100 * (gain - 1):.0f} %" for gain in gains] == ["88 %", "40 %"]


def test_rendered_they_are_the_golden_file():
    """Every number in its place, with its marks, as it was checked by eye."""
    assert tables_markdown(TABLES) == Path(__file__).with_name("published.md").read_text()


def test_csv_has_every_number_with_its_marks():
    """The 70 numbers, by table, method and column."""
    rows = list(csv.DictReader(io.StringIO(tables_csv(TABLES))))
    found = [(float(row["percent"]), row["best"] == "True", row["below_base"] == "True") for row in rows]

    assert found == [(c.value, c.best, c.below_base) for table in TABLES for row in table.rows for c in row.cells]


def test_numbers_without_an_interval_are_shown_beside_those_with_one():
    """The paper gives none."""
    assert tables_markdown(TABLES, intervals=True) == tables_markdown(TABLES)


def transcribed():
    """Yield (number, is bold, is red) of each cell of the transcription, table by table."""
    for part in re.split(r"^## ", TRANSCRIPTION.read_text(), flags=re.MULTILINE)[1:4]:
        rows = [[cell.strip() for cell in line.split("|")[2:-1]] for line in part.splitlines() if line.startswith("|")]
        yield [[(float(cell.strip("*`")), "*" in cell, "`" in cell) for cell in row] for row in rows[2:]]


def test_all_cells_and_marks_are_those_of_the_transcription():
    """Compared number by number with a file that was written from the paper by others."""
    if not TRANSCRIPTION.exists():
        pytest.skip("needs PAPER_TABLES.md in ../shared")

    ours = [
        [[(cell.value, cell.best, cell.below_base) for cell in row.cells] for row in table.rows] for table in TABLES
    ]

    assert list(transcribed()) == ours


def ours(benchmark, model, methods, difficulty="interview"):
    """Return a table of our own with a column pass@1."""
    rows = [TableRow(method=method, cells=(Cell(value=50.0),)) for method in methods]
    column = Column(model=model, k=1, difficulty=difficulty)
    return Table(caption="ours", benchmark=benchmark, columns=(column,), rows=tuple(rows), notes=("a note",))


@pytest.mark.parametrize("model", ["0.5B", "Qwen2.5-Coder-0.5b", "qwen-0.5B-instruct", "models/0.5B"])
def test_the_papers_row_is_below_ours_of_the_same_method(model):
    """In the same column, by the name that the paper or proctor gives the method; then methods that we lack."""
    table, *others = beside_published([ours("apps-plus", model, ["base", "rloo-exp", "mine"])])

    assert [(row.method, row.cells[0].value) for row in table.rows] == [
        ("base", 50.0),
        ("paper: BASE", 0.06),
        ("rloo-exp", 50.0),
        (f"paper: {EXP}", 2.15),
        ("mine", 50.0),
        ("paper: SFT", 1.87),
        ("paper: RLOO", 0.12),
        (f"paper: {GRPO}", 0.59),
    ]
    assert [row.method for row in table.rows if row.cells[0].best] == [f"paper: {EXP}"]
    assert table.notes[0] == "a note"
    assert "Wu et al. 2026" in table.notes[-1]
    assert [table.caption[:7] for table in others] == ["Table 1", "Table 2", "Table 3"]  # no table was used in full


@pytest.mark.parametrize(
    ("benchmark", "model"), [("apps-plus", ""), ("apps-plus", "1.5B"), ("apps-plus", "17B"), ("toy", "7B")]
)
def test_other_benchmarks_and_models_have_nothing_beside_them(benchmark, model):
    """The paper's tables follow as they are."""
    table = ours(benchmark, model, ["base"])

    assert beside_published([table]) == (table, *TABLES)


def test_a_table_of_the_paper_that_is_beside_ours_in_full_is_not_repeated(make_result, write_run, capsys):
    """Both columns of table 3 are taken."""
    path = write_run("run", make_result({"1": (1, 1)}, benchmark="mbpp"))

    assert run(["table", f"BASE@0.5B={path}", f"BASE@7B={path}", "--published"]) == 0

    printed = capsys.readouterr().out
    assert "| BASE                            | **100.00**" in printed or "| BASE " in printed
    assert "| paper: BASE " in printed
    assert [name in printed for name in ("Table 1", "Table 2", "Table 3")] == [True, True, False]
