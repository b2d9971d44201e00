"""What changed from one result to another."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UserError
from harness.runs.records import Tally
from leaderboards.compare import columns, compare, comparison_markdown, p_text
from leaderboards.contrast import contrast
from leaderboards.flips import flips


def test_one_sample_a_problem_by_hand(make_result):
    """Of four problems one is lost: 75 to 50 %, exact p = 2 * 1/2 = 1."""
    a = make_result({"1": (1, 1), "2": (1, 1), "3": (1, 1), "4": (1, 0)}, policy="old")
    b = make_result({"1": (1, 1), "2": (1, 1), "3": (1, 0), "4": (1, 0)}, policy="new")

    (column,) = compare(a, b).columns

    assert (column.a, column.b, column.difference, column.p, column.problems) == (0.75, 0.5, -0.25, 1.0, 4)
    assert column.low < -0.25 < column.high


def test_columns_are_all_and_each_difficulty_for_each_k(make_result):
    """Problems by hand: pass@1 of 1 in 2 is 0.5, pass@2 is 1; 2 of 2 give 1 and 1."""
    counts = {"e": (2, 1, "easy"), "h": (2, 0, "hard")}
    better = {"e": (2, 2, "easy"), "h": (2, 1, "hard")}

    found = compare(make_result(counts, ks=(1, 2)), make_result(better, ks=(1, 2))).columns

    assert [(column.k, column.difficulty, column.a, column.b) for column in found] == [
        (1, "all", 0.25, 0.75),
        (1, "easy", 0.5, 1.0),
        (1, "hard", 0.0, 0.5),
        (2, "all", 0.5, 1.0),
        (2, "easy", 1.0, 1.0),
        (2, "hard", 0.0, 1.0),
    ]


def test_p_values_allow_for_the_number_of_columns(make_result):
    """Six easy problems lost, a hard one unchanged: p = 2/64 over all and over the easy ones, times 3 by Holm."""
    a = make_result({"0": (1, 1, "hard")} | {str(i): (1, 1, "easy") for i in range(1, 7)})
    b = make_result({"0": (1, 1, "hard")} | {str(i): (1, 0, "easy") for i in range(1, 7)})

    found = [(column.difficulty, column.p, column.p_holm) for column in compare(a, b).columns]

    assert found == [("all", 2 / 64, 6 / 64), ("hard", 1.0, 1.0), ("easy", 2 / 64, 6 / 64)]


def test_a_difficulty_that_all_problems_share_is_no_second_comparison(make_result):
    """It would say the same thing again, and count once more in Holm's correction."""
    a = make_result({str(i): (1, 1, "easy") for i in range(6)})
    b = make_result({str(i): (1, 0, "easy") for i in range(6)})

    assert [(column.difficulty, column.p_holm) for column in compare(a, b).columns] == [("all", 2 / 64)]


def test_problems_with_too_few_samples_are_left_out(make_result):
    """A problem that lost samples to the sandbox has no pass@2, in either."""
    a, b = make_result({"1": (2, 1), "2": (2, 1)}, ks=(2,)), make_result({"1": (1, 1), "2": (2, 2)}, ks=(2,))

    assert [column.problems for column in columns(a, b, (2,))] == [1]


def test_problems_lost_come_first(make_result):
    """The largest change of each direction in front; what did not change is not a flip, 1/2 and 2/4 are the same."""
    a = make_result({"same": (2, 1), "up": (4, 1), "down": (4, 2), "far down": (4, 4), "none": (0, 0)})
    b = make_result({"same": (4, 2), "up": (4, 2), "down": (4, 1), "far down": (4, 0), "none": (4, 4)})

    assert [flip.task_id for flip in flips(a, b)] == ["far down", "down", "up"]


