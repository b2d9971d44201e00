"""Two processes that `accelerate launch` starts train as one does: the same losses, the same weights."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

from trainers import methods
from trainers.options import TrainingOptions

ROOT = Path(__file__).parents[2]
LAUNCH = (
    "-m accelerate.commands.launch --cpu --num_processes 2 --num_machines 1 --mixed_precision no --dynamo_backend no "
    "--main_process_port 0"
)
PROCTOR = "from harness.cli.main import main\n\nmain()\n"
STEPS = 20
TOLERANCE = 1e-5


def metrics(folder):
    """Return the rows of metrics.jsonl."""
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_two_processes_train_as_one(tmp_path, make_groups, tiny_base):
    """Each takes one of the two groups of a step, and they meet by gloo; a mean over both is the same as one's."""
    groups, alone, shared = make_groups(8), tmp_path / "alone", tmp_path / "shared"
    options = TrainingOptions(learning_rate=1e-3, max_steps=STEPS)
    methods.rloo.train(groups, str(tiny_base), alone, options)
    (tmp_path / "proctor.py").write_text(PROCTOR)
    asked = ["train", "trainers.methods:rloo", "--groups", groups, "--model", tiny_base, "--out", shared]
    settings = ["--learning-rate", "1e-3", "--max-steps", str(STEPS)]

    done = subprocess.run(
        [sys.executable, *LAUNCH.split(), tmp_path / "proctor.py", *asked, *settings],
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    one, two = metrics(alone), metrics(shared)
    for name in ("loss", "accepted", "rejected", "gradient_norm", "learning_rate", "groups", "tokens"):
        assert [row[name] for row in two] == pytest.approx([row[name] for row in one], rel=TOLERANCE), name
    assert len(two) == STEPS
    weights = [load_file(folder / "model.safetensors") for folder in (alone, shared)]
    assert all((weights[0][name] - weights[1][name]).abs().max() < 1e-4 for name in weights[0])
