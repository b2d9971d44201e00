"""Judged samples of runs: what is read, what is left out, and what comes together."""

import json

import pytest
from usual_conditions import conditions

from harness.errors import UserError
from harness.runs.jsonl import as_row
from harness.runs.records import Run, Source
from trainers.compile.codenet import MAX_SOURCE_BYTES
from trainers.compile.data_card import ROWS, Counts, Recipe, Rule
from trainers.compile.own_samples import compile_job, read_jobs
from trainers.compile.pipeline import CompilePlan
from trainers.compile.rewards import PAPER


@pytest.fixture
def make_run(tmp_path):
    """Return a function that writes the folder of a run from (task, index, completion, prompt, verdict)."""

    def make(*samples, name="run", benchmark="mini"):
        folder = tmp_path / name
        folder.mkdir()
        record = Run(
            samples_sha256="", k=(1,), conditions=conditions(benchmark=benchmark), source=Source(benchmark=benchmark),
            problems={},
        )  # fmt: skip
        (folder / "run.json").write_bytes(as_row(record))
        with (folder / "samples.jsonl").open("w") as rows, (folder / "evaluations.jsonl").open("w") as findings:
            for task_id, index, completion, prompt, verdict in samples:
                key = {"policy": "tiny", "task_id": task_id, "index": index}
                rows.write(json.dumps(key | {"completion": completion, "prompt": prompt}) + "\n")
                for word in (verdict or "").split():
                    findings.write(json.dumps(key | {"verdict": word, "cpu_s": 0.5, "per_test": []}) + "\n")
        return folder

    return make


def fates(counts):
    """Return the rows that were left out, by rule."""
    return {rule: count for (table, rule), count in counts.items() if table == ROWS}


def test_samples_become_candidates(make_run):
    """The verdict in CodeNet's words, the CPU time in milliseconds, and an id that leads back."""
    run = make_run(("a", 0, "print(1)", "p", "accepted"))

    (job,) = read_jobs([run], PAPER, counts := Counts())

    assert (job.problem_id, job.prompt) == ("mini/a", "p")
    (candidate,) = job.candidates
    assert (candidate.source_id, candidate.completion, candidate.status) == ("run/tiny/a/0", "print(1)", "Accepted")
    assert (candidate.cpu_time_ms, candidate.memory_kb, candidate.code_size_bytes) == (500.0, None, 8.0)
    assert fates(counts) == {}


def test_what_can_not_be_trained_on_is_counted(make_run):
    """Our faults, limits without reward, samples not judged yet, without prompt, empty, or larger than a source."""
    run = make_run(
        ("a", 0, "x", "p", "sandbox_error"),
        ("a", 1, "x", "p", "memory_limit"),
        ("a", 2, "x", "p", None),
        ("a", 3, "x", "", "accepted"),
        ("a", 4, " ", "p", "compile_error"),
        ("a", 5, "#" * (MAX_SOURCE_BYTES + 1), "p", "accepted"),
    )

    assert read_jobs([run], PAPER, counts := Counts()) == ()
    assert fates(counts) == {
        Rule.JUDGE_SIDE: 1,
        Rule.NO_REWARD: 1,
        Rule.NOT_JUDGED: 1,
        Rule.NO_PROMPT: 1,
        Rule.EMPTY_SOURCE: 1,
        Rule.TOO_LARGE: 1,
    }


def test_the_last_verdict_counts(make_run):
    """A sample whose first judgement was our fault has been judged again."""
    run = make_run(("a", 0, "x", "p", "sandbox_error wrong_answer"))

    (job,) = read_jobs([run], PAPER, Counts())

    assert job.candidates[0].status == "Wrong Answer"


def test_tasks_and_prompts_keep_apart_and_runs_come_together(make_run):
    """Groups share one prompt; the same task of another benchmark is another problem."""
    first = make_run(("a", 0, "x", "p", "accepted"), ("a", 1, "y", "q", "accepted"), ("b", 0, "z", "p", "accepted"))
    second = make_run(("a", 0, "w", "p", "wrong_answer"), name="second")
    third = make_run(("a", 0, "v", "p", "accepted"), name="third", benchmark="mbpp")

    jobs = read_jobs([first, second, third], PAPER, Counts())

    assert [(job.problem_id, job.prompt, [c.source_id for c in job.candidates]) for job in jobs] == [
        ("mini/a", "p", ["run/tiny/a/0", "second/tiny/a/0"]),
        ("mini/a", "q", ["run/tiny/a/1"]),
        ("mini/b", "p", ["run/tiny/b/0"]),
        ("mbpp/a", "p", ["third/tiny/a/0"]),
    ]


def test_a_group_comes_of_a_run(make_run):
    """With the rewards of the same table; equal samples count once."""
    run = make_run(
        ("a", 0, "print(1)", "p", "accepted"),
        ("a", 1, "print(2)", "p", "wrong_answer"),
        ("a", 2, "print(2)", "p", "wrong_answer"),
        ("a", 3, "not python", "p", "compile_error"),
        ("a", 4, "print(1/0)", "p", "runtime_error"),
    )
    (job,) = read_jobs([run], PAPER, Counts())

    found = compile_job(job, plan=CompilePlan(recipe=Recipe(rewards=PAPER)))

    (group,) = found.groups
    assert dict(zip(group.source_ids, group.rewards, strict=True)) == {
        "run/tiny/a/0": 1.0, "run/tiny/a/1": -0.1, "run/tiny/a/3": -1.0, "run/tiny/a/4": -0.6,
    }  # fmt: skip
    assert found.counts[ROWS, Rule.REPEATED] == 1


def test_what_is_no_judged_run_is_refused(tmp_path):
    """One line says what to name."""
    with pytest.raises(UserError, match=r"holds no evaluations\.jsonl"):
        read_jobs([tmp_path], PAPER, Counts())