def test_a_change_is_one_of_shares(make_result):
    """For any numbers of samples: 1/10 to 1/1 is +0.9, 0/1 to 8/10 is +0.8, 4/8 to 1/4 is -0.25."""
    a = make_result({"x": (1, 0), "y": (10, 1), "z": (8, 4)})
    b = make_result({"x": (10, 8), "y": (1, 1), "z": (4, 1)})

    assert [(flip.task_id, flip.change) for flip in flips(a, b)] == [
        ("z", pytest.approx(-0.25)),
        ("y", pytest.approx(0.9)),
        ("x", pytest.approx(0.8)),
    ]


def test_columns_go_by_k(make_result):
    """A set of 33, 2, 16 and 1 has them out of order; what only one was scored with is left out."""
    a, b = make_result({"1": (40, 1)}, ks=(33, 2, 16, 1, 5)), make_result({"1": (40, 2)}, ks=(33, 2, 16, 1, 6))

    assert [column.k for column in compare(a, b).columns] == [1, 2, 16, 33]


def test_only_common_problems_are_compared(make_result):
    """Problems that one of them lacks are named."""
    a, b = make_result({"1": (1, 1), "2": (1, 0)}), make_result({"2": (1, 1), "3": (1, 1)})

    comparison = compare(a, b)

    assert (comparison.only_in_a, comparison.only_in_b) == (("1",), ("3",))
    assert [(column.problems, column.difference) for column in comparison.columns] == [(1, 1.0)]


@pytest.mark.parametrize("ks", [(1,), (5,)])
def test_nothing_in_common_is_refused(make_result, ks):
    """Other problems, or another k."""
    a, b = make_result({"1": (5, 1)}, ks=(1,)), make_result({"1" if ks == (5,) else "2": (5, 1)}, ks=ks)

    with pytest.raises(UserError, match="m and m have no problem, or no k, in common"):
        compare(a, b)


def test_the_report(make_result):
    """Numbers in percent, -1/6 +- 1.959964 sqrt((2/6 - 1/36) / 6), and the flips."""
    a = make_result({"1": (1, 1), "2": (1, 1), "a b": (1, 1), "4": (1, 0)}, policy="old")
    b = make_result({"1": (1, 1), "2": (1, 1), "a b": (1, 0), "4": (1, 0)}, policy="new", python="3.12")

    report = comparison_markdown(compare(a, b), (Path("runs/old"), Path("runs/new")), shown=10)

    assert report.startswith("## new against old on toy\n\n**Another protocol**: python: 3.11.7 against 3.12\n")
    assert (
        "| all        | 4        | 1 | 75.00 | 50.00 | -25.00 | -60.90 to +27.56 | 1.0000 | 1.0000   | 63.22      |"
        in report
    )
    assert "1 problems got worse, 0 got better" in report
    assert "| a b     |            | 1/1 | 0/1 |" in report


def test_the_report_counts_what_got_worse_and_what_got_better(make_result):
    """One lost, two gained, by half a problem each; what only one has is named."""
    a = make_result({"1": (2, 2), "2": (2, 0), "3": (2, 1), "4": (1, 1), "5": (1, 1)}, policy="old")
    b = make_result({"1": (2, 1), "2": (2, 1), "3": (2, 2), "6": (1, 1)}, policy="new")

    report = comparison_markdown(compare(a, b), (Path("runs/old"), Path("runs/new")), shown=1)

    assert "1 problems got worse, 2 got better\n" in report
    assert "2 problems that only old has are left out\n\n1 problems that only new has are left out\n" in report
    assert [line[:7] for line in report.splitlines() if line.startswith(("| 1 ", "| 2 ", "| 3 "))] == [
        "| 1    ",
        "| 2    ",
    ]
    assert "1 more; --flips 2 or --json lists all\n" in report
    lost, gained = "proctor explain runs/new 1 --policy new", "proctor explain runs/old 2 --policy old"
    assert f"    {lost}\n    {gained}\n" in report


