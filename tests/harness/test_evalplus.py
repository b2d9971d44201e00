"""Problems of EvalPlus: answers learned from references, task by task and once; limits and hashes that stay."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.api import evaluate_samples
from harness.benchmarks import evalplus_answers
from harness.benchmarks.humaneval_plus import humaneval_plus
from harness.benchmarks.mbpp_plus import mbpp_plus
from harness.benchmarks.problem_info import problem_infos
from harness.cli.main import run
from harness.errors import UserError
from harness.runs.python_json import parse_json
from sandbox.records import CallTest, Refused

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[2].parent / "shared" / "data2" / "evalplus"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs the real files in ../shared/data2")

ROW = {
    "task_id": "Mbpp/3", "prompt": '"""Halve."""\n', "entry_point": "f",
    "canonical_solution": "def f(x): return x / 2\n", "base_input": [[1]], "plus_input": [[2], ["a"]], "atol": 0,
}  # fmt: skip
OTHER = ROW | {"task_id": "Mbpp/4", "canonical_solution": "def f(x): return [x]\n"}
OF_SETS = ROW | {
    "task_id": "Mbpp/115", "canonical_solution": "def f(x): return x, {'one', 'two', 'three', 'four'}\n",
    "base_input": [[[["b", "a", "c", "dd", "e"]]]], "plus_input": [],
}  # fmt: skip
ROOT = {
    "task_id": "HumanEval/32", "prompt": "def find_zero(xs):\n", "entry_point": "find_zero",
    "canonical_solution": "    return -xs[0] / xs[1]\n", "base_input": [[[6, 2]]], "plus_input": [], "atol": 0.0001,
}  # fmt: skip


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Return a function that writes rows to a file; the user's cache is empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def data(*rows):
        path = tmp_path / "data.jsonl"
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        return path

    return data


@pytest.fixture
def no_reference_runs(monkeypatch):
    """Return a function after whose call no reference may run."""

    def judge(*_):
        raise AssertionError("references run")

    return lambda: monkeypatch.setattr(evalplus_answers, "judge_all", judge)


def test_answers_are_what_the_reference_returns(data):
    """For the base inputs and the others; an input that it fails on is no test."""
    problem = mbpp_plus.problems(data(ROW))["Mbpp/3"]

    assert (problem.benchmark, problem.split, problem.entry_point) == ("mbpp-plus", "test", "f")
    assert problem.statement == ROW["prompt"]
    assert problem.reference == '"""Halve."""\ndef f(x): return x / 2\n'
    assert problem.tests == tuple(
        CallTest(function="f", arguments=(given,), expected=expected, checker="close_1e_6")
        for given, expected in ((1, 0.5), (2, 1.0))
    )


def test_a_problem_of_humaneval_plus_is_continued(data):
    """Its statement is the beginning of the program; any root is right."""
    problem = humaneval_plus.problems(data(ROOT))["HumanEval/32"]

    assert problem.starter_code == problem.statement == "def find_zero(xs):\n"
    assert problem.tests == (
        CallTest(function="find_zero", arguments=([6, 2],), expected=[6, 2], checker="root_1e_4"),
    )  # fmt: skip


def test_references_run_once(data, no_reference_runs):
    """Alone or with others; other rows are other questions."""
    path = data(ROW, OTHER)
    first = mbpp_plus.problems(path)["Mbpp/3"]
    no_reference_runs()

    assert mbpp_plus.problems(data(ROW))["Mbpp/3"] == first
    with pytest.raises(AssertionError, match="references run"):
        mbpp_plus.problems(data(ROW | {"plus_input": [[3]]}))["Mbpp/3"]


def test_only_the_tasks_that_are_named_are_learned(data, capfd, tmp_path):
    """And that they are is said on stderr."""
    problems = mbpp_plus.problems(data(ROW, OTHER, OF_SETS))

    problem_infos(problems, ["Mbpp/4", "Mbpp/115"])

    assert len(list((tmp_path / "cache" / "proctor" / "evalplus").iterdir())) == 2
    assert capfd.readouterr().err == "the references of 2 tasks of MBPP+ run once, to learn the answers\n"


def test_answers_that_the_file_states_are_not_learned(data, no_reference_runs):
    """The form of the hub has most of them."""
    no_reference_runs()
    test = (
        "inputs = [[1], [2]]\nresults = [0.5, 1.0]\nfor inp, exp in zip(inputs, results):\n    check(f(*inp), exp, 0)"
    )
    row = {"task_id": 3, "prompt": "Halve.", "code": "def f(x): return x / 2", "test_list": [], "test": test}

    tests = mbpp_plus.problems(data(row))["Mbpp/3"].tests

    assert [(test.arguments, test.expected) for test in tests] == [((1,), 0.5), ((2,), 1.0)]


def test_a_killed_command_keeps_what_was_learned(data, monkeypatch, no_reference_runs):
    """The tasks that were not learned are the only ones that run again."""
    judge = evalplus_answers.judge_all

    def killed(*arguments):
        yield next(judge(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setattr(evalplus_answers, "judge_all", killed)
    problems = mbpp_plus.problems(data(ROW, OTHER))
    with pytest.raises(KeyboardInterrupt):
        problems.prepare(["Mbpp/3", "Mbpp/4"])
    no_reference_runs()

    assert problems["Mbpp/3"].tests
    with pytest.raises(AssertionError, match="references run"):
        problems["Mbpp/4"]


def test_a_host_without_a_jail_is_the_users_to_correct(data, monkeypatch):
    """References are not run outside one."""

    def refuse(*_):
        raise Refused("this host can't hold an untrusted program")
        yield

    monkeypatch.setattr(evalplus_answers, "judge_all", refuse)

    with pytest.raises(UserError, match=r"the answers of MBPP\+ are not known yet, and this host can't"):
        mbpp_plus.problems(data(ROW))["Mbpp/3"]


def test_a_reference_that_cannot_run_spoils_its_own_task_only(data):
    """It is told with its place when its problem is looked up."""
    problems = mbpp_plus.problems(data(ROW | {"canonical_solution": "def f(x: return x"}, OTHER))
    problems.prepare(["Mbpp/3", "Mbpp/4"])

    assert problems["Mbpp/4"].tests
    with pytest.raises(UserError, match=r"data.jsonl:1: its reference can't be run"):
        problems["Mbpp/3"]


def test_damaged_answers_are_told(data, tmp_path):
    """They are as many as the calls."""
    problems = mbpp_plus.problems(data(ROW))
    problems.prepare(["Mbpp/3"])
    (file,) = (tmp_path / "cache" / "proctor" / "evalplus").iterdir()
    file.write_text('{"texts":["1"]}')

    with pytest.raises(UserError, match="is damaged; remove it"):
        problems["Mbpp/3"]


def test_limits_follow_a_table_not_a_clock(data):
    """4 s and 10 s of time; for task 599, whose reference takes 2.5 s, four times that."""
    problems = mbpp_plus.problems(data(ROW, ROW | {"task_id": "Mbpp/599"}))

    limits = [(problem.limits.cpu_s, problem.limits.wall_s) for problem in problems.values()]

    assert limits == [(4.0, 10.0), (10.0, 25.0)]


def test_rows_that_are_not_of_evalplus_are_left_out(data):
    """With the reason; a file of nothing else is refused."""
    plain = {"task_id": 7, "text": "Return it.", "code": "def f(x): return x", "test_list": ["assert f(1) == 1"]}

    assert "has no inputs of EvalPlus" in mbpp_plus.problems(data(ROW, plain)).left_out["Mbpp/7"]
    with pytest.raises(UserError, match=r"none of the 1 problems .* so it is not of MBPP\+"):
        mbpp_plus.problems(data(plain))


def test_a_task_that_occurs_twice_is_refused(data):
    """With both places."""
    with pytest.raises(UserError, match=r"data.jsonl:2: task 'Mbpp/3' is already at .*data.jsonl:1"):
        mbpp_plus.problems(data(ROW, ROW))


@pytest.mark.parametrize("benchmark", [humaneval_plus, mbpp_plus])
def test_a_file_must_be_named(benchmark):
    """Nothing is fetched."""
    with pytest.raises(UserError, match="needs --data"):
        benchmark.problems(None)


def test_the_result_names_the_version_of_the_data(data, tmp_path):
    """Here an unknown one."""
    (tmp_path / "m.jsonl").write_text(json.dumps({"task_id": "Mbpp/3", "completion": ROW["canonical_solution"]}))

    (result,) = evaluate_samples(tmp_path / "m.jsonl", "mbpp-plus", data=data(ROW), out=tmp_path / "run")

    assert result.scores[0].value == 1.0
    assert result.conditions.data_version.startswith("unknown version, sha256 ")


SCORE = "import sys; from harness.cli.main import run; sys.exit(run(sys.argv[1:]))"


def test_hash_seeds_and_machines_leave_no_trace(data, tmp_path):
    """Each process with its own seed of hashes and a cache of its own: equal bytes but for times, memory and order."""
    path, rows = data(ROW, OTHER, OF_SETS), []
    for row in (ROW, OTHER, OF_SETS):
        rows += [
            {"task_id": row["task_id"], "completion": row["canonical_solution"]},
            {"task_id": row["task_id"], "completion": "def f(x): return x, {'a', 'b', 'c'}"},
        ]
    (tmp_path / "m.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    found = []
    for seed in ("0", "1", "random"):
        out = tmp_path / f"run-{seed}"
        command = ["score", "m.jsonl", "--benchmark", "mbpp-plus", "--data", str(path), "--out", str(out)]
        subprocess.run(
            [sys.executable, "-c", SCORE, *command],
            check=True, cwd=tmp_path, env=os.environ | {"PYTHONHASHSEED": seed, "XDG_CACHE_HOME": str(out) + "-cache"},
        )  # fmt: skip
        found.append((*((out / name).read_bytes() for name in ("result.json", "samples.jsonl")), outcomes(out)))

    assert found[0] == found[1] == found[2]


def outcomes(folder):
    """Return the evaluations of a run without times and memory."""
    dropped = {"cpu_s", "wall_s", "peak_memory_bytes", "reused"}

    def kept(value):
        if isinstance(value, dict):
            return {name: kept(part) for name, part in value.items() if name not in dropped}
        return [kept(part) for part in value] if isinstance(value, list) else value

    lines = (folder / "evaluations.jsonl").read_bytes().splitlines()
    return b"\n".join(sorted(json.dumps(kept(json.loads(line))).encode() for line in lines))


def test_a_run_is_resumed_and_explained_without_the_cache(data, tmp_path, monkeypatch, capsys):
    """As on another machine: the reference answers alike, and nothing of the problem is measured."""
    path = data(ROW)
    (tmp_path / "m.jsonl").write_text(json.dumps({"task_id": "Mbpp/3", "completion": "def f(x): return x"}))
    command = ["score", str(tmp_path / "m.jsonl"), "--benchmark", "mbpp-plus", "--data", str(path)]
    out = tmp_path / "run"
    assert run([*command, "--out", str(out)]) == 0
    before = (out / "result.json").read_bytes()
    (out / "evaluations.jsonl").write_bytes(b"")
    (out / "result.json").unlink()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))

    assert run([*command, "--out", str(out)]) == 0
    assert (out / "result.json").read_bytes() == before
    capsys.readouterr()
    assert run(["explain", str(out), "3"]) == 0
    assert "f(1)" in capsys.readouterr().out


@needs_data
@pytest.mark.parametrize(
    ("benchmark", "file", "version", "count"),
    [
        (humaneval_plus, "humanevalplus_v0.1.10.jsonl.gz", "v0.1.10", 164),
        (humaneval_plus, "humanevalplus_v0.1.10_mini.jsonl.gz", "v0.1.10 mini", 164),
        (humaneval_plus, "humanevalplus_v0.1.10_originfmt.jsonl.gz", "v0.1.10 OriginFmt", 164),
        (mbpp_plus, "mbppplus_v0.2.0.jsonl.gz", "v0.2.0", 378),
        (mbpp_plus, "mbppplus_v0.2.0_originfmt.jsonl.gz", "v0.2.0 OriginFmt", 378),
    ],
)
def test_the_real_files(benchmark, file, version, count):
    """Each version is known."""
    problems = benchmark.problems(DATA / file)

    assert (len(problems), problems.data_version) == (count, version)


@needs_data
def test_both_forms_of_a_task_have_the_same_tests(tmp_path, monkeypatch):
    """Of five tasks of the real files; the form of the hub has each input once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    pairs = [
        (humaneval_plus, "humanevalplus_v0.1.10", ("HumanEval/2", "HumanEval/32", "HumanEval/106")),
        (mbpp_plus, "mbppplus_v0.2.0", ("Mbpp/4", "Mbpp/737")),
    ]
    for benchmark, name, task_ids in pairs:
        native = benchmark.problems(DATA / f"{name}.jsonl.gz")
        hub = benchmark.problems(DATA / f"{name}_originfmt.jsonl.gz")
        for task_id in task_ids:
            assert {*map(repr, hub[task_id].tests)} == {*map(repr, native[task_id].tests)}
            assert parse_json(json.dumps(hub[task_id].statement).encode(), "") == native[task_id].statement


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--prompt-card", "no-such-card"), "no-such-card"),
        (("--prompt-card", "chat", "--model", "/nowhere/model", "--backend", "transformers"), "there is no folder"),
        (("--prompt-card", "chat", "--model", "/nowhere/m.jsonl", "--backend", "replay"), "/nowhere/m.jsonl"),
    ],
)
def test_card_and_model_are_checked_before_references_run(data, capsys, tmp_path, options, reason):
    """One line, at once."""
    (tmp_path / "recorded.jsonl").write_text(json.dumps({"task_id": "Mbpp/3", "completion": "pass"}))
    usual = () if "--model" in options else ("--model", str(tmp_path / "recorded.jsonl"), "--backend", "replay")
    given = ("run", "--benchmark", "mbpp-plus", "--data", str(data(ROW)), "--out", str(tmp_path / "run"))

    assert run([*given, *usual, *options]) == 2
    said = capsys.readouterr().err
    assert reason in said
    assert "references" not in said
