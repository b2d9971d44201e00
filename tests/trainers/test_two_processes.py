"""Two processes that `accelerate launch` starts train as one does: the same losses, the same weights.

They meet by gloo, with the whole model in each of them or with half of it. accelerate shares out models over GPUs only:
so that a CPU can do it, the started program says that its processes are of such a kind; all the rest goes its way.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from trainers import losses, methods
from trainers.config import TrainingOptions

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
LAUNCH = (
    "-m accelerate.commands.launch --num_processes 2 --num_machines 1 --mixed_precision no --dynamo_backend no "
    "--main_process_port 0"
)
WHOLE = "--multi_gpu"
"""With `--cpu` accelerate would start one process only."""
ON_A_CPU = {"ACCELERATE_USE_CPU": "true", "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
IN_PARTS = "--use_fsdp --fsdp_version 2 --fsdp_auto_wrap_policy TRANSFORMER_BASED_WRAP"
SHARING = """
from accelerate import Accelerator, DistributedType, FullyShardedDataParallelPlugin, PartialState

Accelerator().state.fsdp_plugin = FullyShardedDataParallelPlugin()
PartialState().distributed_type = DistributedType.FSDP
"""
KILLED = """
import os, signal
from trainers import loop

append = loop.append


def killed_at_13(file, row):
    append(file, row)
    if row.step == 13:
        os.kill(os.getpid(), signal.SIGKILL)


loop.append = killed_at_13
"""
PROCTOR = """
from accelerate import Accelerator
from harness.cli.main import main

assert Accelerator().num_processes == 2
main()
"""
STEPS = 20
OPTIONS = TrainingOptions(learning_rate=1e-3, max_steps=STEPS)
TOLERANCES = {"float32": 1e-5, "bfloat16": 1e-2}
"""Of a loss near zero, too: it is the difference of log-probabilities that are a hundred times as large."""


@pytest.fixture
def groups(make_groups):
    """Return a folder of eight groups."""
    return make_groups(8)


@pytest.fixture
def launch(tmp_path, tiny_base, groups):
    """Return a function that trains in two processes and returns how they ended."""

    def run(program, how, out, *settings, method="trainers.methods:rloo"):
        (tmp_path / "proctor.py").write_text(program)
        command = ["train", method, "--groups", groups, "--model", tiny_base, "--out", out]
        usual = ["--learning-rate", "1e-3", "--max-steps", str(STEPS)]
        return subprocess.run(
            [sys.executable, *LAUNCH.split(), *how.split(), tmp_path / "proctor.py", *command, *usual, *settings],
            env=os.environ | ON_A_CPU | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


def metrics(folder):
    """Return the rows of metrics.jsonl."""
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def weights(folder):
    """Return the weights that a checkpoint holds."""
    (file,) = folder.glob("*model.safetensors")
    return load_file(file)


def assert_same_training(shared, alone, tolerance=TOLERANCES["float32"]):
    """Hold every row and every weight of one folder against those of the other."""
    one, two = metrics(alone), metrics(shared)
    for name in ("loss", "accepted", "rejected", "gradient_norm", "learning_rate", "groups", "tokens"):
        assert [row[name] for row in two] == pytest.approx(
            [row[name] for row in one], rel=tolerance, abs=10 * tolerance
        ), name
    assert len(two) == STEPS
    expected, found = weights(alone), weights(shared)
    assert expected.keys() == found.keys()
    assert all((expected[name] - found[name]).abs().max() < 10 * tolerance for name in expected)


def test_two_processes_train_as_one(tmp_path, groups, tiny_base, launch):
    """Each takes one of the two groups of a step; a mean over both is the same as one's."""
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    methods.rloo.train(groups, str(tiny_base), alone, OPTIONS)

    done = launch(PROCTOR, WHOLE, shared)

    assert done.returncode == 0, done.stderr
    assert_same_training(shared, alone)


def test_two_halves_of_a_model_train_as_one_also_after_a_kill(tmp_path, groups, tiny_base, launch):
    """Killed at step 13 with the state of step 10, from which two processes go on, or a single one."""
    alone, shared, left = tmp_path / "alone", tmp_path / "shared", tmp_path / "left"
    options = msgspec.structs.replace(OPTIONS, batch_groups=4)
    methods.rloo.train(groups, str(tiny_base), alone, options)
    settings = ["--batch-groups", "4", "--save-every-steps", "5"]

    killed = launch(SHARING + KILLED + PROCTOR, IN_PARTS, shared, *settings)
    before = metrics(shared)
    shutil.copytree(shared, left)
    done = launch(SHARING + PROCTOR, IN_PARTS, shared, *settings)
    methods.rloo.train(groups, str(tiny_base), left, options)

    assert killed.returncode != 0
    assert len(before) == 13
    assert done.returncode == 0, done.stderr
    for folder in (shared, left):
        assert metrics(folder)[:10] == before[:10]  # the clock's share, too: they were not taken again
        assert_same_training(folder, alone)
    assert (shared / "config.json").read_bytes() == (alone / "config.json").read_bytes()
    assert AutoModelForCausalLM.from_pretrained(shared).dtype == torch.float32


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_an_adapter_on_two_halves_of_a_model_trains_as_one(tmp_path, groups, tiny_base, launch, dtype):
    """They go on from the first step of a single process; without dropout, which differs between processes."""
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    options = msgspec.structs.replace(
        OPTIONS, lora_rank=4, lora_dropout=0.0, dtype=dtype, gradient_checkpointing=True, packing=False
    )
    methods.rloo.train(groups, str(tiny_base), alone, options)
    methods.rloo.train(groups, str(tiny_base), shared, msgspec.structs.replace(options, max_hours=1e-9))

    adapter = ["--lora-rank", "4", "--lora-dropout", "0", "--dtype", dtype]
    settings = ["--gradient-checkpointing", "on", "--packing", "off", "--keep-every-steps", "15"]
    done = launch(SHARING + PROCTOR, IN_PARTS, shared, *adapter, *settings)

    assert done.returncode == 0, done.stderr
    assert_same_training(shared, alone, TOLERANCES[dtype])
    base = AutoModelForCausalLM.from_pretrained(tiny_base)
    loaded = PeftModel.from_pretrained(base, shared / "steps" / "00000015")
    assert any(weight.abs().sum() > 0 for name, weight in loaded.named_parameters() if "lora_B" in name)


def test_a_loss_with_a_reference_trains_as_one(tmp_path, groups, tiny_base, launch):
    """Two processes read what a single one stored; without it they say which command makes it."""
    alone, shared = tmp_path / "alone", tmp_path / "shared"

    refused = launch(SHARING + PROCTOR, IN_PARTS, shared, method="trainers.losses:dpo")
    losses.dpo.train(groups, str(tiny_base), alone, OPTIONS)
    done = launch(SHARING + PROCTOR, IN_PARTS, shared, method="trainers.losses:dpo")

    assert refused.returncode != 0
    assert "run proctor reference first" in refused.stderr
    assert done.returncode == 0, done.stderr
    assert_same_training(shared, alone)
