"""MBPP+: inputs as EvalPlus reads them, answers by the references, comparisons by task."""

import json
from pathlib import Path

import pytest

from harness.benchmarks import mbpp_plus as module
from harness.benchmarks.mbpp_plus import Answers, EvalPlusRow, arguments_of, mbpp_plus
from harness.errors import UserError
from harness.runs.json_objects import read_objects
from sandbox.records import CallTest, Refused

DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs the real files in ../shared/data")

ROW = {
    "task_id": "Mbpp/3", "prompt": '"""Halve."""\n', "entry_point": "f",
    "canonical_solution": "def f(x): return x / 2\n", "base_input": [[1]], "plus_input": [[2], ["a"]], "atol": 0,
}  # fmt: skip


WITH_TOLERANCE = {82}


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Return a function that loads problems from rows, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def load(*rows):
        path = tmp_path / "data.jsonl"
        path.write_text("\n".join(map(json.dumps, rows)))
        return mbpp_plus.problems(path)

    return load


@pytest.fixture
def compared(load):
    """Return a function that loads one task and returns what is expected of its first call, and how it is compared."""

    def compared(number, program, *given):
        atol = 0.0001 if number in WITH_TOLERANCE else 0
        row = ROW | {"task_id": f"Mbpp/{number}", "canonical_solution": program, "base_input": [given], "atol": atol}
        test = load(row)[f"Mbpp/{number}"].tests[0]
        return test.expected, test.checker

    return compared


def test_answers_are_what_the_reference_returns(load):
    """For the base inputs and the others; an input that it fails on is no test."""
    problem = load(ROW)["Mbpp/3"]

    assert (problem.benchmark, problem.split, problem.entry_point, problem.statement) == (
        "mbpp-plus",
        "test",
        "f",
        ROW["prompt"],
    )
    assert problem.reference == '"""Halve."""\ndef f(x): return x / 2\n'
    assert problem.tests == tuple(
        CallTest(function="f", arguments=(given,), expected=expected, checker="close_1e_6")
        for given, expected in ((1, 0.5), (2, 1.0))
    )


def test_references_run_once(load, monkeypatch):
    """The second time, what they returned comes from the cache; other questions are asked anew."""
    first = load(ROW)

    def run(*_):
        raise AssertionError("references run")

    monkeypatch.setattr(module, "judge_all", run)

    assert load(ROW) == first
    with pytest.raises(AssertionError, match="references run"):
        load(ROW | {"plus_input": [[3]]})


def test_a_host_without_a_jail_is_the_users_to_mend(load, monkeypatch):
    """References are not run outside one."""

    def refuse(*_):
        raise Refused("this host can't hold an untrusted program")

    monkeypatch.setattr(module, "judge_all", refuse)

    with pytest.raises(UserError, match="not known yet, and this host can't"):
        load(ROW)


@pytest.mark.parametrize(
    ("call", "expected", "checker"),
    [
        ((3, "def f(x): return x", 7), 7, "close_1e_6"),
        ((82, "def f(x): return x", 0.5), 0.5, "close_1e_4"),
        ((7, "def f(x): return x", [3, 1]), [3, 1], "same_set"),
        ((737, "import re\ndef f(x): return re.match('a', x)", "abc"), True, "same_noneness"),
        ((737, "import re\ndef f(x): return re.match('a', x)", "bc"), False, "same_noneness"),
        ((164, "def f(x, y): return True", 1, 2), [True, False, True], "any_of"),
        ((295, "def f(x): return 1.0", 7), [1.0, 0], "any_of"),
        # |9 - 1| digit by digit from the left; 95 and 01 aligned at the right: |9 - 0| + |5 - 1| = 13
        ((558, "def f(x, y): return 8", 95, 1), [8, 13], "any_of"),
        # 3 x 3 + 2 x 3 x sqrt(1.5 x 1.5 + 4 x 4) = 9 + 25.63
        ((581, "def f(x, y): return 33", 3, 4), [33, 35], "any_of"),
    ],
)
def test_comparisons_by_task(compared, call, expected, checker):
    """Those of EvalPlus: tolerance, sets, mere existence, and second readings of a statement."""
    assert compared(*call) == (expected, checker)


@pytest.mark.parametrize(
    ("number", "given", "arguments"),
    [
        (3, [[1, [2]], "a"], ([1, [2]], "a")),
        (2, [[1, [2]], [3]], ((1, [2]), (3,))),
        (63, [[[1, 2], [3]]], ([(1, 2), (3,)],)),
        (259, [[[1, 2]], [[3]]], (((1, 2),), ((3,),))),
        (278, [[1, [2, [3]]]], ((1, (2, [3])),)),
        (580, [[1, [2, [3, [4]]]]], ((1, (2, (3, (4,)))),)),
        (250, [[1, 2], [3]], ((1, 2), [3])),
        (75, [[[1, 2]], [[3]]], ([(1, 2)], [[3]])),
        (106, [[1], [2]], ([1], (2,))),
        (115, [[[1, 1, 2], [], {"a": 1}]], ([{1, 2}, {}, {}],)),
        (124, ["2", "1j"], (2.0, 1j)),
        (252, ["(1+2j)"], (1 + 2j,)),
        (722, [{"a": [1, 2]}, 3], ({"a": (1, 2)}, 3)),
    ],
)
def test_inputs_are_what_they_were_before_json(number, given, arguments):
    """Tuples, sets and complex numbers, task by task, worked out by hand."""
    assert arguments_of(number, given) == arguments
    assert [type(argument) for argument in arguments_of(number, given)] == [type(argument) for argument in arguments]


def test_limits_follow_the_reference(load, monkeypatch):
    """Four times what its slowest call took, wall time in the usual proportion; 4 s and 10 s at least."""
    answers = Answers(task_id="Mbpp/3", texts=("0.5", "1.0", None), cpu_s=3.0)
    monkeypatch.setattr(module, "_learned", lambda _: [answers])

    limits = load(ROW)["Mbpp/3"].limits

    assert (limits.cpu_s, limits.wall_s) == (12.0, 30.0)


@pytest.mark.parametrize("alias", [2, "2", "Mbpp/2", "MBPP/2"])
def test_every_way_to_write_an_id(alias):
    """All of them are task 2."""
    assert mbpp_plus.canonical_id(alias) == "Mbpp/2"


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([ROW, ROW], "data.jsonl:2: task 'Mbpp/3' occurs twice"),
        ([ROW | {"task_id": "x"}], "data.jsonl:1: task 'x' .* is not a task of MBPP"),
        ([ROW | {"atol": "a"}], "data.jsonl:1: Expected `float`"),
        ([{"task_id": "Mbpp/3"}], "data.jsonl:1: Object missing required field"),
        ([], "is empty"),
    ],
)
def test_other_files_are_refused(load, rows, problem):
    """With file and line, before any reference runs."""
    with pytest.raises(UserError, match=problem):
        load(*rows)


def test_a_file_must_be_named():
    """Nothing is fetched."""
    with pytest.raises(UserError, match="needs --data"):
        mbpp_plus.problems(None)


@needs_data
def test_the_real_file():
    """399 problems with 43,318 inputs, all of which become arguments again."""
    rows = [row for _, row in read_objects(DATA / "mbpp_plus.jsonl.gz", EvalPlusRow)]

    assert (len(rows), sum(len(row.calls) for row in rows)) == (399, 43_318)
