"""`proctor score` with the real sandbox: what it writes, says and returns."""

import hashlib
import json

import msgspec
import pytest

from harness.cli.main import run
from harness.examination import evaluate
from harness.runs.records import PromptCardId, Result, Run
from sandbox.records import Judgement, Verdict

pytestmark = pytest.mark.slow

BENCHMARK = """
from harness.benchmarks.benchmark import Benchmark
from harness.runs.records import Problem
from sandbox.records import AssertTest

def problem(task_id, split, answer):
    test = AssertTest(code=f"assert f() == {answer}", names=("f",))
    return Problem(task_id=task_id, benchmark="toy", split=split, statement="", tests=(test,))

toy = Benchmark(
    name="toy",
    problems=lambda data: {"1": problem("1", "test", 1), "2": problem("2", "train", 2), "3": problem("3", "test", 3)},
    problem_sets={
        "trained": lambda infos: [info.task_id for info in infos if info.split == "train"],
        "whole": lambda infos: [info.task_id for info in infos],
    },
)
"""
ROWS = [
    {"task_id": "1", "model": "gpt", "completion": "def f(): return 1"},
    {"task_id": "1", "model": "gpt", "completion": "def f(): return 2"},
    {"task_id": "2", "model": "gpt", "completion": "def f(): return 2"},
    {"task_id": "2", "model": "gpt", "completion": "def f(): return 2"},
    {"task_id": "1", "model": "other", "completion": "def f(: return 1"},
    {"task_id": "1", "model": "other", "completion": "def f(): return 1 / 0"},
]


@pytest.fixture
def score(tmp_path, monkeypatch):
    """Return a function that runs `proctor score` in a folder with a benchmark and samples, writing to `run`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toy.py").write_text(BENCHMARK)
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))

    def score_with(*options, samples="rows.jsonl", benchmark="toy.py:toy", out="run"):
        return run(["score", samples, "--benchmark", benchmark, "--out", out, "--workers", "2", *options])

    return score_with


@pytest.fixture
def fail(monkeypatch):
    """Return a function that makes the sandbox fail in a given way."""

    def fail_with(error=None):
        def judge_all(cases, _jail, _workers, _halt, **_):
            if error:
                raise error
            for _ in cases:
                yield Judgement(verdict=Verdict.SANDBOX_ERROR, per_test=(), cpu_s=0.0, detail="no more memory files")

        monkeypatch.setattr(evaluate, "judge_all", judge_all)

    return fail_with


def test_equal_samples_are_warned_of(score, tmp_path, capsys):
    """On stderr and in the report: two samples a problem, all of them equal, and empty ones are no programs."""
    rows = [{"task_id": task_id, "completion": text} for task_id, text in (("1", "def f(): return 1"), ("2", "")) * 2]
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    assert score("--k", "1,2") == 0

    warning = "are equal, byte for byte, in 2 of 2 problems with several (temperature unknown)"
    report = (tmp_path / "run" / "report.md").read_text()
    err = capsys.readouterr().err
    assert (warning in err, "so pass@2 is not an estimate" in err, warning in report) == (True, True, True)
    assert "extraction: entry_point (50.00 % without a program, 0.00 % cut off)" in report


def test_score_writes_a_run(score, tmp_path, capsys):
    """The folder holds all five files, and the table was printed: gpt has (1/2 + 1) / 2, other nothing."""
    assert score("--k", "2,1") == 0

    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "run.json",
        "samples.jsonl",
        "evaluations.jsonl",
        "result.json",
        "report.md",
    }
    gpt, other = msgspec.json.decode((tmp_path / "run" / "result.json").read_bytes(), type=tuple[Result, ...])
    assert [(s.k, s.value) for s in gpt.scores if s.kind == "all"] == [(1, 0.75), (2, 1.0)]
    assert {verdict: n for verdict, n in other.verdict_counts.items() if n} == {"runtime_error": 1, "compile_error": 1}
    asked = msgspec.json.decode((tmp_path / "run" / "run.json").read_bytes(), type=Run)
    assert (asked.conditions.benchmark, asked.conditions.splits, asked.k) == ("toy", ("test", "train"), (1, 2))
    out = capsys.readouterr().out
    assert (tmp_path / "run" / "report.md").read_text() in out
    assert out.endswith("Results written to run\n")


def test_score_prints_json(score, tmp_path, capsys):
    """With --json the output is result.json and nothing else."""
    assert score("--json") == 0

    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "run" / "result.json").read_text())


@pytest.mark.parametrize(("options", "reused"), [((), 1), (("--no-reuse",), 0)])
def test_equal_programs_are_judged_once_and_counted(score, tmp_path, capsys, options, reused):
    """Of the two that are equal, of gpt for task 2; asked to, each is judged, with the same result to the byte."""
    assert score(*options) == 0
    assert score("--no-reuse", out="again") == 0

    told = capsys.readouterr().out
    assert told.count("\n1 of the samples have the judgement of an equal program; see --no-reuse\n") == reused
    rows = (tmp_path / "run" / "evaluations.jsonl").read_text().splitlines()
    assert [row["task_id"] for row in map(json.loads, rows) if row["reused"]] == ["2"] * reused
    for name in ("result.json", "report.md", "run.json", "samples.jsonl"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_more_workers_than_processors_are_capped_with_a_word(score, capsys, monkeypatch):
    """One for each, as the operating system tells it."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})

    assert score() == 0

    first, *_ = capsys.readouterr().err.splitlines()
    assert first == "proctor: --workers 1 in place of 2: more than one a core is slower"


