"""Runs as the files of other tools, and back again."""

import csv
import json
from pathlib import Path

import pytest

from harness.cli.main import run

pytestmark = pytest.mark.slow

PROBLEM = {
    "task_id": "HumanEval/0",
    "prompt": 'def f(x):\n    """Twice x."""\n',
    "entry_point": "f",
    "canonical_solution": "    return 2 * x\n",
    "test": "def check(candidate):\n    assert candidate(2) == 4\n",
}
MBPP = {"task_id": 11, "text": "Write f.", "code": "def f(x): return x", "test_list": ["assert f(1) == 1"]}
CALLS = {
    "problem_id": "c", "prompt": "Add.", "inputs": [[1, [2]], [3, [4]]], "outputs": [3, 7], "fn_name": "add",
    "starter_code": "def add(a, b):",
}  # fmt: skip
RIGHT = "```python\ndef f(x):\n    return 2 * x\n```"
SAMPLES = [
    {"task_id": "HumanEval/0", "model": "=a/b", "completion": completion}
    for completion in (RIGHT, "    return x", "    while True: pass")
]


@pytest.fixture
def exported(tmp_path, monkeypatch, capsys):
    """Return a function that judges rows for a problem, exports the run, and returns the files by name."""
    monkeypatch.chdir(tmp_path)

    def export(as_, benchmark="humaneval", problem=PROBLEM, rows=SAMPLES, options=()):
        Path("problems.jsonl").write_text(json.dumps(problem))
        Path("limits.json").write_text(
            json.dumps({"benchmark": "", "python": "", "proctor": "", "repeat": 1, "cpu_s": {rows[0]["task_id"]: 0.3}})
        )
        Path("rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        judge = ["--benchmark", benchmark, "--data", "problems.jsonl", "--limits", "limits.json", "--k", "1,2"]
        assert run(["score", "rows.jsonl", *judge, "--out", "run"]) == 0
        assert run(["export", "run", "--format", as_, "--out", "out", *options]) == 0
        capsys.readouterr()
        return {path.name: path.read_text() for path in Path("out").iterdir()}

    return export


def test_evalplus_files(exported):
    """Programs as they ran, a status each, null for the tests that the benchmark has not."""
    files = exported("evalplus")

    rows = [json.loads(line) for line in files["samples.jsonl"].splitlines()]
    programs = ["def f(x):\n    return 2 * x\n", f"{PROBLEM['prompt']}    return x"]
    assert [row["solution"] for row in rows[:2]] == programs
    assert {(row["task_id"], row["model"]) for row in rows} == {("HumanEval/0", "=a/b")}
    results = json.loads(files["samples_eval_results.json"])
    assert [*results] == ["date", "hash", "eval"]
    found = results["eval"]["HumanEval/0"]
    assert [one["base_status"] for one in found] == ["pass", "fail", "timeout"]
    assert found[1] == {
        "task_id": "HumanEval/0", "solution": programs[1], "base_status": "fail", "plus_status": None,
        "base_fail_tests": [], "plus_fail_tests": [],
    }  # fmt: skip


def test_evalplus_files_are_read_again(exported):
    """The programs get the verdicts that they had, also half of a surrogate pair."""
    rows = [*SAMPLES[:2], {**SAMPLES[0], "completion": "def f(x): return 2 * x, '\ud83d'"}]
    exported("evalplus", rows=rows[:2])
    again = ["--benchmark", "humaneval", "--data", "problems.jsonl", "--out", "again"]

    assert run(["score", "out/samples.jsonl", *again]) == 0

    before, after = (
        [json.loads(line)["verdict"] for line in Path(folder, "evaluations.jsonl").read_text().splitlines()]
        for folder in ("run", "again")
    )
    assert before == after == ["accepted", "wrong_answer"]
    assert json.loads(Path("again/result.json").read_text())[0]["policy"] == "=a/b"


def test_evalplus_has_its_own_ids_of_mbpp(exported):
    """`Mbpp/11` is our 11."""
    files = exported("evalplus", "mbpp", MBPP, [{"task_id": 11, "completion": "def f(x): return 1"}] * 2)

    assert list(json.loads(files["samples_eval_results.json"])["eval"]) == ["Mbpp/11"]


def test_inputs_that_failed_are_named(exported):
    """The arguments of the first call that failed; with --exhaustive there would be all."""
    files = exported("evalplus", "apps-plus", CALLS, [{"task_id": "c", "completion": "def add(a, b): return 3"}] * 2)

    found = json.loads(files["samples_eval_results.json"])["eval"]["c"]
    assert [one["base_fail_tests"] for one in found] == [[[3, [4]]]] * 2


def test_lm_eval_rows(exported):
    """One row a problem with all its samples; pass@2 of one right in three is 2/3."""
    ((name, text),) = exported("lm-eval").items()

    (row,) = map(json.loads, text.splitlines())
    assert name.startswith("samples_humaneval_")
    assert (row["doc_id"], row["doc"]["task_id"], row["filter"]) == (0, "HumanEval/0", "create_test")
    assert row["resps"] == [[sample["completion"] for sample in SAMPLES]]
    assert row["filtered_resps"][0][1] == f"{PROBLEM['prompt']}    return x"
    assert (row["metrics"], row["pass@1"], row["pass@2"]) == (
        ["pass@1", "pass@2"],
        pytest.approx(1 / 3),
        pytest.approx(2 / 3),
    )


def test_csv_of_evaluations(exported):
    """A row each, and a name that begins like a formula is none."""
    (text,) = exported("csv").values()

    rows = list(csv.DictReader(text.splitlines()))
    assert [(row["policy"], row["index"], row["verdict"], row["extraction"]) for row in rows] == [
        ("'=a/b", "0", "accepted", "fence"),
        ("'=a/b", "1", "wrong_answer", "continuation"),
        ("'=a/b", "2", "time_limit", "continuation"),
    ]
    assert (rows[0]["tests_judged"], rows[0]["tests_passed"], rows[1]["tests_passed"]) == ("1", "1", "0")


def test_one_policy_of_several_is_exported(exported, capsys):
    """It has to be named."""
    rows = [*SAMPLES[:2], *({**sample, "model": "b"} for sample in SAMPLES[:2])]
    files = exported("evalplus", rows=rows, options=["--policy", "b"])

    assert {json.loads(line)["model"] for line in files["samples.jsonl"].splitlines()} == {"b"}
    mistakes = {
        "holds samples of =a/b, b; choose one with --policy": [],
        "no policy 'c'. Choose from =a/b, b": ["--policy", "c"],
    }
    for problem, options in mistakes.items():
        assert run(["export", "run", "--format", "csv", "--out", "out", *options]) == 2
        assert problem in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda: Path("run/result.json").unlink(), "run: is not finished"),
        (lambda: Path("run/run.json").unlink(), "run: holds no run.json"),
        (
            lambda: Path("problems.jsonl").write_text(json.dumps(PROBLEM | {"prompt": "def f(x):\n    pass\n"})),
            "is not the one",
        ),
        (
            lambda: (Path("out/samples.jsonl").unlink(), Path("out").rename("x"), Path("out").touch()),
            "can't be written",
        ),
    ],
)
def test_what_cannot_be_exported_is_refused(exported, capsys, spoil, problem):
    """In one line."""
    exported("evalplus", rows=SAMPLES[:2])
    spoil()

    assert run(["export", "run", "--format", "evalplus", "--out", "out"]) == 2
    err = capsys.readouterr().err
    assert (problem in err, err.count("\n")) == (True, 1)
