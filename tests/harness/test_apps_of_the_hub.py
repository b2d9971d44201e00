"""Original APPS as the hub has it: tests and solutions are JSON in texts."""

import json
from pathlib import Path

import pytest

from harness.benchmarks.apps import apps, apps_plus
from harness.errors import UserError
from sandbox.records import CallTest, StdioTest

DATA = Path(__file__).parents[2].parent / "shared" / "data2" / "apps"

TESTS = {"inputs": ["1 2\n", "3 4\n"], "outputs": ["3\n", "7\n"]}
ROW = {
    "id": 7, "question": "Add.", "solutions": json.dumps(["print(sum(map(int, input().split())))", "pass"]),
    "input_output": json.dumps(TESTS), "difficulty": "interview", "url": "https://example.org/7", "starter_code": "",
}  # fmt: skip
CALL = ROW | {
    "input_output": json.dumps({"fn_name": "add", "inputs": [[1, 2]], "outputs": [3]}),
    "starter_code": "class Solution:\n    def add(self, a: int, b: int) -> int:\n        ",
}


@pytest.fixture
def load(tmp_path):
    """Return a function that opens rows as one file."""

    def load(*rows, benchmark=apps):
        (tmp_path / "test.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        return benchmark.problems(tmp_path / "test.jsonl")

    return load


@pytest.mark.parametrize("benchmark", [apps, apps_plus])
def test_a_problem_on_standard_input(load, benchmark):
    """The first solution is the reference; the result says APPS, whichever of the two was named."""
    (problem,) = load(ROW, benchmark=benchmark).values()

    assert (problem.task_id, problem.benchmark, problem.split, problem.difficulty) == ("7", "apps", "test", "interview")
    assert problem.tests == (
        StdioTest(stdin="1 2\n", expected_stdout="3\n", checker="values"),
        StdioTest(stdin="3 4\n", expected_stdout="7\n", checker="values"),
    )  # fmt: skip
    assert (problem.statement, problem.reference) == ("Add.", "print(sum(map(int, input().split())))")


def test_a_problem_of_calls(load):
    """The function is named beside the tests."""
    (problem,) = load(CALL).values()

    assert (problem.entry_point, problem.tests) == (
        "add", (CallTest(function="add", arguments=(1, 2), expected=3, checker="json_close"),),
    )  # fmt: skip


def test_a_row_without_solutions_has_no_reference(load):
    """As those of the test split may be."""
    (problem,) = load(ROW | {"solutions": ""}).values()

    assert problem.reference == ""


def test_integers_of_any_length_are_read(load):
    """Some tests have more digits than Python reads by default."""
    digits = "1" * 5000
    tests = '{"fn_name": "add", "inputs": [[' + digits + ', 0]], "outputs": [' + digits + "]}"

    (problem,) = load(CALL | {"input_output": tests}).values()

    assert problem.tests[0].expected == (10**5000 - 1) // 9


@pytest.mark.parametrize(
    "tests", ["", None, "{}", "null", '{"inputs": [], "outputs": []}', '{"fn_name": "f", "inputs": [], "outputs": []}'],
)  # fmt: skip
def test_a_row_without_tests_is_left_out(load, tests):
    """And that is told."""
    opened = load(ROW, ROW | {"id": 8, "input_output": tests})

    assert (list(opened), list(opened.left_out)) == (["7"], ["8"])
    assert "has no tests" in opened.left_out["8"]


def test_long_empty_tests_are_told_when_they_are_looked_up(load):
    """They are not decoded for the index."""
    opened = load(ROW | {"input_output": json.dumps({"inputs": [], "outputs": [], "note": "x" * 5000})})

    with pytest.raises(UserError, match="task '7' has no tests"):
        opened["7"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"input_output": "{"}, "input_output: is not JSON"), ({"solutions": "["}, "solutions: is not JSON"),
        ({"question": None}, r"Expected `str`, got `null` - at `\$.question`"),
        ({"input_output": json.dumps(TESTS | {"outputs": ["3"]})}, "has 2 inputs, but 1 outputs"),
    ],
)  # fmt: skip
def test_a_malformed_row_is_told_when_it_is_looked_up(load, changes, problem):
    """With its line; the others are read."""
    opened = load(ROW, ROW | {"id": 8} | changes)

    assert opened["7"].task_id == "7"
    with pytest.raises(UserError, match=rf"test.jsonl:2: .*{problem}|test.jsonl:2: {problem}"):
        opened["8"]


