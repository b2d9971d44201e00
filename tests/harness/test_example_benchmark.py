"""The benchmark in examples/: its references are right, and samples are judged by it."""

import json
from pathlib import Path

import pytest

from harness.cli.main import run

pytestmark = pytest.mark.slow

BENCHMARK = f"{Path(__file__).parents[2] / 'examples' / 'benchmark.py'}:clocks"


def test_the_references_are_right_and_nothing_is_wrong_with_the_problems(tmp_path):
    """An audit comes to two of two."""
    assert run(["audit", "--benchmark", BENCHMARK, "--repeat", "1", "--out", str(tmp_path / "limits.json")]) == 0
    assert set(json.loads((tmp_path / "limits.json").read_bytes())["cpu_s"]) == {"to_minutes", "later"}


def test_samples_are_judged_by_it(tmp_path):
    """Of a right and a wrong program for one problem, one is accepted: pass@1 is a half."""
    rows = [
        {"task_id": "to_minutes", "completion": "def minutes(clock):\n    return int(clock[:2]) * 60 + int(clock[3:])"},
        {"task_id": "to_minutes", "completion": "def minutes(clock):\n    return int(clock[:2]) * 60"},
    ]
    (tmp_path / "tries.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    assert run(["score", str(tmp_path / "tries.jsonl"), "--benchmark", BENCHMARK, "--out", str(tmp_path / "run")]) == 0

    (result,) = json.loads((tmp_path / "run" / "result.json").read_bytes())
    assert result["scores"][0]["value"] == pytest.approx(0.5)
