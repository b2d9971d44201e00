"""Scores without the problems that a model may have been trained on."""

import json
from contextlib import nullcontext, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UserError
from harness.runs.records import Tally
from harness.scoring.consistency import consistency
from harness.scoring.contamination import clean_scores, read_contaminated
from harness.scoring.intervals import mean_interval


def tally(task_id, n, c, difficulty="easy"):
    """Return the counts of a problem."""
    return Tally(task_id=task_id, difficulty=difficulty, kind="call", n=n, c=c)


def test_both_scores_and_what_the_contaminated_add():
    """2 contaminated solved, 4 others of which 1 is: 3/6 against 1/4, so a third of the problems adds 1/4."""
    tallies = [tally(str(number), 1, int(number < 3)) for number in range(6)]

    (row, easy) = clean_scores(tallies, {"0", "1"}, (1,))

    assert (row.difficulty, row.k, row.problems) == ("all", 1, 4)
    assert (row.full, row.value, row.gain) == pytest.approx((3 / 6, 1 / 4, 1 / 4))
    assert (row.low, row.high) == pytest.approx(mean_interval([1.0, 0.0, 0.0, 0.0], 4))
    assert row.gain_low < row.gain < row.gain_high
    assert (easy.difficulty, easy.full) == ("easy", row.full)


def test_the_interval_of_the_gain_joins_both_means():
    """Half of the problems is contaminated and solved: 1 - 1/2, each bound a hypotenuse of two distances."""
    tallies = [tally(str(number), 1, int(number < 15)) for number in range(20)]
    (row, _) = clean_scores(tallies, {str(number) for number in range(10)}, (1,))
    tainted, clean = mean_interval([1.0] * 10, 10), mean_interval([1.0] * 5 + [0.0] * 5, 10)

    assert row.gain_low == pytest.approx(0.5 * (0.5 - ((1 - tainted.low) ** 2 + (clean.high - 0.5) ** 2) ** 0.5))
    assert row.gain_high == pytest.approx(0.5 * (0.5 + (0 + (0.5 - clean.low) ** 2) ** 0.5))


@pytest.mark.parametrize("contaminated", [set(), {"a", "b"}, {"elsewhere"}])
def test_nothing_to_compare_is_no_row(contaminated):
    """None is contaminated, or all are, or only others."""
    assert list(clean_scores([tally("a", 1, 1), tally("b", 1, 0)], contaminated, (1,))) == []


def test_a_text_names_a_task_a_line(tmp_path):
    """Blank lines and blanks around an id are nothing."""
    (tmp_path / "ids.txt").write_text("HumanEval/1\n\n  HumanEval/2 \r\n")

    assert read_contaminated(tmp_path / "ids.txt", "humaneval") == {"HumanEval/1", "HumanEval/2"}


def test_a_card_names_what_it_matched(tmp_path):
    """Those of the benchmark only; what else a card says is ignored."""
    matches = [
        {"what": "p1", "benchmark": name, "task_id": task_id, "overlap": 0.9}
        for name, task_id in (("mbpp", "11"), ("mbpp", "12"), ("humaneval", "HumanEval/3"))
    ]
    (tmp_path / "card.json").write_text(json.dumps({"schema": 1, "rows": 3, "contaminated": matches}))

    assert read_contaminated(tmp_path / "card.json", "mbpp") == {"11", "12"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "names no task"), (b"{}", "not a card.json"), (b"\xff\n", "not a text of task ids"), (b"[" * 9, None)],
)
def test_another_file_is_refused(tmp_path, content, reason):
    """In one line; a line of brackets is a task id like any other."""
    (tmp_path / "file").write_bytes(content)
    if reason is None:
        assert read_contaminated(tmp_path / "file", "mbpp") == {"[" * 9}
        return
    with pytest.raises(UserError, match=reason):
        read_contaminated(tmp_path / "file", "mbpp")


def test_a_missing_file_is_refused(tmp_path):
    """It is the user's mistake."""
    with pytest.raises(UserError, match="can't be read"):
        read_contaminated(tmp_path / "none", "mbpp")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    """A text gives its lines, anything else is refused."""
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(content)
    lines = {line.strip() for line in content.decode(errors="replace").split("\n")} - {""}
    with nullcontext() if _is_text(content) and lines else pytest.raises(UserError):
        assert read_contaminated(path, "mbpp") == lines


def _is_text(content):
    """Return whether bytes are UTF-8, and don't begin as a card does."""
    with suppress(UnicodeDecodeError):
        return not content.decode().lstrip(" \t\r\n\v\f").startswith("{")
    return False


def test_consistency_has_every_metric_of_k_above_one():
    """4 of 4 and 2 of 4, k = 2: all right 1 and 1/6, half right 1 and 5/6, and mG-pass@2 is all right, as k / 2 + 1."""
    rows = {(row.metric, row.k): row for row in consistency([tally("a", 4, 4), tally("b", 4, 2)], (1, 2))
            if row.difficulty == row.kind == "all"}  # fmt: skip

    assert {key: row.value for key, row in rows.items()} == pytest.approx({
        ("pass^k", 2): (1 + 1 / 6) / 2, ("G-pass@k_0.5", 2): (1 + 5 / 6) / 2, ("mG-pass@k", 2): (1 + 1 / 6) / 2,
    })  # fmt: skip
    assert all(row.low < row.value < row.high and row.problems == 2 for row in rows.values())


def test_a_problem_with_too_few_samples_has_no_consistency():
    """It is left out of the mean, as of pass@k."""
    rows = list(consistency([tally("a", 4, 4), tally("b", 1, 0)], (2,)))

    assert {row.problems for row in rows} == {1}
