"""LiveCodeBench: rows, private tests, releases and windows of dates."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
from lcb_rows import call_row, case, packed, stdin_row

from harness.benchmarks import livecodebench as module
from harness.benchmarks.livecodebench import SIZES, livecodebench
from harness.benchmarks.problem_info import info_of
from harness.benchmarks.selection import whole_set
from harness.errors import UserError
from sandbox.records import CallTest, StdioTest

DATA = Path(__file__).parents[2].parent / "shared" / "data2" / "livecodebench"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs the real files in ../shared/data2")


@pytest.fixture
def load(tmp_path):
    """Return a function that opens rows as one file."""

    def load(*rows, name="rows.jsonl"):
        (tmp_path / name).write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        return livecodebench.problems(tmp_path / name)

    return load


def test_a_problem_on_standard_input(load):
    """Public tests come first; the limit is LiveCodeBench's own."""
    (problem,) = load(stdin_row("abc1_a")).values()

    assert (problem.task_id, problem.benchmark, problem.split) == ("abc1_a", "livecodebench", "test")
    assert (problem.statement, problem.difficulty, problem.date) == ("Double it.", "easy", "2024-08-17")
    assert problem.tests == (
        StdioTest(stdin="2\n", expected_stdout="4\n", checker="values"),
        StdioTest(stdin="3\n", expected_stdout="6\n", checker="values"),
    )  # fmt: skip
    assert (problem.limits.cpu_s, problem.limits.wall_s) == (6.0, 15.0)


def test_a_problem_of_a_method(load):
    """An argument a line, each of them JSON, as is the answer."""
    (problem,) = load(call_row(2727)).values()

    assert (problem.task_id, problem.entry_point, problem.kind, problem.date) == ("2727", "pairs", "call", "2024-09-01")
    assert problem.tests == (
        CallTest(function="pairs", arguments=([1, 2], "x"), expected=[[1, 2]], checker="json_close"),
        CallTest(function="pairs", arguments=([], "y"), expected=[], checker="json_close"),
    )


def test_rows_without_private_tests_bear_another_name(load):
    """A score by the few tests of the statement is not LiveCodeBench's."""
    without = stdin_row("b")
    del without["private_test_cases"]

    opened = load(stdin_row("a"), without, stdin_row("c", private_test_cases="[]"))

    assert [problem.benchmark for problem in opened.values()] == [
        "livecodebench",
        "livecodebench-public",
        "livecodebench-public",
    ]


def test_tests_may_be_lists_already(load):
    """As a program may have left them."""
    row = stdin_row("a", public_test_cases=[case("1\n", "2\n")], private_test_cases=[], metadata={})

    (problem,) = load(row).values()

    assert problem.tests == (StdioTest(stdin="1\n", expected_stdout="2\n", checker="values"),)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"private_test_cases": "AAAA"}, "its private_test_cases are neither JSON nor zlib data in base64"),
        ({"private_test_cases": packed([case("1", 2)])}, r"private_test_cases: Expected `str`, got `int`"),
        ({"private_test_cases": "[{]"}, "private_test_cases: is not JSON"),
        ({"public_test_cases": "[]", "private_test_cases": "[]"}, "it has no tests"),
        ({"public_test_cases": json.dumps([case("1", "2", "functional")])}, "its tests are of two kinds"),
        ({"metadata": "{"}, "its metadata is not JSON"), ({"contest_date": "in May"}, "Invalid isoformat"),
        ({"question_content": None}, "Expected `str`, got `null`"),
    ],
)  # fmt: skip
def test_a_malformed_row_is_told_when_it_is_looked_up(load, changes, problem):
    """With file, line and task; the others are read."""
    opened = load(stdin_row("good"), stdin_row("bad", **changes))

    assert opened["good"].task_id == "good"
    with pytest.raises(UserError, match=rf"rows.jsonl:2: .*{problem}"):
        opened["bad"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"metadata": "{}"}, "names no func_name"),
        ({"public_test_cases": json.dumps([case("[1]\nx", "1", "functional")])}, "its input: is not JSON"),
        ({"public_test_cases": json.dumps([case("[1]", "", "functional")])}, "its output: is not JSON"),
    ],
)
def test_malformed_calls_are_told(load, changes, problem):
    """Which of the two it is."""
    with pytest.raises(UserError, match=problem):
        load(call_row("bad", **changes))["bad"]


def test_private_tests_are_bounded(load, monkeypatch):
    """A bomb costs its own problem."""
    monkeypatch.setattr(module, "MOST_PRIVATE_BYTES", 1 << 20)
    opened = load(stdin_row("bomb", private_test_cases=packed([case("0" * (2 << 20), "1")])))

    with pytest.raises(UserError, match="its private_test_cases unpack to more than 1 MiB"):
        opened["bomb"]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"question_id": "x", "original_json": {}, "public_test_cases": []}, "is a row of LiveBench"),
        ({"problem_id": 1, "question": "x", "input_output": "{}"}, "but input_output, as rows of APPS have"),
        ({"task_id": "HumanEval/0"}, "has no public_test_cases"),
    ],
)
def test_rows_of_others_are_named(load, row, problem):
    """As what they are."""
    with pytest.raises(UserError, match=problem):
        load(row)


def test_what_only_python_writes_is_read(load):
    """Half a surrogate pair in a statement."""
    (problem,) = load(stdin_row("a", question_content="\ud800")).values()

    assert problem.statement == "\ud800"


