"""A tree of runs and its leaderboard."""

import shutil

import pytest

from harness.errors import UserError
from leaderboards.leaderboard import is_stale, newest, regenerate


def solved(count):
    """Return the counts of a result that solved `count` of four problems."""
    return {str(number): (1, int(number < count)) for number in range(4)}


def test_the_newest_of_each_policy_is_the_last_by_name(make_result, write_run, tmp_path):
    """Numbers compare as numbers: run 10 is newer than run 9; the other policy keeps its only run."""
    write_run("run-10", make_result(solved(3), policy="a"))
    write_run("run-9", make_result(solved(1), policy="a"), make_result(solved(2), policy="b"))

    found = {one.result.policy: one.run.name for one in newest(tmp_path)}

    assert found == {"a": "run-10", "b": "run-9"}


def test_times_of_files_say_nothing(make_result, write_run, tmp_path):
    """A clone of the runs gives the same leaderboard."""
    write_run("runs/2025-01-02", make_result(solved(3)))
    write_run("runs/2025-01-01", make_result(solved(1)))
    regenerate(tmp_path / "runs")
    shutil.copytree(tmp_path / "runs" / "2025-01-01", tmp_path / "clone" / "2025-01-01")
    shutil.copytree(tmp_path / "runs" / "2025-01-02", tmp_path / "clone" / "2025-01-02")

    copy = regenerate(tmp_path / "clone")

    assert copy.read_bytes() == (tmp_path / "runs" / "LEADERBOARD.md").read_bytes()


def test_each_protocol_has_its_own_table(make_result, write_run, tmp_path):
    """The best policy comes first, linked to its run."""
    write_run("1", make_result(solved(1), policy="weak"))
    write_run("2", make_result(solved(3), policy="strong"))
    write_run("3 b", make_result(solved(4), policy="elsewhere", python="3.12.0"))

    lines = regenerate(tmp_path).read_text().splitlines()
    rows = [line.split(" | ")[0] for line in lines if line.startswith("| [")]

    assert rows == ["| [strong](2)", "| [weak](1)  ", "| [elsewhere](3%20b)"]
    assert sum(line.startswith("Protocol: ") for line in lines) == 2


def test_the_best_is_the_one_with_the_largest_mean_over_its_problems(make_result, write_run, tmp_path):
    """3/4 over the one that has samples; (1/1 + 1/4) / 2 = 5/8; 1/2, by name where that is equal; (3/4 + 0/4) / 2."""
    write_run("1", make_result({"1": (4, 2), "2": (4, 2)}, policy="half"))
    write_run("2", make_result({"1": (1, 1), "2": (4, 1)}, policy="five eighths"))
    write_run("3", make_result({"1": (4, 3), "2": (0, 0)}, policy="three quarters"))
    write_run("4", make_result({"1": (4, 2), "2": (4, 2)}, policy="a half too"))
    write_run("5", make_result({"1": (4, 3), "2": (4, 0)}, policy="three eighths"))

    lines = regenerate(tmp_path).read_text().splitlines()
    rows = [line.split("](")[0].removeprefix("| [") for line in lines if line.startswith("| [")]

    assert rows == ["three quarters", "five eighths", "a half too", "half", "three eighths"]


def test_numbers_of_a_leaderboard_have_intervals(make_result, write_run, tmp_path):
    """For 2 of 4: at 0.0854 more have chance 4 p^3 q + p^4 = 0.0023, 0.62 of two 0.62 x 6 p^2 q^2 = 0.0227."""
    write_run("1", make_result(solved(2)))

    assert "| 50.00 (8.5-91.5) |" in regenerate(tmp_path).read_text()


def test_a_leaderboard_is_stale_until_it_is_regenerated(make_result, write_run, tmp_path):
    """After each change of the results, and after each change by hand."""
    write_run("1", make_result(solved(1)))
    assert is_stale(tmp_path)
    board = regenerate(tmp_path)
    assert not is_stale(tmp_path)

    write_run("2", make_result(solved(2)))
    assert is_stale(tmp_path)
    regenerate(tmp_path)
    assert not is_stale(tmp_path)

    board.write_text(board.read_text().replace("50.00", "99.00"))
    assert is_stale(tmp_path)


def test_a_tree_without_results_is_refused(tmp_path):
    """There is nothing to rank."""
    with pytest.raises(UserError, match=r"holds no result\.json, at any depth"):
        newest(tmp_path)


def test_other_tasks_are_another_table(make_result, write_run, tmp_path):
    """Two policies of one file share its conditions, and not always its tasks."""
    other = {str(number): (1, 1) for number in range(2, 6)}
    write_run("1", make_result(solved(1), policy="one"), make_result(other, policy="other"))

    lines = regenerate(tmp_path).read_text().splitlines()

    assert sum(line.startswith("Protocol: ") for line in lines) == 2
