"""`--shard` and `proctor merge`: a run in parts is the run."""

import json

import msgspec
import pytest

from harness.cli.main import run
from harness.runs.records import Result

BENCHMARK = """
import msgspec
from harness.benchmarks.benchmark import Benchmark
from harness.runs.records import Problem
from sandbox.records import Limits
from sandbox.records import AssertTest

def problem(number):
    test = AssertTest(code=f"assert f() == {number}", names=("f",))
    limits = Limits(cpu_s=4.0 if number < 4 else 8.0)
    split = "test" if number % 2 else "train"
    return Problem(task_id=str(number), benchmark="toy", split=split, statement="", tests=(test,), limits=limits)

toy = Benchmark(
    name="toy",
    problems=lambda data: {str(number): problem(number) for number in range(1, 6)},
    problem_sets={"low": lambda infos: [info.task_id for info in infos if int(info.task_id) < 5]},
)
"""
ROWS = [
    {"task_id": str(task), "completion": f"def f(): return {answer}"}
    for task in (1, 2, 3, 4, 5) for answer in (task, 0, 3)
]  # fmt: skip


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Work in a folder with a benchmark of five problems and three samples of each."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toy.py").write_text(BENCHMARK)
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
    return tmp_path


def score(out, *options, samples="rows.jsonl"):
    """Judge samples and return the exit code."""
    return run(["score", samples, "--benchmark", "toy.py:toy", "--k", "1,2", "--out", out, *options])


def outcome(folder):
    """Return the bytes of what came of a run."""
    return {name: (folder / name).read_bytes() for name in ("result.json", "report.md", "samples.jsonl", "run.json")}


def keys(folder):
    """Return what the evaluations of a run are of."""
    rows = map(json.loads, (folder / "evaluations.jsonl").read_text().splitlines())
    return sorted((row["task_id"], row["index"], row["verdict"]) for row in rows)


@pytest.mark.parametrize("options", [[], ["--problem-set", "low"], ["--split", "test"]])
def test_merged_shards_are_the_undivided_run(place, options):
    """To the byte, whatever the order in which they are named; usual limits are those of most of all problems."""
    assert score("whole", *options) == 0
    for number in (1, 2, 3):
        assert score(f"part{number}", "--shard", f"{number}/3", *options) == 0

    assert run(["merge", "part3", "part1", "part2", "--out", "merged"]) == 0

    assert outcome(place / "merged") == outcome(place / "whole")
    assert keys(place / "merged") == keys(place / "whole")


def test_a_shard_has_every_nth_problem_and_says_so(place):
    """From the Ith on, in the benchmark's order; its result and report are of no more than that."""
    score("part", "--shard", "2/3")

    (result,) = msgspec.json.decode((place / "part" / "result.json").read_bytes(), type=tuple[Result, ...])
    assert [tally.task_id for tally in result.tallies] == ["2", "5"]
    assert result.conditions.shard == "2/3"
    assert "2 problems (shard 2/3 of train, test), 6 samples" in (place / "part" / "report.md").read_text()


def test_samples_of_a_shard_are_judged_as_that_shard(place):
    """Scoring the folder of a shard again needs no option, and can be merged."""
    score("whole")
    for number in (1, 2):
        score(f"part{number}", "--shard", f"{number}/2")
        assert score(f"again{number}", samples=f"part{number}") == 0

    assert run(["merge", "again1", "again2", "--out", "merged"]) == 0

    assert outcome(place / "merged") == outcome(place / "whole")


def test_sandbox_errors_that_remained_are_merged_once(place):
    """However often the same sample failed, its last row counts, after those that were judged."""
    for number in (1, 2):
        score(f"part{number}", "--shard", f"{number}/2")
    path = place / "part1" / "evaluations.jsonl"
    first, *rest = path.read_text().splitlines(keepends=True)
    failed, again = (
        json.dumps(json.loads(first) | {"verdict": "sandbox_error", "detail": detail}) for detail in ("once", "twice")
    )
    path.write_text("".join((f"{failed}\n", *rest, f"{again}\n")))

    assert run(["merge", "part1", "part2", "--out", "merged"]) == 0

    rows = [json.loads(row) for row in (place / "merged" / "evaluations.jsonl").read_text().splitlines()]
    assert len(rows) == len(ROWS)
    assert [(row["index"], row["detail"]) for row in rows if row["verdict"] == "sandbox_error"] == [(0, "twice")]
    assert rows[len(rest)]["detail"] == "twice"