def test_score_of_one_split(score, tmp_path):
    """--split leaves the others out."""
    assert score("--split", "train") == 0

    (gpt,) = msgspec.json.decode((tmp_path / "run" / "result.json").read_bytes(), type=tuple[Result, ...])
    assert (gpt.conditions.splits, [tally.task_id for tally in gpt.tallies]) == (("train",), ["2"])


def test_contaminated_problems_are_scored_apart(score, tmp_path, capsys):
    """Task 2 is solved twice, task 1 half: 75 % with both, 50 % without it; the run in the folder goes on."""
    (tmp_path / "seen.txt").write_text("2\nnone of ours\n")
    assert score() == 0
    assert score("--contaminated", "seen.txt") == 0

    gpt, _ = msgspec.json.decode((tmp_path / "run" / "result.json").read_bytes(), type=tuple[Result, ...])
    (row,) = gpt.clean_scores
    assert (gpt.contaminated, row.full, row.value, row.gain) == (("2",), 0.75, 0.5, 0.25)
    assert "| all              | 1        | 1 | 75.00        | 50.00 (" in capsys.readouterr().out


def test_score_of_a_problem_set(score, tmp_path):
    """The samples of other problems are left out, and the set is named in the result and told from all the rest."""
    assert score("--problem-set", "trained") == 2  # `other` has no samples of task 2
    rows = [json.dumps(row) for row in ROWS if row["model"] == "gpt"]
    (tmp_path / "gpt.jsonl").write_text("\n".join(rows))

    assert score("--problem-set", "trained", samples="gpt.jsonl") == 0

    (gpt,) = msgspec.json.decode((tmp_path / "run" / "result.json").read_bytes(), type=tuple[Result, ...])
    assert (gpt.conditions.problem_set, [tally.task_id for tally in gpt.tallies]) == ("trained", ["2"])
    assert "1 problems (trained), 2 samples" in (tmp_path / "run" / "report.md").read_text()


