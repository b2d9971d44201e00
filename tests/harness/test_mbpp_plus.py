"""MBPP+: inputs as EvalPlus reads them, comparisons by task."""

import json
from pathlib import Path

import pytest

from harness.benchmarks.evalplus_rows import numbered_rows, task_of
from harness.benchmarks.mbpp_plus import arguments_of, mbpp_plus
from harness.errors import UserError

DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs the real files in ../shared/data")

ROW = {"task_id": "Mbpp/3", "prompt": "", "entry_point": "f", "base_input": [], "plus_input": [], "atol": 0}
WITH_TOLERANCE = {82}


@pytest.fixture
def compared(tmp_path, monkeypatch):
    """Return a function that loads one task and returns what is expected of its first call, and how it is compared."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def compared(number, program, *given):
        atol = 0.0001 if number in WITH_TOLERANCE else 0
        row = ROW | {"task_id": f"Mbpp/{number}", "canonical_solution": program, "base_input": [given], "atol": atol}
        path = tmp_path / "data.jsonl"
        path.write_text(json.dumps(row))
        test = mbpp_plus.problems(path)[f"Mbpp/{number}"].tests[0]
        return test.expected, test.checker

    return compared


@pytest.mark.slow
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


@pytest.mark.slow
def test_an_input_that_a_second_reading_cannot_take_is_the_files_fault(compared):
    """Task 558 is about the digits of numbers."""
    with pytest.raises(UserError, match=r"data.jsonl:1: an input doesn't fit the task \(invalid literal"):
        compared(558, "def f(x, y): return 8", "a", "b")


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


@pytest.mark.parametrize("alias", [2, "2", "Mbpp/2", "MBPP/2"])
def test_every_way_to_write_an_id(alias):
    """All of them are task 2."""
    assert mbpp_plus.canonical_id(alias) == "Mbpp/2"


@pytest.mark.slow
@needs_data
def test_the_real_file():
    """399 problems of v0.1.0 with 43,318 inputs, all of which become arguments again."""
    path = DATA / "mbpp_plus.jsonl.gz"
    tasks = [task_of(row.row, row.where, row.number, arguments_of) for row in numbered_rows(path, "Mbpp")]

    assert (len(tasks), sum(len(task.calls) for task in tasks)) == (399, 43_318)
    assert mbpp_plus.problems(path).data_version == "v0.1.0"
