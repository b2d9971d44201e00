"""The benchmark that ships with proctor."""

from collections import Counter
from pathlib import Path

import pytest

from harness.benchmarks.mini import DIFFICULTIES, HOME, known_samples, mini
from harness.errors import UserError
from sandbox.records import AssertTest, CallTest, StdioTest, Verdict

ASSERT = """
kind = "assert"
statement = "f"
names = ["f"]
setup = "import math"
tests = ["assert f() == math.pi"]
reference = "r"
programs = [{verdict = "wrong_answer", why = "w", code = "c"}]
"""
CALL = """
kind = "call"
statement = "f"
function = "f"
starter_code = "def f"
cases = [{arguments = "[(1, 2), {3}]", expected = "{1: 'a'}"}]
reference = "r"
programs = []
"""
STDIO = """
kind = "stdio"
statement = "f"
cases = [{stdin = "1", stdout = "2"}]
reference = "r"
programs = []
"""


@pytest.fixture
def load(tmp_path):
    """Return a function that loads one problem from a text."""

    def load_text(text):
        path = tmp_path / "interview" / "a.toml"
        path.parent.mkdir()
        path.write_text(text)
        return mini.problems(tmp_path)

    return load_text


@pytest.mark.parametrize(
    ("text", "test"),
    [
        (ASSERT, AssertTest(code="assert f() == math.pi", setup="import math", names=("f",))),
        (CALL, CallTest(function="f", arguments=((1, 2), {3}), expected={1: "a"})),
        (STDIO, StdioTest(stdin="1", expected_stdout="2")),
    ],
)
def test_each_kind(load, text, test):
    """A file is a problem, its folder the difficulty, its literals are Python values."""
    (problem,) = load(text).values()

    assert problem.tests == (test,)
    assert (problem.task_id, problem.difficulty, problem.reference) == ("interview/a", "interview", "r")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ASSERT.replace("wrong_answer", "wrong"), "wrong"),
        (CALL.replace("{1: 'a'}", "{1: open('a')}"), "not a Python literal"),
        (CALL.replace("{1: 'a'}", "{1:"), "not a Python literal"),
        (STDIO.replace("stdout", "output"), "output"),
        (STDIO.replace('"stdio"', '"other"'), "other"),
        ("kind", "correct it"),
    ],
)
def test_a_bad_file_is_named(load, text, problem):
    """One line says which file and what is wrong."""
    with pytest.raises(UserError, match=rf"interview/a\.toml: .*{problem}"):
        tuple(load(text).values())


def test_a_folder_without_problems_is_named(tmp_path):
    """--data must name a folder of this layout."""
    with pytest.raises(UserError, match=r"holds no introductory/\*\.toml"):
        mini.problems(tmp_path)


def test_what_ships():
    """At least 40 problems of every kind and difficulty, all read from our own folder."""
    shipped = mini.problems(None)

    assert len(shipped) >= 40
    assert {problem.difficulty for problem in shipped.values()} == set(DIFFICULTIES)
    assert {type(problem.tests[0]) for problem in shipped.values()} == {AssertTest, CallTest, StdioTest}
    assert len(shipped) == len(list(Path(HOME).rglob("*.toml")))


def test_every_problem_has_a_reference_and_failing_programs():
    """Each has an accepted reference and at least two programs that must fail."""
    known = tuple(known_samples())
    failing = Counter(sample.task_id for sample, verdict, _ in known if verdict != Verdict.ACCEPTED)
    references = [sample.task_id for sample, _, _ in known if sample.policy == "references"]

    assert references == list(mini.problems(None)) == [problem.task_id for problem in mini.problems(None).values()]
    assert min(failing[task_id] for task_id in references) >= 2


def test_known_samples_are_told_apart():
    """No two have the same key."""
    keys = [sample.key for sample, _, _ in known_samples()]

    assert len(keys) == len(set(keys))
