"""The commands and programs that the documents show run, and print what is shown."""

import gzip
import itertools
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_policy
from documents import DOCUMENTS, GATE, README, ROOT, TRAINING, blocks, shown
from usual_conditions import conditions

from harness.benchmarks import mini as mini_module
from harness.benchmarks.mini import known_samples, mini
from harness.benchmarks.problem_info import problem_infos
from harness.cli import selftest
from harness.cli.main import run
from harness.runs.jsonl import as_row
from harness.runs.records import Evaluation, Run, Source
from harness.runs.row_store import SampleCopy
from harness.scoring.report import report_markdown
from harness.scoring.score import score
from sandbox.records import Verdict

pytestmark = pytest.mark.slow

DATA = ROOT.parent / "shared" / "data"
MBPP_TASKS_TRIED = 3
PROGRAMS_TRIED = 10
SHORTENED = "..."


def lines_missing(wanted, printed):
    """Return the wanted lines that are not printed in this order."""
    remaining = iter(printed)
    return [line for line in wanted if line != SHORTENED and line not in remaining]


def makers_of(command):
    """Return the commands that write the folders which one reads."""
    *named, _ = shlex.split(command)  # the last is the folder that it writes
    return [other for other in OURS if other != command and "--out" in other and shlex.split(other)[-1] in named]


COMMANDS = {}
for path, text in DOCUMENTS.items():
    if path.parent.name != "tutorials":  # tests/test_tutorials.py follows those
        for command, lines in shown(text):
            COMMANDS[command] = max(lines, COMMANDS.get(command, ()), key=len)
OURS = {command: lines for command, lines in COMMANDS.items() if command.startswith("proctor ")}
KNOWN = "proctor selftest"
DEMO = DOCUMENTS[Path("docs/demo.md")]
NEED_DATA = [command for command in OURS if "mbpp" in command]
QUICK = [known for known in known_samples() if known.verdict in {Verdict.ACCEPTED, Verdict.WRONG_ANSWER}]
NEED_POLICY = [command for command, _ in shown(TRAINING)]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Work in a folder that holds the examples and the studies, with a selftest of few programs, none slow."""
    monkeypatch.setattr(selftest, "known_samples", lambda: iter(QUICK[:PROGRAMS_TRIED]))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "studies").symlink_to(ROOT / "studies")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    return tmp_path


@pytest.mark.parametrize("command", [command for command in OURS if command not in {*NEED_DATA, *NEED_POLICY}])
def test_commands_run(place, capsys, command):
    """Every command that needs nothing but proctor ends well and prints what is shown; the selftest's table is below.

    A command that names a run comes after the one that makes it, and one that replays the selftest's after that.
    """
    assert place.is_dir()
    if "--model runs/known" in command:
        (place / "runs" / "known").mkdir(parents=True)
        (place / "runs" / "known" / "samples.jsonl").write_bytes(
            b"".join(as_row(known.sample) for known in known_samples())
        )
    for maker in makers_of(command):
        run(shlex.split(maker)[1:])
    capsys.readouterr()

    assert run(shlex.split(command)[1:]) == 0

    printed = capsys.readouterr().out.splitlines()
    assert command == KNOWN or lines_missing(OURS[command], printed) == []


def test_the_python_shown_runs(place, capfd):
    """The README's example judges the samples of examples."""
    subprocess.run([sys.executable, "-c", *blocks(README, "python")], cwd=place, check=True)

    assert "tiny" in capfd.readouterr().out


def test_commands_on_mbpp_run(place):
    """Those that need MBPP run, in the order shown, on the first problems and their real completions."""
    completions, problems = DATA / "completions" / "mbpp_n10.jsonl.gz", DATA / "sanitized-mbpp.json"
    if not (completions.exists() and problems.exists()):
        pytest.skip(f"needs mbpp_n10.jsonl.gz and sanitized-mbpp.json in {os.path.relpath(DATA, ROOT)}")
    shutil.copy(problems, place)
    with gzip.open(completions, "rt") as source, gzip.open(place / "samples.jsonl.gz", "wt") as cut:
        cut.writelines(itertools.islice(source, 10 * MBPP_TASKS_TRIED))

    assert [run(shlex.split(command)[1:]) for command in NEED_DATA] == [0] * len(NEED_DATA)


