"""The bench of a training step runs whole on a CPU, on tiny shapes, and says what it can't measure there."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

BENCH = Path(__file__).parents[1] / "bench" / "bench_training_step.py"
SKIPPED = {("launch", "graph"), ("ways", "compiled"), ("lora", "compiled")}
"""What needs a GPU; on a CPU to compile takes longer than all the rest."""


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Run it once; return what it wrote, by part and way."""
    out = tmp_path_factory.mktemp("bench") / "records.jsonl"
    command = [sys.executable, str(BENCH), "--tiny", "--steps", "1", "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    found = {}
    for line in out.read_text().splitlines():
        record = json.loads(line)
        found.setdefault((record["part"], record["way"]), {}).update(record)
    return found


def test_every_part_is_measured_or_says_why_not(records):
    """None fails, and only what needs a GPU is skipped."""
    assert {key: record["failed"] for key, record in records.items() if "failed" in record} == {}
    assert {key for key, record in records.items() if "skipped" in record} == SKIPPED
    assert {part for part, _ in records} == {"launch", "attention", "ways", "optimizer", "lora"}


def test_all_ways_compute_the_same_loss(records):
    """To the rounding of bfloat16."""
    for part, count in (("ways", 6), ("lora", 3)):
        losses = [record["loss"] for (its, _), record in records.items() if its == part and "loss" in record]
        assert len(losses) == count
        assert max(losses) - min(losses) < 2e-2


def test_both_attentions_have_the_same_result(records):
    """Of values near 1, to the rounding of bfloat16."""
    found = [record["apart"] for (part, _), record in records.items() if part == "attention"]

    assert len(found) == 2
    assert max(found) < 5e-2


def test_figures_are_of_a_step(records):
    """Each way has its time, its memory and its operations."""
    for (part, _), record in records.items():
        if part in {"ways", "lora"} and "skipped" not in record:
            assert record["step_s"] > 0
            assert record["operations"] > 100


def test_a_part_runs_alone_and_time_is_kept():
    """No time is left for any but what came first; the rest is named."""
    command = [sys.executable, str(BENCH), "--tiny", "--parts", "launch,optimizer", "--minutes", "0.0001"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert told.count("skipped: no time left") == 2
