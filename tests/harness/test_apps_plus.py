"""APPS+, its kin, and original APPS."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from harness.benchmarks.apps import PAPER, apps_plus, paper
from harness.errors import UserError
from sandbox.records import CallTest, StdioTest

DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs the real files in ../shared/data")

STDIO = {
    "prompt": "Add.", "canonical_solution": "def main():\n    print(1)", "inputs": ["1\n"], "outputs": ["2\n"],
    "starter_code": "def main():\n", "difficulty": "interview",
}  # fmt: skip
CALL = {
    "problem_id": "p7", "prompt": "Add.", "canonical_solution": None, "inputs": [[1, 2]], "outputs": [[3]],
    "starter_code": "def add(a, b):\n\t", "fn_name": "add",
}  # fmt: skip


@pytest.fixture
def load(tmp_path):
    """Return a function that opens problems from a text or bytes, plain or compressed."""

    def load(content, name="data.json"):
        path = tmp_path / name
        data = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
        return apps_plus.problems(path)

    return load


@pytest.fixture(params=["list", "lines", "compressed list", "compressed lines"])
def load_rows(request, load):
    """Return a function that opens rows in every form of file."""

    def load_rows(*rows):
        is_list = request.param.endswith("list")
        text = json.dumps(rows, indent=1) if is_list else "\n".join(map(json.dumps, rows))
        return load(text, "data.gz" if request.param.startswith("compressed") else "data")

    return load_rows


def test_a_problem_on_standard_input(load_rows):
    """Its id is its place where it has none; its function is entered by the judge."""
    (problem,) = load_rows(STDIO).values()

    assert (problem.task_id, problem.benchmark, problem.split, problem.difficulty) == (
        "0",
        "apps-plus",
        "test",
        "interview",
    )
    assert (problem.statement, problem.starter_code, problem.entry_point) == ("Add.", "def main():\n", "main")
    assert problem.tests == (StdioTest(stdin="1\n", expected_stdout="2\n", checker="values"),)
    assert problem.reference == "def main():\n    print(1)"


def test_a_problem_of_calls(load_rows):
    """It is called by the name given, its difficulty and reference may lack."""
    (problem,) = load_rows(CALL).values()

    assert (problem.task_id, problem.difficulty, problem.reference, problem.entry_point) == ("p7", "", "", "add")
    assert problem.tests == (CallTest(function="add", arguments=(1, 2), expected=3, checker="json_close"),)


def test_the_function_may_stand_in_the_starter_code_alone(load_rows):
    """As a function, or as a method."""
    starter_code = "class Solution:\n    def add(self, a: int, b: int) -> int:\n        "
    rows = {key: value for key, value in CALL.items() if key != "fn_name"}

    opened = load_rows(rows, rows | {"problem_id": 8, "starter_code": starter_code, "outputs": [3]})

    assert list(opened) == ["p7", "8"]
    assert [problem.tests for problem in opened.values()] == [opened["p7"].tests] * 2


def test_samples_of_a_task_meet_the_very_same_tests(load_rows):
    """The judge keeps an examiner as long as the tests are identical."""
    opened = load_rows(STDIO, CALL)

    assert opened["0"].tests is opened["0"].tests


@pytest.mark.parametrize("lack", [{"inputs": None}, {"inputs": []}, {"outputs": []}, {"inputs": ""}])
def test_a_problem_without_tests_is_left_out(load_rows, lack):
    """It can't be judged, and that is told."""
    opened = load_rows(STDIO, CALL | lack)

    assert list(opened) == ["0"]
    assert opened.left_out["p7"].endswith(": has no tests")


def test_what_only_python_writes(load):
    """NaN, half a surrogate pair and an integer of 5000 digits are read as they were written."""
    big = "1" * 5000
    text = f'[{{"prompt": "\\ud800", "fn_name": "f", "inputs": [[NaN], [{big}]], "outputs": [Infinity, {big}]}}]'

    (problem,) = load(text).values()

    assert problem.statement == "\ud800"
    assert [test.expected for test in problem.tests] == [float("inf"), (10**5000 - 1) // 9]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([STDIO, 1], r"data.json: after 1 objects: ', 1\]'"),
        (
            [STDIO, {"prompt": "x", "inputs": ["1"], "outputs": ["1", "2"]}],
            "data.json: element 1: task '1' has 1 inputs, but 2",
        ),
        ([STDIO, {"inputs": ["1"], "outputs": ["1"]}], "data.json: element 1: Object missing required field `prompt`"),
        ([STDIO, CALL, CALL], "data.json: element 2: task 'p7' is already at .*data.json: element 1"),
        (
            [CALL | {"inputs": None}],
            "none of the 1 problems can be examined, the first is .*data.json: element 0: has no tests",
        ),
        ([CALL | {"problem_id": [1]}], r"data.json: element 0: Expected `int \| str \| null`, got `array`"),
        ([], "holds no problems"),
    ],
)
def test_bad_lists_are_refused(load, rows, problem):
    """With file and element."""
    with pytest.raises(UserError, match=problem):
        list(load(json.dumps(rows)).values())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"prompt": }\n', "data.json:1: is not JSON"), ("", "data.json: is empty"),
        ('[{"inputs": [1}]', "data.json: element 0: is not JSON"), (b'{"id": "\xff"}', "data.json:1: is not JSON"),
        ("[1", "data.json: after 0 objects"), ('{"inputs": ' + "[" * 200_000, "data.json:1: is not JSON"),
    ],
)  # fmt: skip
def test_bad_files_are_refused(load, text, problem):
    """With file and line, before anything is judged."""
    with pytest.raises(UserError, match=problem):
        load(text)


