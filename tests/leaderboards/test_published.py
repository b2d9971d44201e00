"""The paper's numbers: possible under its protocol, and marked as its rule says."""

from pathlib import Path

import pytest

from leaderboards.published import METHODS, TABLE_1, TABLE_2, TABLE_3, published_tables
from leaderboards.render import tables_markdown

PROBLEMS = {"introductory": 1000, "interview": 1000, "competition": 572, "all": 500}
SAMPLES = 10
TABLES = published_tables()


def places(table, mark):
    """Return (method, number) of every cell with a mark."""
    return [(row.method, cell.value) for row in table.rows for cell in row.cells if cell and getattr(cell, mark)]


@pytest.mark.parametrize("published", [TABLE_1, TABLE_2], ids=["table 1", "table 2"])
def test_numbers_of_apps_plus_are_shares_of_whole_counts(published):
    """pass@1 counts samples, ten a problem; pass@10 from ten samples counts problems; each to two decimals."""
    for column, values in zip(published.columns, zip(*published.numbers, strict=True), strict=True):
        trials = PROBLEMS[column.difficulty] * (SAMPLES if column.k == 1 else 1)
        for value in filter(None, values):
            assert abs(round(value / 100 * trials) / trials * 100 - value) <= 0.0051


def test_numbers_of_mbpp_are_shares_of_500_problems():
    """Multiples of 0.2 percent: greedy, one sample a problem."""
    found = [value for values in TABLE_3.numbers for value in values if value is not None]

    assert [round(value * 5, 6) for value in found] == [round(value * 5) for value in found]


def test_numbers_without_an_interval_are_shown_beside_those_with_one():
    """The paper gives none."""
    assert tables_markdown(TABLES, intervals=True) == tables_markdown(TABLES)


def test_what_is_below_base_is_what_the_paper_paints_red():
    """Of the numbers that are known."""
    assert [places(table, "below_base") for table in TABLES] == [
        [],
        [("SFT", 1.38), ("SFT", 6.29), ("RLOO", 8.04)],
        [("SFT", 35.0), ("SFT", 63.2), ("RLOO + GRPO advantage", 64.0)],
    ]


def test_the_best_of_mbpp_is_bold_three_times():
    """64.4, every tie of it; columns with unknown numbers have no best."""
    assert [places(table, "best") for table in TABLES] == [
        [],
        [],
        [("BASE", 64.4), ("RLOO", 64.4), ("RLOO + exp advantage", 64.4)],
    ]


def test_every_table_has_a_row_a_method_and_a_cell_a_column():
    """Nothing is out of place."""
    for table in TABLES:
        assert [row.method for row in table.rows] == list(METHODS)
        assert {len(row.cells) for row in table.rows} == {len(table.columns)}


def test_rendered_they_are_the_golden_file():
    """Every number in its place, with its marks, as it was checked by eye."""
    assert tables_markdown(TABLES) == Path(__file__).with_name("published.md").read_text()