def test_nothing_flipped_is_no_list(make_result):
    """Nor are there commands to explain it."""
    same = make_result({"1": (1, 1)})

    report = comparison_markdown(compare(same, same), (Path("a"), Path("b")), shown=10)

    assert report.endswith("0 problems got worse, 0 got better\n")


def test_each_flip_comes_with_the_command_that_explains_it(make_result):
    """In the run in which it failed: what was lost in B's, what was gained in A's."""
    a = make_result({"a b": (1, 1), "2": (1, 0)}, policy="old")
    b = make_result({"a b": (1, 0), "2": (1, 1)}, policy="new")

    report = comparison_markdown(compare(a, b), (Path("runs/old"), Path("runs/new")), shown=10)

    lost, gained = "proctor explain runs/new 'a b' --policy new", "proctor explain runs/old 2 --policy old"
    assert f"    {lost}\n    {gained}\n" in report


def test_long_lists_of_flips_are_cut(make_result):
    """And the report says how many there are and how to see them."""
    a, b = make_result({str(i): (1, 1) for i in range(7)}), make_result({str(i): (1, 0) for i in range(7)})

    report = comparison_markdown(compare(a, b), (Path("a"), Path("b")), shown=2)

    assert "5 more; --flips 7 or --json lists all" in report
    assert report.count("| 1/1 | 0/1 |") == 2


def seeds(make_result, *solved, of=100, **changes):
    """Return the results of seeds that solved so many problems."""
    return [make_result({str(i): (1, int(i < count)) for i in range(of)}, **changes) for count in solved]


def test_one_run_a_side_is_about_checkpoints(make_result):
    """In words, above the numbers."""
    a, b = seeds(make_result, 50, 40)

    report = comparison_markdown(compare(a, b), (Path("a"), Path("b")), shown=0)

    assert (
        "One run a side: a difference is one between these checkpoints, not between the methods; "
        "give 3 seeds or more of each to test the methods.\n" in report
    )


def test_three_seeds_a_side_are_tested_on_seeds(make_result):
    """48, 50, 52 against 58, 60, 62 of 100: 10 points, with an interval that other problems widen."""
    a, b = seeds(make_result, 48, 50, 52), seeds(make_result, 58, 60, 62)

    comparison = compare(a, b, ("base", "sft"))
    (column,) = comparison.columns
    report = comparison_markdown(comparison, (Path("a"), Path("b")), shown=1)

    assert (column.a, column.b, column.on_seeds) == (0.5, 0.6, True)
    assert column.difference == pytest.approx(0.1)
    assert column.p < 0.05
    assert column.low < 0.1 - 1.96 * (8 / 3) ** 0.5 / 100
    assert report.startswith(
        "## sft against base on toy\n\n3 and 3 seeds: the test is on seeds, so a difference is one"
    )
    assert "Welch" in report
    assert "proctor explain" not in report


def test_seeds_that_differ_as_much_as_the_methods_show_nothing(make_result):
    """40, 50, 60 against 50, 60, 70: a pair of checkpoints differs beyond doubt, the methods don't."""
    a, b = seeds(make_result, 40, 50, 60), seeds(make_result, 50, 60, 70)

    assert compare(a[0], b[2]).columns[0].p < 1e-6
    assert compare(a, b).columns[0].p > 0.2


def test_two_seeds_are_too_few_for_a_test_on_them(make_result):
    """Each problem counts with the mean of its seeds; the report says that this is about checkpoints."""
    a, b = seeds(make_result, 48, 52), seeds(make_result, 58, 62)

    comparison = compare(a, b)

    assert not comparison.columns[0].on_seeds
    assert "2 and 2 seeds: a difference is one between these checkpoints" in comparison_markdown(
        comparison, (Path("a"), Path("b")), shown=0
    )