def test_a_merge_can_be_given_again(place):
    """The same shards go on into the same folder."""
    for number in (1, 2):
        score(f"part{number}", "--shard", f"{number}/2")
    run(["merge", "part1", "part2", "--out", "merged"])
    whole = outcome(place / "merged")
    (place / "merged" / "result.json").unlink()

    assert run(["merge", "part1", "part2", "--out", "merged"]) == 0

    assert outcome(place / "merged") == whole


@pytest.mark.parametrize(
    ("named", "reason"),
    [
        (["part1"], "1 of 2 shards are missing: 2/2; name their folders too"),
        (["part1", "part1again"], "part1again: is shard 1/2, as is part1; leave one of them out"),
        (["part1", "third"], "third: is a shard of another run than part1, which has 2 shards"),
        (["part1", "exhaustive"], "exhaustive: is a shard of another run than part1, its exhaustive differs"),
        (["part1", "whole"], "whole: is not a shard, it was made without --shard; leave it out"),
        (["part1", "test"], "does not hold the problems of shard 1/2 of these 3; make all shards from the same"),
        (["part1", "killed"], "killed: is not finished; give the command that made it once more"),
        (["part1", "gone"], "gone: holds no run.json, which part1 has; finish it or leave it out"),
        (["gone"], "gone: holds no run.json; name the folders that were made with --shard"),
    ],
)
def test_what_is_no_whole_is_refused(place, capsys, named, reason):
    """One line, and nothing is written."""
    for name, options in {
        "part1": ["1/2"], "part1again": ["1/2"], "third": ["3/3"], "exhaustive": ["2/2", "--exhaustive"],
        "test": ["2/2", "--split", "test"], "killed": ["2/2"],
    }.items():  # fmt: skip
        if name in named:
            score(name, "--shard", *options)
    if "whole" in named:
        score("whole")
    if "killed" in named:
        path = place / "killed" / "evaluations.jsonl"
        path.write_bytes(path.read_bytes()[:-30])
    capsys.readouterr()

    assert run(["merge", *named, "--out", "merged"]) == 2

    assert reason in capsys.readouterr().err
    assert not (place / "merged" / "result.json").exists()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--shard", "0/2"], "'0/2' is not a shard such as 3/16"),
        (["--shard", "3/2"], "'3/2' is not a shard such as 3/16"),
        (["--shard", "3"], "'3' is not a shard such as 3/16"),
        (["--shard", "6/7"], "--shard 6/7: there are only 5 problems; use at most that many shards"),
    ],
)
@pytest.mark.usefixtures("place")
def test_no_such_shard(capsys, options, reason):
    """One line that says what a shard is."""
    assert score("part", *options) == 2

    assert reason in capsys.readouterr().err


def test_merged_drawings_are_the_undivided_drawing(proctor, tmp_path):
    """`generate` in shards: the same generation.json and samples."""
    proctor("generate", out="whole")
    for number in (1, 2, 3):
        assert proctor("generate", "--shard", f"{number}/3", out=f"part{number}") == 0

    assert run(["merge", "part2", "part3", "part1", "--out", "merged"]) == 0

    files = {path.name: path.read_bytes() for path in (tmp_path / "whole").iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "merged").iterdir()} == files


def test_merged_runs_are_the_undivided_run(proctor, tmp_path):
    """`run` in shards: all of its files."""
    proctor("run", "--problem-set", "even", out="whole")
    for number in (1, 2):
        assert proctor("run", "--problem-set", "even", "--shard", f"{number}/2", out=f"part{number}") == 0

    assert run(["merge", "part1", "part2", "--out", "merged"]) == 0

    assert outcome(tmp_path / "merged") == outcome(tmp_path / "whole")
    generation = "generation.json"
    assert (tmp_path / "merged" / generation).read_bytes() == (tmp_path / "whole" / generation).read_bytes()


def test_a_shard_without_evaluations_is_told(place, capsys):
    """One line that names the file."""
    for number in (1, 2):
        score(f"part{number}", "--shard", f"{number}/2")
    (place / "part2" / "evaluations.jsonl").unlink()
    capsys.readouterr()

    assert run(["merge", "part1", "part2", "--out", "merged"]) == 2

    assert "evaluations.jsonl: there is no such file" in capsys.readouterr().err


def test_an_unfinished_drawing_is_refused(proctor, tmp_path, capsys):
    """Though nothing is judged yet."""
    for number in (1, 2):
        proctor("generate", "--shard", f"{number}/2", out=f"part{number}")
    path = tmp_path / "part2" / "samples.jsonl"
    path.write_bytes(path.read_bytes()[:-30])

    assert run(["merge", "part1", "part2", "--out", "merged"]) == 2

    assert "part2: is not finished; give the command that made it once more" in capsys.readouterr().err
    assert not (tmp_path / "merged").exists()