def test_a_folder_of_its_files_is_read_in_their_order(tmp_path):
    """Compressed or not; other files in it don't count."""
    (tmp_path / "test2.jsonl").write_text(json.dumps(stdin_row("second")))
    (tmp_path / "test.jsonl.gz").write_bytes(gzip.compress(json.dumps(stdin_row("first")).encode()))
    (tmp_path / "notes.jsonl").write_text("x")

    assert list(livecodebench.problems(tmp_path)) == ["first", "second"]


def test_a_folder_without_its_files_is_refused(tmp_path):
    """With their names."""
    with pytest.raises(UserError, match=r"none of LiveCodeBench's files, test.jsonl to test6.jsonl"):
        livecodebench.problems(tmp_path)


class Dated(NamedTuple):
    """A problem's id and date."""

    task_id: str
    date: str


LAST_MONTH = {"v1": "2024-03", "v2": "2024-05", "v3": "2024-07", "v4": "2024-09", "v5": "2025-01", "v6": "2025-04"}
EVERY = [
    Dated(f"{release}/{number}", f"{LAST_MONTH[release]}-02")
    for release, size in SIZES.items()
    for number in range(size)
]


@pytest.mark.parametrize(
    ("name", "size", "releases"),
    [
        ("release_v1", 400, {"v1"}), ("release_v2", 511, {"v1", "v2"}), ("release_v3", 612, {"v1", "v2", "v3"}),
        ("release_v4", 713, {"v1", "v2", "v3", "v4"}), ("release_v5", 880, {"v1", "v2", "v3", "v4", "v5"}),
        ("release_v6", 1055, set(SIZES)), ("v2", 111, {"v2"}), ("v6", 175, {"v6"}),
    ],
)  # fmt: skip
def test_releases_are_as_published(name, size, releases):
    """By their sizes, of all files."""
    chosen = list(livecodebench.problem_sets[name](EVERY))

    assert (len(chosen), {task_id.partition("/")[0] for task_id in chosen}) == (size, releases)


def test_earlier_files_are_enough_for_an_earlier_release():
    """511 rows hold release_v1 and release_v2, and not release_v3."""
    assert len(list(livecodebench.problem_sets["release_v1"](EVERY[:511]))) == 400
    with pytest.raises(UserError, match=r"release_v3: is 612 problems .* and the 511 here are not these"):
        livecodebench.problem_sets["release_v3"](EVERY[:511])


@pytest.mark.parametrize("infos", [EVERY[:399], EVERY[:401], EVERY[1:], EVERY[::-1], []])
def test_a_release_that_is_not_whole_is_refused(infos):
    """One problem too few or too many, or another order."""
    with pytest.raises(UserError, match=r"release_v1: is 400 problems of LiveCodeBench's files in their order"):
        livecodebench.problem_sets["release_v1"](infos)


DATES = {"a": "2024-07-31", "b": "2024-08-01", "c": "2024-08-31", "d": "2024-09-01", "e": ""}


@pytest.mark.parametrize(
    ("window", "found"),
    [
        ("2024-08..2024-08", "bc"), ("2024-08..", "bcd"), ("..2024-08", "abc"), ("2024-07-31..2024-08-01", "ab"),
        ("2024-08-02..2024-09", "cd"), ("..", "abcd"),
    ],
)  # fmt: skip
def test_a_window_holds_both_of_its_ends(make_problem, window, found):
    """Months or days, the last of them whole; a problem without a date is in none."""
    infos = {task_id: info_of(make_problem(task_id, date=date)) for task_id, date in DATES.items()}

    assert "".join(whole_set(infos, livecodebench, window)) == found


@pytest.mark.parametrize(
    ("dates", "window", "problem"),
    [
        (DATES, "2025-01..", "no problem was published then; they are from 2024-07-31 to 2024-09-01"),
        ({"a": ""}, "2025-01..", "their dates are unknown"),
        (
            DATES,
            "2024..2025",
            r"'2024\.\.2025'\. Choose from release_v1, .*; or give a window of dates such as 2024-08..2025-01",
        ),
    ],
)
def test_an_empty_window_is_refused(make_problem, dates, window, problem):
    """With what there is."""
    infos = {task_id: info_of(make_problem(task_id, date=date)) for task_id, date in dates.items()}

    with pytest.raises(UserError, match=problem):
        whole_set(infos, livecodebench, window)


@needs_data
def test_the_real_public_files():
    """All problems of release_v1 that are there, with the tests of their statements."""
    opened = livecodebench.problems(DATA / "lcb_release_v1_public_only.jsonl.gz")
    problems = list(opened.values())

    assert Counter(problem.kind for problem in problems) == {"stdio": 155, "call": 115}
    assert Counter(problem.difficulty for problem in problems) == {"easy": 97, "medium": 112, "hard": 61}
    assert {problem.benchmark for problem in problems} == {"livecodebench-public"}
    assert (min(problem.date for problem in problems), max(problem.date for problem in problems)) == (
        "2023-05-13", "2024-03-02",
    )  # fmt: skip


@needs_data
def test_the_real_private_tests():
    """Of both problems that have them in the data set's own encoding."""
    opened = livecodebench.problems(DATA / "lcb_with_private_encoded.jsonl")

    assert {task_id: len(problem.tests) for task_id, problem in opened.items()} == {"1873_A": 5, "abc334_a": 12}
    assert {test.expected_stdout for test in opened["abc334_a"].tests} == {"Bat\n", "Glove\n"}
