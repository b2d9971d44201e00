"""Tests that can't be run are found before anything is judged, and no sound test is taken for one of them."""

import json
import time
from pathlib import Path

import pytest

from harness.benchmarks.flaws import flaw_of, refuse_flawed
from harness.benchmarks.humaneval import humaneval
from harness.benchmarks.mbpp import mbpp
from harness.benchmarks.problem_info import problem_infos
from harness.cli.main import run
from harness.errors import UserError
from harness.runs.records import Problem
from sandbox.records import AssertTest, CallTest, StdioTest

DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs the real files in ../shared/data")


def problem(*tests, task_id="7", reference=""):
    """Return a problem with these tests."""
    return Problem(task_id=task_id, benchmark="toy", split="test", statement="", tests=tests, reference=reference)


def asking(code, setup=""):
    """Return a test that wants the program's `f`."""
    return AssertTest(code=code, setup=setup, names=("f",))


@pytest.mark.parametrize(
    ("setup", "code", "words"),
    [
        ("", "assert f(1) ==", "doesn't compile under Python"),
        ("x = (", "assert f(1) == 1", "'(' was never closed (set-up, line 1)"),
        ("", "assert f(1) == 1\nreturn", "'return' outside function (test, line 2)"),
        ("", "assert f('\0') == 1", "null bytes"),
        ("", "assert f('\ud800') == 1", "doesn't compile under Python"),
        ("", "assert np.allclose(f(1), 1)", "uses 'np', which it doesn't define"),
        ("two = f(one)", "assert f(two) == 2", "uses 'one', which it doesn't define"),
        ("", "def check(g):\n    assert [g(x) == one for x in (1,)]\ncheck(f)", "uses 'one', which it doesn't define"),
        ("", "def check(g): global one; assert g(1) == one\ncheck(f)", "uses 'one', which it doesn't define"),
        ("", "assert f.one == one", "uses 'one', which it doesn't define"),
    ],
)
def test_a_test_that_cannot_run_is_found(setup, code, words):
    """Its number, and what is wrong with it."""
    flaw = flaw_of(problem(asking("assert f(1) == 1"), asking(code, setup)))

    assert (flaw.startswith("test 2 "), words in flaw) == (True, True), flaw


@pytest.mark.parametrize(
    ("setup", "code"),
    [
        ("import numpy as np", "assert np.allclose(f(1), 1)"),
        ("import nosuch", "assert f(1) == nosuch.one"),  # the examined interpreter may have it
        ("from math import *", "assert f(1) == floor(1.5)"),
        ("from __future__ import annotations", "def check(g: Callable) -> None: assert g(1) == 1\ncheck(f)"),
        ("", "assert (x := f(1)) == 1 and x"),
        ("", "for x in f(1): last = x\nassert last == 1"),
        ("", "def check(g): global one; one = g(1)\ncheck(f)\nassert one == 1"),
        ("", "class C:\n    n = 1\n    def m(self): return __class__.n\nassert f(C().m()) == 1"),
        ("", "try: text = unicode\nexcept NameError: text = str\nassert f(text(1))"),
        ("", "import contextlib\nwith contextlib.suppress(NameError): unicode\nassert f(1)"),
        ("exec('one = 1')", "assert f(1) == one"),
        ("globals()['one'] = 1", "assert f(1) == one"),
        ("", "match f(1):\n    case {'a': one, **rest}: assert one and rest\n    case [*others]: assert others"),
        ("", "assert (f(1), 'always true')"),
        ("", "assert __name__ and f(1)"),
        ("", "assert f(1) == " + "+".join(["1"] * 5000)),
    ],
)
def test_a_test_that_may_run_is_left_alone(setup, code, recwarn):
    """Where a name may come from elsewhere, or may be missed without harm, nothing is claimed, nor warned of."""
    assert flaw_of(problem(asking(code, setup))) == ""
    assert not recwarn.list


