"""`proctor run`: drawing and judging at once, with the real sandbox; killed anywhere, it goes on."""

import json
import signal
import subprocess
import sys
import threading
import time

import msgspec
import pytest

from harness.cli.main import run
from harness.examination import evaluate
from harness.runs.python_json import decode
from harness.runs.records import Evaluation, Result, Run
from sandbox import pool
from sandbox.records import Fault, Verdict
from sandbox.worker import Worker

pytestmark = pytest.mark.slow


@pytest.fixture
def busy(monkeypatch):
    """Let the pool's workers tell, by an event, that they have work; the scripted backend may wait for it."""

    class Telling(Worker):
        busy = threading.Event()

        def order(self, work):
            self.busy.set()
            super().order(work)

    monkeypatch.setattr(pool, "Worker", Telling)
    return Telling.busy


def samples(folder):
    """Return the rows of the samples."""
    return [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]


def verdicts(folder):
    """Return the verdict of each sample; of several rows of one the last counts."""
    rows = (decode(line, Evaluation, "") for line in (folder / "evaluations.jsonl").read_bytes().splitlines())
    return {row.key: row.verdict for row in rows}


def outcome(folder):
    """Return all that a run leaves, clocks and memory apart."""
    names = ("generation.json", "run.json", "samples.jsonl", "result.json", "report.md")
    return {name: (folder / name).read_bytes() for name in names} | {"verdicts": verdicts(folder)}


def result_of(folder):
    """Return the one result of a run."""
    (result,) = msgspec.json.decode((folder / "result.json").read_bytes(), type=tuple[Result, ...])
    return result


def test_run_is_generate_and_score(proctor, tmp_path, capsys):
    """The same files as drawing first and judging then."""
    assert proctor("run", "--k", "1,2") == 0
    out = capsys.readouterr().out
    proctor("generate", out="two steps")
    options = ["--benchmark", "toy.py:toy", "--k", "1,2", "--workers", "1", "--out", "two steps"]
    assert run(["score", "two steps", *options]) == 0

    assert (tmp_path / "run" / "report.md").read_text() in out
    assert outcome(tmp_path / "run") == outcome(tmp_path / "two steps")
    right = [row["seed"] % 2 for row in samples(tmp_path / "run")]
    assert result_of(tmp_path / "run").scores[0].value == sum(right) / len(right)
    assert list(verdicts(tmp_path / "run").values()) == [
        Verdict.ACCEPTED if is_right else Verdict.WRONG_ANSWER for is_right in right
    ]


def test_judging_starts_before_the_last_sample_is_drawn(proctor, busy):
    """The backend holds the last sample back until a judge has been given a program."""
    assert proctor("run", "--option", "watch_at=7") == 0

    assert busy.is_set()


def test_samples_that_were_there_are_judged_meanwhile(proctor, tmp_path, busy):
    """The backend holds back the only sample that is missing until a judge has been given one of the others."""
    proctor("generate", "--option", "lost_at=7")

    assert proctor("run", "--option", "watch_at=0") == 0

    assert busy.is_set()
    assert len(verdicts(tmp_path / "run")) == 8


def test_a_finished_run_is_not_judged_again(proctor, tmp_path, busy):
    """Nor is anything drawn."""
    proctor("run")
    before = outcome(tmp_path / "run") | {"rows": (tmp_path / "run" / "evaluations.jsonl").read_bytes()}
    busy.clear()

    assert proctor("run", "--option", "lost_at=0") == 0

    assert not busy.is_set()
    assert outcome(tmp_path / "run") | {"rows": (tmp_path / "run" / "evaluations.jsonl").read_bytes()} == before


@pytest.mark.parametrize("die_at", [0, 3, 7, "the end"])
def test_a_killed_run_goes_on(proctor, tmp_path, scripted, die_at):
    """Struck by SIGKILL before a sample, or when all are drawn: the same command ends as if nothing had happened."""
    proctor("run", out="undisturbed")
    asked = ["--benchmark", "toy.py:toy", "--model", "m", "--backend", scripted, "--workers", "2", "--out", "run"]
    command = "from harness.cli.main import main; main()"

    killed = subprocess.run(
        [sys.executable, "-c", command, "run", *asked, "--option", f"die_at={die_at}"], check=False, capture_output=True
    )

    assert killed.returncode == -signal.SIGKILL
    assert len(samples(tmp_path / "run")) == (8 if die_at == "the end" else die_at)
    assert not (tmp_path / "run" / "result.json").exists()
    assert proctor("run") == 0
    assert outcome(tmp_path / "run") == outcome(tmp_path / "undisturbed")


