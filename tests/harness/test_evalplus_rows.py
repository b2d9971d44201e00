"""Rows of EvalPlus in both forms, the versions of its data sets, and its files given as other benchmarks."""

import gzip
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.benchmarks.evalplus_rows import numbered_rows, refuse_evalplus, task_of, version_of
from harness.benchmarks.humaneval import humaneval
from harness.benchmarks.mbpp import mbpp
from harness.errors import UserError

NATIVE = {
    "task_id": "HumanEval/0", "prompt": "def f(x):\n", "entry_point": "f", "canonical_solution": "    return x\n",
    "base_input": [[1]], "plus_input": [[2.5], ["a"]], "atol": 0,
}  # fmt: skip
HUMANEVAL = {
    "task_id": "HumanEval/0", "prompt": "def f(x):\n", "entry_point": "f", "canonical_solution": "    return x\n",
    "test": "def check(candidate):\n    assert candidate(2) == 2\n",
}  # fmt: skip
MBPP = {"task_id": 2, "text": "Return it.", "code": "def f(x): return x", "test_list": ["assert f(1) == 1"]}


def text_of(inputs, results=None):
    """Return a test as the hub has it; without results, the reference computes them."""
    answers = "" if results is None else f"    results = {results!r}\n"
    loop = "i, inp in enumerate(inputs)" if results is None else "i, (inp, exp) in enumerate(zip(inputs, results))"
    expected = "ref_func(*inp)" if results is None else "exp"
    body = f"    inputs = {inputs!r}\n{answers}    for {loop}:\n        assertion(candidate(*inp), {expected}, 0)\n"
    return "import numpy as np\n\ndef check(candidate):\n" + body


HUB = HUMANEVAL | {"test": text_of([[1], [2.5], ["a"]], [1, 2.5, "a"])}
HUB_OF_MBPP = {
    "task_id": 2, "prompt": "Return it.", "code": "\ndef f(x):\n  return x\n", "test_list": ["assert f(1) == 1", "x"],
    "test": "inputs = [[1], [(2, 3)]]\nresults = [1, (2, 3)]\nfor i, (inp, exp) in enumerate(zip(inputs, results)):\n"
            "    assertion(f(*inp), exp, 0.0001)\n",
}  # fmt: skip


@pytest.fixture
def file_of(tmp_path):
    """Return a function that writes rows to a file."""

    def write(*rows, name="data.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return write


def task(row, number=0):
    """Return the task of a row, whose inputs are the arguments."""
    return task_of(json.dumps(row).encode(), "here:1", number, lambda _, given: tuple(given))


def test_both_forms_hold_the_same_task():
    """The hub's states the answers."""
    native, hub = task(NATIVE), task(HUB)

    assert native.calls == hub.calls == ((1,), (2.5,), ("a",))
    assert native.reference == hub.reference == "def f(x):\n    return x\n"
    assert (native.entry_point, native.statement, native.atol) == (hub.entry_point, hub.statement, hub.atol)
    assert (native.stated, hub.stated) == (None, (1, 2.5, "a"))


def test_the_hubs_form_of_mbpp_names_its_function_in_the_test():
    """The statement is that of the native form, a docstring with the first example."""
    of_mbpp = task(HUB_OF_MBPP, 2)

    assert (of_mbpp.entry_point, of_mbpp.calls, of_mbpp.atol) == ("f", ((1,), ((2, 3),)), 0.0001)
    assert of_mbpp.statement == '"""\nReturn it.\nassert f(1) == 1\n"""\n'
    assert of_mbpp.reference == of_mbpp.statement + HUB_OF_MBPP["code"]


@pytest.mark.parametrize("results", [None, "not a list", [1]])
def test_answers_that_a_test_does_not_state_are_left_to_the_reference(results):
    """It computes them, or they are not a list of as many."""
    assert task(HUB | {"test": text_of([[1], [2]], results)}).stated is None


def test_a_root_is_compared_by_the_polynomial():
    """The call of the program is told from that of the comparison."""
    text = (
        "def check(candidate):\n    inputs = [[[1, 2]]]\n    results = [-0.5]\n"
        "    for i, (inp, exp) in enumerate(zip(inputs, results)):\n"
        "        assert _poly(*candidate(*inp), inp) <= 0.0001\n"
    )

    found = task(HUB | {"test": text}, 32)

    assert (found.calls, found.atol) == ((([1, 2],),), 0.0001)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just(1 + 2j),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=8,
)  # fmt: skip


@given(st.lists(st.lists(VALUES, max_size=3), min_size=1, max_size=4), st.data())
def test_every_literal_is_read_as_python_reads_it(inputs, data):
    """Tuples, infinities and text with the names of numbers among them."""
    results = data.draw(st.lists(VALUES, min_size=len(inputs), max_size=len(inputs)))

    found = task(HUB | {"test": text_of(inputs, results)})

    assert repr(found.calls) == repr(tuple(map(tuple, inputs)))
    assert repr(found.stated) == repr(tuple(results))