def test_what_the_reference_lacks_is_said():
    """It would be the usual source of the name; of one that is no Python nothing is known."""
    test = AssertTest(code="assert add(1, 2) == 3")

    assert flaw_of(problem(test, reference="def plus(a, b): return a + b")).endswith(
        "uses 'add', which it doesn't define, and the reference defines no 'add'"
    )
    for reference in ("", "def", "from operator import add"):
        assert flaw_of(problem(test, reference=reference)).endswith("uses 'add', which it doesn't define")


def test_a_problem_without_tests_has_a_flaw():
    """Nothing would be judged by it; calls and standard input have no text to look at."""
    assert flaw_of(problem()) == "it has no tests"
    assert flaw_of(problem(CallTest(function="f", arguments=(), expected=1))) == ""
    assert flaw_of(problem(StdioTest(stdin="", expected_stdout=""))) == ""


def test_only_problems_that_are_judged_are_refused():
    """The first by its name, the others by their number."""
    sound, broken = asking("assert f(1) == 1"), asking("assert f(1) == one")
    problems = {
        task_id: problem(test, task_id=task_id) for task_id, test in zip("abc", (sound, broken, broken), strict=True)
    }
    infos = problem_infos(problems, problems)

    refuse_flawed(problems, {"a": infos["a"]})
    with pytest.raises(UserError) as refused:
        refuse_flawed(problems, infos)

    assert str(refused.value) == (
        "benchmark toy: task b can't be judged: test 1 uses 'one', which it doesn't define; correct or remove it "
        "(and 1 more, which `proctor audit` lists)"
    )


def test_score_refuses_before_it_judges(tmp_path, capsys):
    """Exit code 2, one line, and no folder; the problem beside it can be judged."""
    rows = [
        {"task_id": 11, "text": "t", "code": "def f(x): return x", "test_list": ["assert f(1) == 1"]},
        {"task_id": 12, "text": "u", "code": "def f(x): return x", "test_list": ["assert f(1) == one"]},
    ]
    (tmp_path / "mbpp.jsonl").write_text("\n".join(map(json.dumps, rows)))
    options = ["--benchmark", "mbpp", "--data", str(tmp_path / "mbpp.jsonl"), "--out", str(tmp_path / "run")]

    for task_id, code in ((12, 2), (11, 0)):
        (tmp_path / "samples.jsonl").write_text(json.dumps({"task_id": task_id, "completion": "def f(x): return x"}))
        assert run(["score", str(tmp_path / "samples.jsonl"), *options]) == code
        assert (tmp_path / "run").exists() == (code == 0)
        if code:
            assert capsys.readouterr().err == (
                "proctor: benchmark mbpp: task 12 can't be judged: test 1 uses 'one', which it doesn't define, and the "
                "reference defines no 'one'; correct or remove it\n"
            )


@pytest.mark.parametrize("command", ["generate", "run"])
def test_nothing_is_drawn_for_a_problem_that_cannot_be_judged(proctor, capsys, command):
    """Exit code 2 before the model is asked."""
    with Path("toy.py").open("a") as file:
        file.write(
            "flawed = benchmark(Problem(\n"
            "    task_id='1', benchmark='toy', split='test', statement='', tests=(AssertTest(code='assert g()'),)))\n"
        )

    assert proctor(command, benchmark="toy.py:flawed") == 2

    assert "task 1 can't be judged: test 1 uses 'g'" in capsys.readouterr().err
    assert not Path("run").exists()


@pytest.mark.slow
@needs_data
@pytest.mark.parametrize(
    ("benchmark", "name"), [(mbpp, "mbpp.jsonl"), (mbpp, "sanitized-mbpp.json"), (humaneval, "HumanEval.jsonl.gz")]
)
def test_no_published_problem_has_a_flaw(benchmark, name):
    """And the look at all of them takes no time to speak of: 0.2 s of CPU for 974 problems."""
    problems = benchmark.problems(DATA / name)
    before_s = time.process_time()

    assert {task_id: flaw for task_id in problems if (flaw := flaw_of(problems[task_id]))} == {}
    assert time.process_time() - before_s < 3