def test_the_prompt_card_stands_in_the_result(score, tmp_path):
    """By the name and the hash of its file; a run that is scored again keeps it."""
    card = (
        b"about = 'mine'\nn = 1\ntemperature = 0\ntop_p = 1\nmax_tokens = 9\nstop = ['#']\n[text]\nassert = '{tests}'\n"
    )
    (tmp_path / "zero-shot.toml").write_bytes(card)
    sha256 = hashlib.sha256(card).hexdigest()

    assert score("--prompt-card", "zero-shot.toml") == 0
    assert score(samples="run", out="again") == 0

    gpt, _ = msgspec.json.decode((tmp_path / "again" / "result.json").read_bytes(), type=tuple[Result, ...])
    assert gpt.conditions.prompt_card == PromptCardId(name="zero-shot", sha256=sha256, stop=("#",))
    assert (tmp_path / "again" / "result.json").read_bytes() == (tmp_path / "run" / "result.json").read_bytes()


def test_calibrated_limits_count(score, tmp_path):
    """--limits sets the time of the problems that it names, and the result names the file."""
    limits = {"benchmark": "toy", "python": "", "proctor": "", "repeat": 3, "cpu_s": {"1": 8.0, "2": 8.0}}
    (tmp_path / "limits.json").write_text(json.dumps(limits))

    assert score("--limits", "limits.json") == 0

    gpt, _ = msgspec.json.decode((tmp_path / "run" / "result.json").read_bytes(), type=tuple[Result, ...])
    assert (gpt.conditions.limits.cpu_s, gpt.conditions.limits.wall_s, gpt.conditions.limits_file) == (
        8.0,
        20.0,
        "limits.json",
    )
    assert score() == 2  # another run: other limits


def test_samples_are_judged_task_by_task(score, tmp_path):
    """Whatever the order of the file, so that a problem is decoded once; the samples stay in the order of the file."""
    (tmp_path / "mixed.jsonl").write_text("".join(f"{json.dumps(ROWS[number])}\n" for number in (2, 0, 3, 1)))

    assert score(samples="mixed.jsonl") == 0

    keys = {
        name: [
            (row["task_id"], row["index"])
            for row in map(json.loads, (tmp_path / "run" / name).read_text().splitlines())
        ]
        for name in ("samples.jsonl", "evaluations.jsonl")
    }
    assert keys["samples.jsonl"] == [("2", 0), ("1", 0), ("2", 1), ("1", 1)]
    assert keys["evaluations.jsonl"] == [("1", 0), ("1", 1), ("2", 0), ("2", 1)]


def test_a_run_can_be_scored_again(score, tmp_path):
    """The samples of a run folder give the same result in another one."""
    score()

    assert score(samples="run", out="again") == 0
    assert (tmp_path / "again" / "result.json").read_bytes() == (tmp_path / "run" / "result.json").read_bytes()