@pytest.mark.parametrize("kept", [0, 0.3, 0.7, 1])
def test_half_written_files_are_completed(proctor, tmp_path, kept):
    """Whatever share of samples and evaluations was written; judged is only what was drawn."""
    proctor("run")
    whole = outcome(tmp_path / "run")
    rows = (tmp_path / "run" / "samples.jsonl").read_bytes()
    (tmp_path / "run" / "samples.jsonl").write_bytes(rows[: int(len(rows) * kept)])
    evaluations = (tmp_path / "run" / "evaluations.jsonl").read_bytes().splitlines(keepends=True)
    there = int(len(rows) * kept) and rows[: int(len(rows) * kept)].count(b"\n")
    (tmp_path / "run" / "evaluations.jsonl").write_bytes(b"".join(evaluations[: there // 2]) + b'{"policy":')

    assert proctor("run") == 0

    assert outcome(tmp_path / "run") == whole


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--exhaustive"], "run.json: this is another run, its exhaustive was false and is now true"),
        (["--k", "2"], "run.json: this is another run, its k was [1] and is now [2]"),
        (["--extraction", "whole"], 'its extraction was "entry_point" and is now "whole"'),
        (["--seed", "3"], "generation.json: this is another run, its sampling.seed was 0 and is now 3"),
    ],
)
@pytest.mark.parametrize("lost_at", ["2", "9"])
def test_other_options_are_another_run(proctor, tmp_path, capsys, *, options, problem, lost_at):
    """Whether it is finished or not, and whether they say how to draw or how to judge."""
    proctor("run", "--option", f"lost_at={lost_at}")
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    capsys.readouterr()

    assert proctor("run", *options) == 2

    assert problem in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before


def test_a_model_that_goes_away(proctor, tmp_path, capsys):
    """What it had drawn is judged, exit code 3 says that something is missing, and the same command goes on."""
    proctor("run", out="undisturbed")
    capsys.readouterr()

    assert proctor("run", "--option", "lost_at=5") == 3

    assert capsys.readouterr().err == "proctor: the server went away\n"
    assert len(samples(tmp_path / "run")) == len(verdicts(tmp_path / "run")) == 5
    assert decode((tmp_path / "run" / "run.json").read_bytes(), Run, "").samples_sha256 == ""
    assert proctor("run") == 0
    assert outcome(tmp_path / "run") == outcome(tmp_path / "undisturbed")


def test_a_judge_that_fails_is_told(proctor, tmp_path, capsys, monkeypatch):
    """The error is told as one of ours; what was drawn stays, and is judged by the same command."""
    fell = threading.Event()

    def judge_all(cases, *_, **__):
        next(iter(cases))
        fell.set()
        raise Fault("no more memory files")
        yield

    with monkeypatch.context() as patch:
        patch.setattr(evaluate, "judge_all", judge_all)
        patch.setattr(pool.Worker, "busy", fell, raising=False)
        status = proctor("run", "--option", "watch_at=1")

    assert status == 3
    assert "Fault: no more memory files" in capsys.readouterr().err
    assert not (tmp_path / "run" / "result.json").exists()
    assert proctor("run") == 0
    assert len(verdicts(tmp_path / "run")) == 8


def test_an_interrupt_stops_both(proctor, tmp_path, busy, capsys):
    """Although a program is being judged that would sleep for a quarter of an hour."""
    asleep = 'text="import time\\ntime.sleep(800)"'
    started_s = time.monotonic()

    status = proctor("run", "--option", asleep, "--option", "watch_at=1", "--option", "interrupted_at=2")

    assert busy.is_set()
    assert status == 130
    assert time.monotonic() - started_s < 60
    assert capsys.readouterr().err == "proctor: interrupted; the same command resumes\n"
    assert len(samples(tmp_path / "run")) == 2
    assert verdicts(tmp_path / "run") == {}


def test_sandbox_errors_are_judged_again(proctor, tmp_path):
    """What was our fault counts for nothing: at the same command's next call the sample gets its verdict."""
    proctor("run")
    whole = outcome(tmp_path / "run")
    path = tmp_path / "run" / "evaluations.jsonl"
    first, *others = (decode(line, Evaluation, "") for line in path.read_bytes().splitlines())
    fault = msgspec.structs.replace(first, verdict=Verdict.SANDBOX_ERROR)
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in (fault, *others)))

    assert proctor("run") == 0

    assert outcome(tmp_path / "run") == whole


def test_prompts_that_are_too_long_are_counted(proctor, tmp_path):
    """Their samples are judged as the empty programs that they are, and told apart in the report."""
    assert proctor("run", benchmark="toy.py:long") == 0

    result = result_of(tmp_path / "run")
    assert result.usage.finish_counts == {"context": 2, "stop": 2}
    assert [(tally.task_id, tally.n, tally.c) for tally in result.tallies][1] == ("9", 2, 0)
    assert (
        "; 2 without an answer, their prompt being too long for the model\n"
        in (tmp_path / "run" / "report.md").read_text()
    )


def test_too_few_samples_are_refused_before_any_is_drawn(proctor, tmp_path, capsys):
    """pass@3 of two samples is undefined."""
    assert proctor("run", "--k", "3") == 2

    assert "has n = 2 samples by m, too few for pass@k with k = 3" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
