"""Checkers that a user names for some problems."""

import json

import msgspec
import pytest

from harness.benchmarks.apps import apps_plus
from harness.benchmarks.checker_overrides import OverriddenProblems, read_checkers
from harness.cli.main import run
from harness.errors import UserError
from harness.runs.records import Result
from sandbox.records import AssertTest, OwnChecker

ANY = """\
def sums_up(expected, actual):
    parts = actual.split()
    return len(parts) == 2 and sum(map(int, parts)) == int(expected)
"""
ROWS = [
    {"problem_id": "sum", "prompt": "Print any two numbers that sum up to 4.", "inputs": ["4\n"], "outputs": ["4\n"]},
    {"problem_id": "list", "prompt": "Print 1 and 2.", "inputs": ["\n"], "outputs": ["1\n2\n"]},
    {"problem_id": "call", "prompt": "Return it.", "fn_name": "f", "inputs": [[1]], "outputs": [[1, 2]]},
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder, the current one, with problems and a checker of a user's own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "own.py").write_text(ANY)
    return tmp_path


@pytest.fixture
def read(folder):
    """Return a function that reads a file of checkers."""

    def read_named(named, problems=None):
        path = folder / "mine" / "checkers.json"
        path.write_text(json.dumps(named))
        problems = problems or apps_plus.problems(folder / "data.jsonl")
        return problems, read_checkers(path, problems)

    return read_named


def test_named_problems_get_other_checkers(read):
    """The others keep the very tests that they have, and a named one has the same as long as they are in use."""
    problems, named = read({"sum": "own.py:sums_up", "call": "json_any_order"})
    overridden = OverriddenProblems(problems, named)

    assert [test.checker for test in overridden["sum"].tests] == [OwnChecker(name="sums_up", source=ANY)]
    assert [test.checker for test in overridden["call"].tests] == ["json_any_order"]
    assert overridden["list"].tests is problems["list"].tests
    assert overridden["sum"].tests is overridden["sum"].tests
    assert list(overridden) == ["sum", "list", "call"]


def test_a_checker_in_a_file_is_not_executed_outside_the_jail(read, folder):
    """Its text goes there as it is."""
    (folder / "mine" / "own.py").write_text(f"raise SystemExit('executed')\n{ANY}")

    _, named = read({"sum": "own.py:sums_up"})
    assert named["sum"].source.startswith("raise SystemExit")


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ({"gone": "lines"}, "names task 'gone', which is not among the problems"),
        ({"sum": "any"}, "task 'sum': there is no checker 'any'."),
        ({"sum": "json_close"}, "Choose from exact, lines, tokens, values, numbers, any_order, any_word_order"),
        ({"call": "lines"}, "task 'call': there is no checker for tests of calls 'lines'. Choose from equal,"),
        ({"sum": "gone.py:f"}, "gone.py: can't be read"),
        ({"sum": "own.py:other"}, "own.py: defines no function 'other' at its top level"),
        ({"sum": 3}, "Expected `str`, got `int`"),
        (["sum"], "Expected `object`, got `array`"),
    ],
)
def test_a_file_that_can_not_be_meant_is_refused(read, named, problem):
    """With what is wrong."""
    with pytest.raises(UserError) as refused:
        read(named)
    assert problem in str(refused.value)


def test_a_test_that_compares_by_itself_has_no_checker(read, make_problem):
    """As those of MBPP do."""
    problem = msgspec.structs.replace(make_problem("a"), tests=(AssertTest(code="assert f() == 1", names=("f",)),))

    with pytest.raises(UserError, match="task 'a': its tests compare by themselves"):
        read({"a": "lines"}, {"a": problem})


@pytest.mark.slow
def test_score_judges_by_the_checkers_that_are_named(folder, capsys):
    """The hash of their file is in the result, which is another than without them."""
    samples = [
        {"task_id": "sum", "completion": "print(1, 3)"}, {"task_id": "sum", "completion": "print(2, 3)"},
        {"task_id": "list", "completion": "print(2)\nprint(1)"},
        {"task_id": "call", "completion": "def f(a): return [2, 1]"},
    ]  # fmt: skip
    (folder / "m.jsonl").write_text("".join(f"{json.dumps(sample)}\n" for sample in samples))
    named = {"sum": "own.py:sums_up", "list": "any_order", "call": "json_any_order"}
    (folder / "mine" / "checkers.json").write_text(json.dumps(named))
    score = ["score", "m.jsonl", "--benchmark", "apps-plus", "--data", "data.jsonl", "--workers", "1"]

    assert run([*score, "--checkers", "mine/checkers.json", "--out", "named"]) == 0
    assert run([*score, "--out", "plain"]) == 0
    results = [
        msgspec.json.decode((folder / out / "result.json").read_bytes(), type=list[Result])[0]
        for out in ("named", "plain")
    ]

    assert [[tally.c for tally in result.tallies] for result in results] == [[1, 1, 1], [0, 0, 0]]
    assert [len(result.conditions.checkers_sha256) for result in results] == [64, 0]
    assert results[0].conditions.problems_sha256 != results[1].conditions.problems_sha256
    assert run([*score, "--out", "named"]) == 2  # another run
    assert run(["explain", "named", "sum", "--index", "1"]) == 0  # by the checkers that the run names
    assert "sum" in capsys.readouterr().out


@pytest.mark.slow
def test_audit_lists_problems_with_several_right_answers(folder, capsys):
    """By what the statement says, or because another reference is judged wrong; with the checker that they have."""
    rows = [
        *ROWS,
        {
            **ROWS[1],
            "problem_id": "two",
            "solutions": ["print(1)\nprint(2)", "print(2)\nprint(1)", "print(1)\nprint(2)"],
        },
    ]
    (folder / "data.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    audit = ["audit", "--benchmark", "apps-plus", "--data", "data.jsonl", "--workers", "1", "--repeat", "1", "--json"]

    assert run(audit) == 0
    assert json.loads(capsys.readouterr().out)["several_answers"] == [
        {"task_id": "sum", "granted": ["any answer"], "disagreeing": 0, "checker": "values"},
        {"task_id": "two", "granted": [], "disagreeing": 1, "checker": "values"},
    ]