@pytest.mark.parametrize(
    "text",
    [
        "inputs = [[__import__('os').getpid()]]\nfor inp in inputs:\n    assertion(f(*inp), 1, 0)",
        "inputs = [[1]]\nfor inp in inputs:\n    pass",
        "inputs = [1]\nfor inp in inputs:\n    assertion(f(*inp), 1, 0)",
        "inputs = [[1]\nassertion(f(*inp), 1, 0)",
        "inputs = [" + "[" * 100_000 + "]\nf(*inp)",
        "inputs = [[1]]\0\nf(*inp)",
        "",
    ],
)
def test_a_test_is_never_executed(text):
    """What is not a literal is refused, with its place, and so is what can't be parsed."""
    with pytest.raises(UserError, match=r"^here:1: no inputs can be read from its test"):
        task(HUB | {"test": text})


def test_a_test_that_is_too_long_to_parse_is_refused():
    """Parsing takes some hundred bytes a character."""
    with pytest.raises(UserError, match="it has 17000000 characters"):
        task(HUB | {"test": "#" * 17_000_000})


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (NATIVE | {"atol": "a"}, "Expected `float`"),
        ({"task_id": "HumanEval/0", "base_input": []}, "missing required field"),
        (NATIVE | {"base_input": [1]}, "Expected `array`"),
    ],
)
def test_a_malformed_row_is_told_with_its_place(row, reason):
    """When its problem is looked up."""
    with pytest.raises(UserError, match=f"^here:1: .*{reason}"):
        task(row)


def test_a_version_is_known_by_the_md5_of_the_data_set(file_of):
    """However the file is compressed, sorted or written."""
    rows = [NATIVE | {"task_id": f"HumanEval/{number}", "prompt": "\u00e9"} for number in range(12)]
    path = file_of(*rows)
    published = {hashlib.md5(path.read_bytes()).hexdigest(): "v1"}  # noqa: S324 - as EvalPlus names its versions
    packed = path.with_name("packed.jsonl.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    written = path.with_name("written.json")
    written.write_text(json.dumps(rows[::-1], ensure_ascii=False, indent=1))

    versions = [version_of(file, numbered_rows(file, "HumanEval"), published) for file in (path, packed, written)]

    assert versions == ["v1"] * 3


def test_an_unknown_version_is_named_by_its_sha256(file_of):
    """That of the file, unpacked."""
    path = file_of(NATIVE)

    version = version_of(path, numbered_rows(path, "HumanEval"), {"0": "v1"})

    assert version == f"unknown version, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


@pytest.mark.parametrize("task_id", ["Mbpp/2", "x", "HumanEval/", "HumanEval/-1", "HumanEval/\u0662", None, "9" * 50])
def test_ids_of_other_data_sets_are_refused(file_of, task_id):
    """With the line."""
    with pytest.raises(UserError, match=r"data.jsonl:2: .*(is not one such as HumanEval/2|Expected)"):
        numbered_rows(file_of(NATIVE, NATIVE | {"task_id": task_id}), "HumanEval")


def test_a_row_may_hold_what_only_python_writes(file_of):
    """Infinities and long integers."""
    (row,) = numbered_rows(file_of(NATIVE | {"plus_input": [[float("inf")], [10**30]]}), "HumanEval")

    assert (row.number, row.form) == (0, "native")


MINI = {key: value for key, value in NATIVE.items() if key != "test"}


@pytest.mark.parametrize(
    ("benchmark", "rows", "right"),
    [
        (humaneval, [NATIVE], "humaneval-plus"),
        (humaneval, [NATIVE | HUMANEVAL], "humaneval-plus"),
        (humaneval, [MINI], "humaneval-plus"),
        (humaneval, [HUB], "humaneval-plus"),
        (humaneval, [HUMANEVAL, HUB | {"task_id": "HumanEval/1"}], "humaneval-plus"),
        (mbpp, [NATIVE | {"task_id": "Mbpp/2"}], "mbpp-plus"),
        (mbpp, [HUB_OF_MBPP], "mbpp-plus"),
        (mbpp, [MBPP, MBPP | {"task_id": 3, "plus_input": [[1]]}], "mbpp-plus"),
    ],
)
@pytest.mark.parametrize("is_list", [False, True])
def test_a_file_of_evalplus_is_refused_as_the_smaller_benchmark(file_of, benchmark, rows, right, is_list):
    """In either form, also where only one row is of it, by the name of the benchmark that it is."""
    path = file_of(*([rows] if is_list else rows))

    with pytest.raises(UserError, match=rf"data.jsonl.* this is .*\+.*--benchmark {right}"):
        benchmark.problems(path)


def test_other_files_are_not_refused(file_of):
    """Not even where a text speaks of inputs."""
    refuse_evalplus(file_of(HUMANEVAL | {"prompt": "inputs = [1]"}, MBPP), "humaneval", "HumanEval+")