def test_half_a_surrogate_pair_beside_the_tests_is_read(load):
    """What only Python's decoder takes is indexed too."""
    opened = load(ROW | {"question": "\ud800"}, ROW | {"id": 8, "question": "\ud800", "input_output": "{}"})

    assert (list(opened), list(opened.left_out)) == (["7"], ["8"])
    assert opened["7"].statement == "\ud800"


def test_a_folder_of_both_files_has_both_splits(tmp_path):
    """The same numbers are in both, so the split is part of the id."""
    for name in ("test.jsonl", "train.jsonl"):
        (tmp_path / name).write_text(json.dumps(ROW))

    opened = apps.problems(tmp_path)

    assert {task_id: problem.split for task_id, problem in opened.items()} == {"train/7": "train", "test/7": "test"}


@pytest.mark.parametrize("key", ["public_test_cases", "private_test_cases"])
def test_a_row_of_livecodebench_is_named(load, key):
    """It has tests, under other names."""
    with pytest.raises(UserError, match=r"is a row of LiveCodeBench, .*name --benchmark livecodebench"):
        load({"question_id": "a", "public_test_cases": "[]", key: "[1]"})


def test_a_file_of_another_kind_is_named(tmp_path):
    """The hub has its data sets as Parquet too."""
    (tmp_path / "test.parquet").write_bytes(b"PAR1\x15\x04")

    with pytest.raises(UserError, match=r"test.parquet: is a Parquet file; write its rows as JSON Lines first"):
        apps.problems(tmp_path / "test.parquet")


def test_a_row_of_rllm_is_named(load):
    """It has tests, in another form."""
    with pytest.raises(UserError, match=r"has `tests`, as rows of rLLM"):
        load({"problem": "Add.", "tests": {"inputs": ["1"], "outputs": ["1"]}})


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the real files in ../shared/data2")
@pytest.mark.parametrize(("name", "calls", "problems"), [("hf_partial", 0, 9), ("hf_form_from_folders", 1, 4)])
def test_the_real_rows(name, calls, problems):
    """Every problem has tests of its kind."""
    kinds = [problem.kind for problem in apps.problems(DATA / f"apps_{name}.jsonl").values()]

    assert (kinds.count("call"), kinds.count("stdio")) == (calls, problems - calls)


@pytest.mark.parametrize("benchmark", [apps, apps_plus])
@pytest.mark.parametrize(
    ("url", "contest"),
    [("https://codeforces.com/problemset/problem/1036/B", "codeforces/1036"), (None, ""), (7, ""), ("", "")],
)
def test_the_family_of_a_problem_is_the_contest_of_its_address(load, benchmark, url, contest):
    """Whatever a row has there never makes it unreadable."""
    (problem,) = load(ROW | {"url": url}, benchmark=benchmark).values()

    assert benchmark.family(problem) == contest


def test_a_row_without_an_address_stands_alone(load):
    """As those of APPS+ are released."""
    row = {"prompt": "Add.", "inputs": ["1 2\n"], "outputs": ["3\n"], "difficulty": "interview"}
    (problem,) = load(row, benchmark=apps_plus).values()

    assert apps_plus.family(problem) == ""


def test_a_folder_names_the_contest_in_its_metadata(tmp_path):
    """Beside the difficulty."""
    home = tmp_path / "0000"
    home.mkdir()
    (home / "question.txt").write_text("Add.")
    (home / "input_output.json").write_text(json.dumps(TESTS))
    url = "https://atcoder.jp/contests/arc063/tasks/arc063_c"
    (home / "metadata.json").write_text(json.dumps({"difficulty": "interview", "url": url}))

    (problem,) = apps.problems(tmp_path).values()

    assert (apps.family(problem), problem.difficulty) == ("atcoder/arc063", "interview")


def test_real_rows_of_apps_have_their_contests():
    """Four rows of its training split."""
    path = DATA / "apps_hf_form_from_folders.jsonl"
    if not path.exists():
        pytest.skip(f"needs {path}")

    assert [apps.family(problem) for problem in apps.problems(path).values()] == [
        "codeforces/1036", "codeforces/838", "atcoder/arc063", "",
    ]  # fmt: skip
