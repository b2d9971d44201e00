"""MBPP: both files, told apart by what they hold."""

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from harness.benchmarks.flaws import flaw_of
from harness.benchmarks.mbpp import mbpp
from harness.errors import UserError
from sandbox.records import AssertTest, Limits

DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs the real files in ../shared/data")

FULL = {
    "text": "Write f.",
    "code": "import sys\r\nclass Node:\r\n  pass\r\ndef f(n):\r\n  return n",
    "task_id": 11,
    "test_setup_code": "root = Node()",
    "test_list": ["assert f(root) is root", "assert f(1) == 1"],
    "challenge_test_list": ["assert f(2) == 3"],
}
SANITIZED = {
    "source_file": "x.ipynb",
    "task_id": 601,
    "prompt": "Write g.",
    "code": "def h(): pass\nR = 3\ndef g(n):\n  return n",
    "test_imports": ["import math"],
    "test_list": ["assert math.isclose(g(R), 3)"],
}


@pytest.fixture
def load(tmp_path):
    """Return a function that loads problems from a text."""

    def load_text(text):
        path = tmp_path / "data"
        path.write_text(text)
        return tuple(mbpp.problems(path).values())

    return load_text


def test_the_full_file(load):
    """Line ends are Unix ones, setup runs before each test, the challenge tests are left out."""
    (problem,) = load(json.dumps(FULL))

    assert (problem.task_id, problem.benchmark, problem.split) == ("11", "mbpp", "test")
    assert problem.statement == "Write f."
    assert problem.reference == "import sys\nclass Node:\n  pass\ndef f(n):\n  return n"
    assert problem.tests == (
        AssertTest(code="assert f(root) is root", setup="root = Node()", names=("Node", "f")),
        AssertTest(code="assert f(1) == 1", setup="root = Node()", names=("Node", "f")),
    )


def test_the_sanitized_file(load):
    """Its imports are the setup; a constant that the tests use comes from the program, a helper doesn't."""
    (problem,) = load(json.dumps([SANITIZED]))

    assert (problem.task_id, problem.benchmark, problem.split) == ("601", "mbpp-sanitized", "train")
    assert problem.tests == (AssertTest(code="assert math.isclose(g(R), 3)", setup="import math", names=("R", "g")),)


def test_a_module_that_only_the_reference_imports(load):
    """Problem 596 measures with sys.getsizeof, and a program need not import sys for that."""
    (problem,) = load(json.dumps(FULL | {"test_setup_code": "", "test_list": ["assert f(1) == sys.maxsize"]}))

    assert problem.tests == (AssertTest(code="assert f(1) == sys.maxsize", setup="import sys", names=("f",)),)


@pytest.mark.parametrize(
    ("task_id", "split"),
    [
        (1, "prompts"),
        (10, "prompts"),
        (11, "test"),
        (510, "test"),
        (511, "validation"),
        (600, "validation"),
        (601, "train"),
        (974, "train"),
    ],
)
def test_splits_by_id(load, task_id, split):
    """The lines between the splits are those of the paper."""
    (problem,) = load(json.dumps(FULL | {"task_id": task_id}))

    assert problem.split == split


@pytest.mark.parametrize(("task_id", "cpu_s", "wall_s"), [(122, 4.0, 10.0), (123, 18.0, 45.0)])
def test_limits_follow_the_reference(load, task_id, cpu_s, wall_s):
    """The reference of 123 needs 4.5 s, so a program has four times that; wall time keeps the usual proportion."""
    (problem,) = load(json.dumps(FULL | {"task_id": task_id}))

    assert problem.limits == Limits(cpu_s=cpu_s, wall_s=wall_s)


@pytest.mark.parametrize("alias", [2, "2", "MBPP/2", "Mbpp/2", "mbpp/2"])
def test_every_way_to_write_an_id(alias):
    """All of them are task 2."""
    assert mbpp.canonical_id(alias) == "2"


def test_ids_of_other_benchmarks_stay_what_they_are():
    """`HumanEval/2` must not become task 2."""
    assert mbpp.canonical_id("HumanEval/2") == "HumanEval/2"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"task_id": 1, "code": "", "test_list": []}', r"data:1: has neither `text` nor `prompt`"),
        ('{"task_id": 1, "text": "t", "test_list": []}', r"data:1: Object missing required field `code`"),
        (json.dumps([SANITIZED | {"code": "def"}]), r"data: element 0: task 601: its code doesn't parse"),
        (json.dumps([SANITIZED, SANITIZED]), r"data: element 1: task '601' is already at .*data: element 0"),
        ("", "is empty"),
    ],
)
def test_other_files_are_refused(load, text, problem):
    """A file that is neither of the two is named, with the place."""
    with pytest.raises(UserError, match=problem):
        load(text)


def test_a_test_that_does_not_parse_keeps_no_other_problem_from_loading(load):
    """It is told of where its problem is to be judged."""
    broken = SANITIZED | {"task_id": 602, "test_list": ["assert f("]}

    assert [flaw_of(problem)[:22] for problem in load(json.dumps([SANITIZED, broken]))] == [
        "",
        "test 1 doesn't compile",
    ]


def test_only_problems_that_are_looked_up_are_parsed(tmp_path):
    """What is wrong with another one is no business of a command that doesn't name it."""
    path = tmp_path / "data"
    path.write_text(json.dumps([SANITIZED, SANITIZED | {"task_id": 602, "code": "def"}]))
    problems = mbpp.problems(path)

    assert (list(problems), problems["601"].tests is problems["601"].tests) == (["601", "602"], True)
    with pytest.raises(UserError, match=r"data: element 1: task 602: its code doesn't parse"):
        problems["602"]


def test_without_a_file_the_hub_is_asked(monkeypatch, tmp_path):
    """What was fetched once is read from the cache; there is nothing, and no library to fetch it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "datasets", None)

    with pytest.raises(UserError, match=r"google-research-datasets/mbpp is not in .*, or download .* with --data"):
        mbpp.problems(None)


@needs_data
@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("mbpp.jsonl", {"prompts": 10, "test": 500, "validation": 90, "train": 374}),
        ("sanitized-mbpp.json", {"prompts": 7, "test": 257, "validation": 43, "train": 120}),
    ],
)
def test_the_real_files(name, sizes):
    """The sizes of the splits are the published ones, and every test takes something from the program."""
    loaded = mbpp.problems(DATA / name).values()

    assert Counter(problem.split for problem in loaded) == sizes
    assert all(test.names for problem in loaded for test in problem.tests)
