"""HumanEval."""

import hashlib
import json
from pathlib import Path

import pytest

from harness.benchmarks.flaws import flaw_of
from harness.benchmarks.humaneval import REVISION, humaneval
from harness.errors import UserError
from sandbox.records import AssertTest

DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs the real files in ../shared/data")

ROW = {
    "task_id": "HumanEval/0",
    "prompt": 'import math\n\ndef f(x):\n    """Twice x."""\n',
    "entry_point": "f",
    "canonical_solution": "    return 2 * x\n",
    "test": "def check(candidate):\n    assert candidate(2) == 4\n",
}
WITH_HELPER = ROW | {
    "prompt": 'import math\n\ndef half(x):\n    return x // 2\n\ndef f(x):\n    """Twice x."""\n',
    "test": "def check(candidate):\n    assert half(candidate(2)) == f(1)\n",
}


@pytest.fixture
def load(tmp_path):
    """Return a function that loads problems from rows."""

    def load(*rows):
        path = tmp_path / "data.jsonl"
        path.write_text("\n".join(map(json.dumps, rows)))
        return humaneval.problems(path)

    return load


def test_a_problem(load):
    """The test's text is the test, and takes the entry point from the program; the reference completes the prompt."""
    problem = load(ROW)["HumanEval/0"]

    assert (problem.benchmark, problem.split, problem.entry_point) == ("humaneval", "test", "f")
    assert problem.starter_code == problem.statement == ROW["prompt"]
    assert problem.reference == 'import math\n\ndef f(x):\n    """Twice x."""\n    return 2 * x\n'
    assert problem.tests == (AssertTest(code=ROW["test"] + "\n\ncheck(f)\n", names=("f",)),)


def test_a_helper_that_the_test_calls_is_the_tests_own(load):
    """It comes from the prompt, with the prompt's imports, so that no program can bend it."""
    (test,) = load(WITH_HELPER)["HumanEval/0"].tests

    assert test.setup == "import math\n\ndef half(x):\n    return x // 2"
    assert test.names == ("f",)


@pytest.mark.parametrize("alias", ["HumanEval/7", "humaneval/7", "7", 7])
def test_every_way_to_write_an_id(alias):
    """All of them are task 7."""
    assert humaneval.canonical_id(alias) == "HumanEval/7"


def test_ids_of_other_benchmarks_stay_what_they_are():
    """`Mbpp/7` must not become a task of this one."""
    assert humaneval.canonical_id("Mbpp/7") == "Mbpp/7"


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([ROW, ROW], "data.jsonl:2: task 'HumanEval/0' is already at .*data.jsonl:1"),
        ([{"task_id": "1"}], "data.jsonl:1: Object missing required field"),
        ([ROW | {"prompt": "def"}], "data.jsonl:1: task 'HumanEval/0': its prompt doesn't parse"),
        ([], "data.jsonl: is empty"),
    ],
)
def test_other_files_are_refused(load, rows, problem):
    """With file and line."""
    with pytest.raises(UserError, match=problem):
        tuple(load(*rows).values())


def test_a_test_that_does_not_parse_keeps_no_other_problem_from_loading(load):
    """It is told of where its problem is to be judged."""
    broken = ROW | {"task_id": "HumanEval/1", "test": "def check(candidate)"}

    assert [flaw_of(problem)[:22] for problem in load(ROW, broken).values()] == ["", "test 1 doesn't compile"]


def test_without_a_file_the_hub_is_asked(monkeypatch, tmp_path, load):
    """The problems come from the cache folder, if they are there."""
    data = json.dumps(ROW).encode()
    name = f"openai--openai_humaneval-openai_humaneval-{REVISION}.{hashlib.sha256(data).hexdigest()}.jsonl"
    cached = tmp_path / "proctor" / name
    cached.parent.mkdir()
    cached.write_bytes(data)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert humaneval.problems(None) == load(ROW)


@needs_data
def test_the_real_file():
    """164 problems; three of them need a helper of their prompt."""
    loaded = humaneval.problems(DATA / "HumanEval.jsonl.gz")

    assert list(loaded) == [f"HumanEval/{number}" for number in range(164)]
    assert [task_id for task_id, problem in loaded.items() if problem.tests[0].setup] == [
        "HumanEval/32",
        "HumanEval/38",
        "HumanEval/50",
    ]
