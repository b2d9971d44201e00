"""LiveCodeBench from rows to a report, through the command line."""

import json
from pathlib import Path

import pytest
from lcb_rows import call_row, stdin_row

from harness.cli.main import run

pytestmark = pytest.mark.slow

BENCHMARK = "harness.benchmarks.livecodebench:livecodebench"
PROGRAMS = {
    "doubles": "print(2 * int(input()))",
    "imports_nothing": "print(reduce(add, [int(input())] * 2))",
    "reads_it_late": "if __name__ == '__main__':\n    print(f'{2.0 * int(input())}'.split('.')[0])",
    "wrong_in_private": "print(4)",
    "pairs": "class Solution:\n    def pairs(self, a: List[int], b: str):\n        return [tuple(a)] if a else []",
}


@pytest.fixture
def score(tmp_path):
    """Return a function that scores the programs by some options: exit code and the results."""
    rows = [stdin_row(name) for name in PROGRAMS if name != "pairs"]
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in [*rows, call_row("pairs")]))
    samples = [{"task_id": name, "completion": program} for name, program in PROGRAMS.items()]
    (tmp_path / "m.jsonl").write_text("".join(f"{json.dumps(sample)}\n" for sample in samples))
    where = ["--benchmark", BENCHMARK, "--data", str(tmp_path / "rows.jsonl"), "--out", str(tmp_path / "run")]

    def score(*options):
        code = run(["score", str(tmp_path / "m.jsonl"), *where, *options])
        path = tmp_path / "run" / "result.json"
        return code, json.loads(path.read_bytes())[0] if path.exists() else None

    return score


def test_samples_are_judged_by_public_and_private_tests(score, tmp_path):
    """A tuple is a list, many names need no import, and the report has a row for each month."""
    code, result = score()

    assert code == 0
    assert {tally["task_id"]: tally["c"] for tally in result["tallies"]} == {
        "doubles": 1, "imports_nothing": 1, "reads_it_late": 1, "wrong_in_private": 0, "pairs": 1,
    }  # fmt: skip
    assert {tally["date"] for tally in result["tallies"]} == {"2024-08-17", "2024-09-01"}
    lines = Path(tmp_path / "run" / "report.md").read_text().splitlines()
    assert [line.split("|")[1:3] for line in lines if line.startswith("| 2024-")] == [
        [" 2024-08   ", " 4        "], [" 2024-09   ", " 1        "],
    ]  # fmt: skip


def test_a_window_selects_problems_by_their_dates(score):
    """Samples of others are not judged, and the result bears the window's name."""
    code, result = score("--problem-set", "2024-09..2024-09")

    assert code == 0
    assert [tally["task_id"] for tally in result["tallies"]] == ["pairs"]
    assert result["conditions"]["problem_set"] == "2024-09..2024-09"


def test_a_release_that_is_not_whole_is_refused(score, capsys):
    """Five problems are no release."""
    code, result = score("--problem-set", "release_v1")

    assert (code, result) == (2, None)
    assert "release_v1: is 400 problems of LiveCodeBench's files" in capsys.readouterr().err


def test_an_audit_reads_every_problem(tmp_path, capsys):
    """There are no references; a malformed row is a finding."""
    rows = [stdin_row("good"), stdin_row("bad", metadata="{")]
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    assert run(["audit", "--benchmark", BENCHMARK, "--data", str(tmp_path / "rows.jsonl"), "--repeat", "1"]) in {0, 1}
    assert "its metadata is not JSON" in capsys.readouterr().out
