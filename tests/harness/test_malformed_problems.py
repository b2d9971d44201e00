"""A malformed problem costs itself only: the others are judged and audited, whatever is wrong with it."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.benchmarks.apps import apps_plus
from harness.benchmarks.humaneval import humaneval
from harness.benchmarks.mbpp import mbpp
from harness.cli.main import run
from harness.errors import UserError

APPS = {"problem_id": "good", "prompt": "Solve it.", "inputs": ["1\n"], "outputs": ["1\n"], "starter_code": ""}
HUMANEVAL = {
    "task_id": "good",
    "prompt": 'def f(x):\n    """Twice x."""\n',
    "entry_point": "f",
    "canonical_solution": "    return 2 * x\n",
    "test": "def check(candidate):\n    assert candidate(2) == 4\n",
}
MBPP = {"task_id": 11, "text": "Write f.", "code": "def f(x): return x", "test_list": ["assert f(1) == 1"]}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def opened(benchmark, path, *lines):
    """Return the problems of a file of these lines."""
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))
    return benchmark.problems(path)


@pytest.mark.parametrize(("benchmark", "good"), [(apps_plus, APPS), (humaneval, HUMANEVAL), (mbpp, MBPP)])
@given(data=st.data())
def test_no_row_keeps_another_from_being_read(benchmark, good, data, tmp_path_factory):
    """Be it any value in place of one of its keys, no key at all, or no JSON: whoever looks it up gets one line."""
    name = next(iter(good))
    key = data.draw(st.sampled_from([*good, "fn_name", "difficulty"]))
    bad = data.draw(
        st.just({name: "bad"})
        | ANYTHING
        | ANYTHING.map(lambda value: {**good, name: "12", key: value})
        | st.binary(min_size=1).map(lambda line: b"x" + line.replace(b"\n", b""))
    )
    problems = opened(benchmark, tmp_path_factory.mktemp("rows") / "data", good, bad)

    first, *others = problems
    alone = opened(benchmark, tmp_path_factory.mktemp("rows") / "data", good)
    if others:
        assert problems[first] == alone[first]
    for task_id in others:
        with contextlib.suppress(UserError):
            assert problems[task_id].task_id == task_id


@pytest.mark.parametrize("line", [b'x_input"', b'{"task_id": [], "base_input": 1}', b"x inputs = [", b'["base_input"]'])
def test_a_malformed_row_with_a_word_of_evalplus_keeps_no_other_from_being_read(line, tmp_path):
    """Only a sound row of EvalPlus has the file refused."""
    assert "good" in next(iter(opened(humaneval, tmp_path / "data", HUMANEVAL, line)))


LEFT_OUT = {"problem_id": "empty", "prompt": "Solve it.", "inputs": [], "outputs": []}
MALFORMED = {
    "null": APPS | {"problem_id": "null", "outputs": [None]},
    "true": APPS | {"problem_id": "true", "outputs": [True]},
    "lengths": APPS | {"problem_id": "lengths", "inputs": ["1\n", "2\n"]},
    "prompt": {"problem_id": "prompt", "inputs": ["1\n"], "outputs": ["1\n"]},
    "difficulty": APPS | {"problem_id": "difficulty", "difficulty": 3},
}
REASONS = {
    "null": "text, not NoneType",
    "true": "text, not bool",
    "lengths": "has 2 inputs, but 1 outputs",
    "prompt": "`prompt`",
    "difficulty": "$.difficulty",
    "empty": "has no tests",
}


@pytest.fixture
def apps(tmp_path):
    """Return a file with a sound problem, every malformed one, one without tests, and a line that is not JSON."""
    path = tmp_path / "apps.jsonl"
    rows = [*map(json.dumps, [APPS, *MALFORMED.values(), LEFT_OUT]), "{"]
    path.write_text("\n".join(rows))
    return path


@pytest.mark.slow
def test_every_malformed_problem_is_a_finding_of_one_audit(apps, capsys):
    """Each with its reason; a row without an id is named by its place, and the sound problem is audited."""
    assert run(["audit", "--benchmark", "apps-plus", "--data", str(apps), "--repeat", "1", "--json"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert list(found["malformed"]) == [*MALFORMED, f"{apps}:8"]
    assert all(REASONS[task_id] in found["malformed"][task_id] for task_id in MALFORMED)
    assert (found["problems"], list(found["left_out"])) == (1, ["empty"])
    assert found["undemanding"] == [{"task_id": "good", "program": "prints '1\\n'", "tests": [1]}]


@pytest.mark.slow
def test_a_sample_gets_the_reason_of_its_problem(apps, tmp_path, capsys):
    """Exit code 2 and one line; it is no missing task, and without such a sample the others are judged."""
    for task_id, reason in {**REASONS, "good": ""}.items():
        samples = tmp_path / "samples.jsonl"
        samples.write_text(json.dumps({"task_id": task_id, "completion": "print(input())"}))
        ended = run(
            ["score", str(samples), "--benchmark", "apps-plus", "--data", str(apps), "--out", str(tmp_path / task_id)]
        )

        err = capsys.readouterr().err
        assert (ended, reason in err, "has no task" in err) == (2 if reason else 0, True, False), task_id
        assert Path(tmp_path / task_id).exists() == (not reason)


def test_a_folder_of_apps_with_a_malformed_file(tmp_path):
    """The folder names the problem."""
    for name, tests in {"0001": '{"inputs": ["1"], "outputs": ["1"]}', "0002": "{"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "question.txt").write_text("Solve it.")
        (tmp_path / name / "input_output.json").write_text(tests)
    problems = apps_plus.problems(tmp_path)

    assert (list(problems), problems["0001"].statement) == (["0001", "0002"], "Solve it.")
    with pytest.raises(UserError, match=r"0002.input_output\.json: is not JSON"):
        problems["0002"]


@pytest.mark.parametrize("key", ["prompt", "test"])
@pytest.mark.parametrize("text", ["\0", "\ud800", "def"])
def test_a_text_of_humaneval_that_is_not_python(tmp_path, key, text):
    """A prompt is told of at once, a test where the problem is to be judged."""
    problems = opened(humaneval, tmp_path / "data", HUMANEVAL, HUMANEVAL | {"task_id": "bad", key: text})

    refused = pytest.raises(UserError, match="task 'bad': its prompt doesn't parse")
    with refused if key == "prompt" else contextlib.nullcontext():
        assert problems["bad"].tests
