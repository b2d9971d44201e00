"""What several tests of the leaderboards build on."""

import hashlib
from statistics import fmean

import chromium
import explored
import msgspec
import pytest
from usual_conditions import conditions, take_conditions

from harness.cli.main import run as proctor
from harness.runs.jsonl import as_row
from harness.runs.records import Evaluation, Repetition, Result, Run, Sample, Score, Source, Tally, Usage
from harness.scoring.passk import pass_at_k
from sandbox import records
from sandbox.records import Verdict


@pytest.fixture
def make_result():
    """Return a function that makes a result from {task id: (n, c)} or {task id: (n, c, difficulty)}."""

    def make(counts, ks=(1,), policy="m", sandbox_errors=0, **changes):
        tallies = tuple(
            Tally(task_id=task_id, n=n, c=c, difficulty=difficulty[0] if difficulty else "", kind="call")
            for task_id, (n, c, *difficulty) in counts.items()
        )
        accepted, samples = sum(tally.c for tally in tallies), sum(tally.n for tally in tallies)
        values = {k: [pass_at_k(tally.n, tally.c, k) for tally in tallies if tally.n >= k] for k in ks}
        usual = {
            "policy": policy,
            "conditions": take_conditions(changes, samples=max((tally.n for tally in tallies), default=0)),
            "usage": Usage(prompt_tokens=None, tokens=None, finish_counts={"unknown": samples}),
            "verdict_counts": dict.fromkeys(Verdict, 0)
            | {
                Verdict.ACCEPTED: accepted,
                Verdict.WRONG_ANSWER: samples - accepted,
                Verdict.SANDBOX_ERROR: sandbox_errors,
            },
            "extraction_counts": {"whole": samples},
            "cut_off": 0,
            "repetition": Repetition(problems=0, equal=0),
            "scores": tuple(
                Score(difficulty="all", kind="all", k=k, value=fmean(values[k]), low=0, high=1, problems=len(values[k]))
                for k in ks
                if values[k]
            ),
            "verdict_shares": (),
            "tallies": tallies,
        }
        return Result(**usual | changes)

    return make


@pytest.fixture
def write_run(tmp_path):
    """Return a function that writes a folder with the results of a run, and returns its path as text."""

    def write(name, *results):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "result.json").write_bytes(msgspec.json.encode(results))
        return str(tmp_path / name)

    return write


@pytest.fixture
def hostile_text():
    """Return what would run, or break out of its place, wherever text is taken for markup or code."""
    return (
        "</script><script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">"
        "'\"`${document.title='ran'}\u2028]]>--><svg onload=document.title='ran'>\x00\x1b[2J {{7*7}}"
    )


@pytest.fixture
def run_of(make_result, tmp_path):
    """Return a function that writes the folder of a run: {task id: texts of its samples}, none of them accepted."""

    def write(name, texts, policy="m", difficulty=""):
        folder = tmp_path / name
        folder.mkdir()
        samples = [
            Sample(policy=policy, task_id=task_id, index=index, completion=text)
            for task_id, of_task in texts.items()
            for index, text in enumerate(of_task)
        ]
        run = Run(
            samples_sha256=hashlib.sha256(b"".join(map(as_row, samples))).hexdigest(), k=(1,),
            conditions=conditions(), source=Source(benchmark="toy"), problems={},
        )  # fmt: skip
        (folder / "run.json").write_bytes(msgspec.json.encode(run))
        (folder / "samples.jsonl").write_bytes(b"".join(map(as_row, samples)))
        (folder / "evaluations.jsonl").write_bytes(b"".join(as_row(evaluation(s, difficulty)) for s in samples[::-1]))
        counts = {task_id: (len(of_task), 0, difficulty) for task_id, of_task in texts.items()}
        result = make_result(counts, policy=policy)
        (folder / "result.json").write_bytes(msgspec.json.encode([result]))
        return str(folder)

    return write


def evaluation(sample, difficulty):
    """Return the evaluation of a sample whose second test gave 2 instead of 1 and said what the sample says."""
    passed = records.TestOutcome(verdict=Verdict.ACCEPTED, cpu_s=0, wall_s=0, peak_memory_bytes=0)
    said = sample.completion.encode(errors="replace").decode()
    failed = msgspec.structs.replace(passed, verdict=Verdict.WRONG_ANSWER, expected="1", actual=f"2{said}")
    return Evaluation(
        policy=sample.policy, task_id=sample.task_id, index=sample.index, difficulty=difficulty, completion_sha256="",
        program_sha256="", extraction="whole", discarded_chars=0, complete=True, verdict=Verdict.WRONG_ANSWER,
        per_test=(passed, failed), cpu_s=0, detail=said,
    )  # fmt: skip


@pytest.fixture(scope="session")
def started_browser(tmp_path_factory):
    """Start Chromium, and end it."""
    with chromium.opened(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def browser(started_browser):
    """Open a page like new."""
    started_browser.begin()
    return started_browser


@pytest.fixture(scope="session")
def explored_page(tmp_path_factory):
    """Write a page of three methods; return its address."""
    home = tmp_path_factory.mktemp("explored")
    named = [f"{method}={folder}" for method, folder in explored.write_runs(home / "runs").items()]
    assert proctor(["table", *named, "--format", "html", "--out", str(home / "page")]) == 0
    return (home / "page" / "index.html").as_uri()