@pytest.fixture
def apps(tmp_path):
    """Return a function that lays out a problem as original APPS does, and the folder of them all."""

    def lay_out(name, tests, **files):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "question.txt").write_text("Add.")
        if tests is not None:
            (folder / "input_output.json").write_text(json.dumps(tests))
        for stem, content in files.items():
            suffix = "py" if stem == "starter_code" else "json"
            (folder / f"{stem}.{suffix}").write_text(content if suffix == "py" else json.dumps(content))
        return tmp_path

    return lay_out


def test_a_folder_of_apps(apps):
    """Folders are the ids; the first solution is the reference; what lacks tests is left out."""
    apps(
        "0001",
        {"inputs": ["1\n"], "outputs": ["2\n"]},
        solutions=["print(2)", "print(1+1)"],
        metadata={"difficulty": "interview"},
    )
    apps("0000", {"inputs": [[1]], "outputs": [[2]], "fn_name": "f"}, starter_code="def f(a):\n\t")
    apps("0003", {"inputs": [], "outputs": []})

    opened = apps_plus.problems(apps("0002", None))

    assert (list(opened), sorted(opened.left_out)) == (["0000", "0001"], ["0002", "0003"])
    call, stdio = opened.values()
    assert (call.tests[0].expected, call.entry_point, call.starter_code, call.split) == (
        2,
        "f",
        "def f(a):\n\t",
        "test",
    )
    assert (stdio.difficulty, stdio.reference, stdio.split, stdio.statement) == (
        "interview",
        "print(2)",
        "test",
        "Add.",
    )


def test_a_folder_of_apps_with_its_splits(apps):
    """The same numbers stand in both, so the split is part of the id."""
    tests = {"inputs": ["1\n"], "outputs": ["2\n"]}
    apps("train/0000", tests)

    home = apps("test/0000", tests)

    assert [(problem.task_id, problem.split) for problem in apps_plus.problems(home).values()] == [
        ("train/0000", "train"),
        ("test/0000", "test"),
    ]
    assert [(problem.task_id, problem.split) for problem in apps_plus.problems(home / "train").values()] == [
        ("0000", "train")
    ]


def test_a_bad_file_of_a_folder_is_refused(apps):
    """By its path."""
    home = apps("0000", {"inputs": ["1\n"], "outputs": ["2\n"]})
    (home / "0000" / "metadata.json").write_text("{")

    with pytest.raises(UserError, match=r"0000/metadata.json: is not JSON"):
        apps_plus.problems(home)["0000"]


def test_other_folders_are_refused(tmp_path):
    """Where there is no problem, there is nothing to examine."""
    with pytest.raises(UserError, match="holds no problems"):
        apps_plus.problems(tmp_path)


def test_a_file_must_be_named():
    """Nothing is fetched."""
    with pytest.raises(UserError, match="needs --data"):
        apps_plus.problems(None)


class Labelled(NamedTuple):
    """A problem's id and difficulty."""

    task_id: str
    difficulty: str


HEADS = [Labelled(str(number), level) for number, level in enumerate([*PAPER, "", "other"] * 1200)]


def test_the_papers_set_has_its_sizes():
    """1000, 1000 and 572, in the file's order, whatever else there is."""
    chosen = paper(HEADS)
    levels = Counter(head.difficulty for head in HEADS if head.task_id in set(chosen))

    assert levels == {"introductory": 1000, "interview": 1000, "competition": 572}
    assert list(chosen) == sorted(chosen, key=int)


def test_the_papers_set_does_not_move():
    """The ids decide, and the seed; not the order of the file."""
    assert set(paper(reversed(HEADS))) == set(paper(HEADS))
    assert paper(HEADS)[:8] == ("0", "1", "2", "5", "6", "10", "11", "12")


def test_the_papers_set_needs_as_many_problems_as_the_paper_has():
    """One competition problem too few is no set of the paper's."""
    competition = [head for head in HEADS if head.difficulty == "competition"]
    few = [head for head in HEADS if head not in competition] + competition[:571]

    with pytest.raises(UserError, match=r"is 1000 introductory \+ .* and there are only 571 competition ones here"):
        paper(few)


@needs_data
@pytest.mark.parametrize(
    ("name", "left_out", "kinds"),
    [
        (
            "apps_sample",
            ["apps-train-1613"],
            {
                ("StdioTest", "values"): 194,
                ("StdioTest", "values any_case"): 4,
                ("StdioTest", "numbers 0.0001"): 2,
                ("StdioTest", "numbers 1e-06"): 4,
                ("CallTest", "json_close"): 93,
            },
        ),
        ("apps_rewritten_call", [], {("CallTest", "json_close"): 545, ("CallTest", "json_close 1e-07"): 1}),
    ],
)
def test_the_real_files(name, left_out, kinds):
    """Every problem has tests of its kind, with what its statement grants; one has no arguments to tell apart."""
    opened = apps_plus.problems(DATA / f"{name}.jsonl.gz")

    assert list(opened.left_out) == left_out
    assert (
        Counter((type(test).__name__, test.checker) for problem in opened.values() for test in problem.tests[:1])
        == kinds
    )