def test_the_report_says_where_the_variance_comes_from(make_result):
    """Seeds 40, 50, 60 of 100: most of it; one run a side doesn't tell."""
    a, b = seeds(make_result, 40, 50, 60), seeds(make_result, 50, 60, 70)

    several = comparison_markdown(compare(a, b), (Path("a"), Path("b")), shown=0)
    single = comparison_markdown(compare(a[0], b[0]), (Path("a"), Path("b")), shown=0)

    assert re.search(r"\| all +\| 1 +\| \d+ +\| \d+ +\| \d+ +\| seeds ", several)
    assert re.search(r"\| all +\| 1 +\| 100 +\| - +\| - +\| problems, samples ", single)


def test_more_of_the_dominant_source_buys_most(make_result):
    """Of a variance that seeds cause, twice the seeds take half: the error shrinks by the root of 2."""
    a, b = seeds(make_result, 300, 500, 700, of=1000), seeds(make_result, 310, 510, 710, of=1000)

    split = compare(a, b).columns[0].variance

    assert split.standard_error(seeds=2) == pytest.approx(split.standard_error() / 2**0.5, rel=0.01)
    assert split.standard_error(problems=2) == pytest.approx(split.standard_error(), rel=0.01)


def test_equal_shares_of_other_numbers_of_samples_are_equal(make_result):
    """5 of 10 against 10 of 20 on 100 problems: no difference, p = 1, and nothing flipped."""
    a = make_result({str(i): (10, 5) for i in range(100)}, samples=20)
    b = make_result({str(i): (20, 10) for i in range(100)})

    comparison = compare(a, b)

    assert [(column.difference, column.p) for column in comparison.columns] == [(0.0, 1.0)]
    assert comparison.flips == ()


def test_other_tasks_are_another_protocol(make_result):
    """Two policies of one file share its conditions, and not always its tasks."""
    a, b = make_result({"1": (1, 1), "2": (1, 0)}), make_result({"2": (1, 1), "3": (1, 1)})

    assert compare(a, b).protocol_differences == ("tasks: 2 against 2, of which 1 are shared",)


def test_lost_samples_are_above_the_numbers(make_result):
    """With the bounds of that result's score: 1 of 2, or 2 of 2, of the sample of problem 2."""
    a = make_result({"1": (1, 1), "2": (1, 1)}, policy="old")
    b = make_result({"1": (1, 1), "2": (0, 0)}, policy="new", sandbox_errors=1)

    report = comparison_markdown(compare(a, b), (Path("a"), Path("b")), shown=0)

    assert "\n**new: 1 of 2 samples were lost to faults of the sandbox and are not counted; if all of them" in report
    assert "pass@1 50.00 to 100.00; more than 0.1 % are lost, so the numbers are not scores" in report


@pytest.mark.parametrize(
    ("p", "text"), [(1.0, "1.0000"), (0.00005, "0.0001"), (0.00004, "<0.0001"), (1e-300, "<0.0001")]
)
def test_no_p_value_is_shown_as_0(p, text):
    """Nothing is impossible."""
    assert p_text(p) == text


def test_a_comparison_of_the_size_of_apps_plus_takes_little_cpu(make_result):
    """2,572 problems, ten samples, nine here and there, pass@1 and pass@10: 0.1 s where it was measured."""
    a, b = (
        make_result(
            {str(i): (10 - (i % 97 == 0), (seed * i * i + i) % 10) for i in range(2572)}, ks=(1, 10), samples=10
        )
        for seed in (1, 3)
    )

    started = time.process_time()
    comparison = compare(a, b)

    assert time.process_time() - started < 10
    assert [column.problems for column in comparison.columns] == [2572, 2545]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12))
def test_both_directions_say_the_same(counts):
    """Of A against B and of B against A: the difference turned round, the same p."""
    a, b = ([[Tally(task_id="", difficulty="", kind="", n=4, c=pair[side]) for pair in counts]] for side in (0, 1))

    there, back = contrast(a, b, 1), contrast(b, a, 1)

    assert (there.value, there.p) == pytest.approx((-back.value, back.p))