@pytest.fixture
def policy_place(tmp_path, monkeypatch):
    """Work in a folder that holds a tiny model, CodeNet's tree with one problem, and the method of docs/training.md."""
    tiny_policy.build(tmp_path / "base")
    folders = [tmp_path / "codenet" / name for name in ("metadata", "problem_descriptions", "data/p00001/Python")]
    for folder in folders:
        folder.mkdir(parents=True)
    statuses = ("Accepted", "Wrong Answer", "Runtime Error", "Accepted")
    ids = [f"s{number:09}" for number in range(len(statuses))]
    rows_ = [f"{id_},p00001,Python,py,{status}\n" for id_, status in zip(ids, statuses, strict=True)]
    (folders[0] / "p00001.csv").write_text("submission_id,problem_id,language,filename_ext,status\n" + "".join(rows_))
    (folders[1] / "p00001.html").write_text("<p>Read two integers from the standard input and print their sum.</p>")
    for number, id_ in enumerate(ids):
        (folders[2] / f"{id_}.py").write_text(f"print({number} + sum(map(int, input().split())))\n")
    (tmp_path / "methods.py").write_text(blocks(TRAINING, "python")[0])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_commands_on_training_run(policy_place):
    """Those of docs/training.md run in the order shown, and so does the method that it writes."""
    (own,) = (text for text in blocks(TRAINING, "sh") if "methods.py" in text)

    assert [run(shlex.split(command)[1:]) for command in (*NEED_POLICY, own)] == [0] * (len(NEED_POLICY) + 1)
    assert (policy_place / "checkpoints" / "rloo" / "model.safetensors").exists()


ONE_PROBLEM = """
kind = "call"
statement = "Return the number plus one."
function = "f"
cases = [{arguments = "[2]", expected = "3"}]
reference = "def f(n): return n + 1"
programs = []
"""


def test_the_examination_shown_runs(policy_place, monkeypatch):
    """As docs/training.md has it, by a model with a chat template; of the benchmark's problems there is one."""
    base = policy_place / "base"
    (base / "chat_template.jinja").write_text("{% for message in messages %}{{ message.content }}{% endfor %}")
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 8192}))
    (policy_place / "introductory").mkdir()
    (policy_place / "introductory" / "one.toml").write_text(ONE_PROBLEM)
    monkeypatch.setattr(mini_module, "HOME", policy_place)
    (examined,) = (text for text in blocks(TRAINING, "sh") if "--examine mini" in text)

    assert [run(shlex.split(command)[1:]) for command in (NEED_POLICY[0], examined)] == [0, 0]
    assert (policy_place / "checkpoints" / "rloo" / "best" / "model.safetensors").exists()


def test_gates_shown_pass_equal_policies(tmp_path, monkeypatch):
    """Those of docs/gate.md run, on runs of the miniature benchmark whose programs differ by a comment."""
    lines = [line for block in blocks(GATE, "sh") for line in block.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("proctor gate")]
    monkeypatch.chdir(tmp_path)
    for name in sorted({word for command in commands for word in command if word.startswith("runs/")}):
        rows_ = (
            {"task_id": known.sample.task_id, "completion": f"{known.sample.completion}\n# {name} {draw}"}
            for known in QUICK
            for draw in range(2)
        )
        (tmp_path / "samples.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows_))
        assert run(["score", "samples.jsonl", "--benchmark", "mini", "--extraction", "whole", "--out", name]) == 0

    assert [run(command) for command in commands] == [0, 0, 0]


def test_the_selftest_shows_the_known_verdicts(tmp_path):
    """The table in docs/demo.md is the one that the verdicts known beforehand add up to."""
    known = tuple(known_samples())
    problems = mini.problems(None)
    infos = problem_infos(problems, problems)
    evaluations = [
        Evaluation(
            policy=sample.policy, task_id=sample.task_id, index=sample.index, verdict=verdict, per_test=(), cpu_s=0.0,
            difficulty=infos[sample.task_id].difficulty, completion_sha256="", program_sha256="", extraction="whole",
            discarded_chars=0, complete=True, detail="",
        )
        for sample, verdict, _ in known
    ]  # fmt: skip
    asked = Run(
        samples_sha256="", k=(1,), conditions=conditions(benchmark="mini", isolation={}),
        source=Source(benchmark="mini"), problems={},
    )  # fmt: skip
    usage = SampleCopy((known_program.sample for known_program in known), tmp_path).tally.usage
    printed = report_markdown(score(evaluations, infos, asked, usage)).splitlines()
    printed.append(f"{len(known)} of {len(known)} verdicts are the known ones. Results written to runs/known")

    assert lines_missing(COMMANDS[KNOWN], printed) == []
    assert f"{len(known)} in all" in DEMO
    assert f"has {len(problems)} problems" in DEMO