@pytest.mark.parametrize("kept", [0, 0.3, 0.7, 1])
def test_a_killed_run_is_resumed_to_the_same_bytes(score, tmp_path, kept):
    """Whatever share of the evaluations was written, the same command completes the run; no whole row is lost."""
    score("--k", "1,2")
    folder = tmp_path / "run"
    whole = {name: (folder / name).read_bytes() for name in ("result.json", "report.md", "samples.jsonl", "run.json")}
    rows = (folder / "evaluations.jsonl").read_bytes()
    rows = rows[: int(len(rows) * kept)]
    (folder / "evaluations.jsonl").write_bytes(rows)
    (folder / "result.json").unlink()

    assert score("--k", "1,2") == 0

    assert {name: (folder / name).read_bytes() for name in whole} == whole
    assert (folder / "evaluations.jsonl").read_bytes().startswith(rows[: rows.rfind(b"\n") + 1])


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"samples": "gone.jsonl"}, "gone.jsonl: there is no such file"),
        ({"samples": "."}, "is neither the folder of a run, which has a samples.jsonl"),
        ({"samples": "toy.py"}, "toy.py: is a Python file"),
        ({"samples": "unknown.jsonl"}, "unknown.jsonl:1: toy has no task '9'"),
        ({"benchmark": "tay"}, "there is no benchmark 'tay'. Choose from"),
        ({"options": ["--split", "dev"]}, "there is no split 'dev'. Choose from all, test, train"),
        ({"options": ["--problem-set", "half"]}, "toy: there is no problem set 'half'. Choose from trained, whole"),
        ({"options": ["--problem-set", "whole"]}, "gpt has no samples of 1 of its 3 problems, such as task 3"),
        ({"options": ["--problem-set", "trained", "--split", "test"]}, "give only one"),
        ({"options": ["--limits", "gone.json"]}, "gone.json: there is no such file"),
        ({"options": ["--limits", "limits.json"]}, "limits.json: has a limit for task '7' of tay"),
        ({"options": ["--prompt-card", "gone.toml"]}, "gone.toml: can't be read: No such file"),
        ({"options": ["--extraction", "magic"]}, "'magic' is not"),
        ({"options": ["--k", "1,3"]}, "task 1 has n = 2 samples by gpt, too few for pass@k with k = 3"),
        ({"options": ["--k", "0"]}, "'0' is not a comma-separated list of whole numbers"),
        ({"options": ["--isolation", "seccomp,wall"]}, "no such layer: wall; there are"),
        ({"options": ["--python", "/no/such/python"]}, "/no/such/python"),
        ({"options": ["--allow", "numpy,nosuch"]}, "--allow nosuch: no such package is installed"),
        ({"options": ["--allow", "numpy,../etc"]}, "'../etc' is not the name of a package"),
        ({"options": ["--preload", "nosuch"]}, "--preload nosuch: No module named 'nosuch'"),
        ({"options": ["--tea"]}, "No such option"),
        ({"out": "toy.py"}, "toy.py: is a file"),
        ({"out": "."}, "holds files, but no run.json"),
    ],
)
def test_a_mistake_is_one_line(score, tmp_path, capsys, options, problem):
    """Exit code 2, one line on stderr that says what and where, nothing on stdout, no folder left."""
    (tmp_path / "unknown.jsonl").write_text('{"task_id": "9", "completion": ""}\n')
    other = {"benchmark": "tay", "python": "", "proctor": "", "repeat": 1, "cpu_s": {"1": 8.0, "7": 8.0}}
    (tmp_path / "limits.json").write_text(json.dumps(other))
    before = sorted(tmp_path.iterdir())

    assert score(*options.pop("options", []), **options) == 2

    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert problem in err
    assert sorted(tmp_path.iterdir()) == before


def test_another_run_in_out_is_refused(score, tmp_path, capsys):
    """What differs is named, and the earlier run stays as it is."""
    score()
    before = (tmp_path / "run" / "evaluations.jsonl").read_bytes()

    assert score("--exhaustive") == 2

    assert "its exhaustive was false and is now true; choose another --out" in capsys.readouterr().err
    assert (tmp_path / "run" / "evaluations.jsonl").read_bytes() == before


def test_sandbox_errors_are_exit_code_3(score, fail, capsys):
    """They are counted and told, and only an option makes them harmless."""
    fail()

    assert score() == 3
    assert "the sandbox failed on 6 samples" in capsys.readouterr().err
    assert score("--allow-sandbox-errors") == 0


def test_a_fault_of_ours_is_a_traceback_and_exit_code_3(score, fail, capsys):
    """Python's own exit code would be 1, which means regression."""
    fail(RuntimeError("out of order"))

    assert score() == 3
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_is_resumable(score, fail, capsys):
    """Ctrl-C is exit code 130 and a line that says how to go on."""
    fail(KeyboardInterrupt())

    assert score() == 130
    assert capsys.readouterr().err == "proctor: interrupted; the same command resumes\n"


def test_no_isolation_must_be_spelled_out(score, tmp_path):
    """It is done when asked for, and stands in the result."""
    assert score("--isolation", "none") == 0

    assert "isolation: NONE" in (tmp_path / "run" / "report.md").read_text()
