"""Trains a policy by one of the methods: on one processor or, started by `accelerate launch`, on several."""

import math
import time
from contextlib import ExitStack
from pathlib import Path

from accelerate import Accelerator
from accelerate.utils import is_tensorboard_available, is_wandb_available

from harness.errors import UserError
from harness.generation.threads import choose_threads
from harness.progress import say
from harness.runs.jsonl import sole_writer
from trainers.checkpoint_writer import CheckpointWriter
from trainers.compile.data_card import read_card
from trainers.config import TrainingOptions
from trainers.dataset import weighted_groups
from trainers.loop import Loop
from trainers.policy import Policy
from trainers.sharding import refuse_other_sharding
from trainers.trainer import Checkpoint, Weigh
from trainers.training_run import METRICS_FILE, TrainingRecord, finished, groups_sha256, open_training, refuse_another


def train_by(weigh: Weigh, method: str, *, groups: Path, model: str, out: Path, options: TrainingOptions) -> Checkpoint:
    """Train the model by the weighted log-likelihood of the groups; see `Trainer.train`.

    What was trained before a kill is not trained again, but for the steps since the state was last saved; on a CPU,
    with as many threads, the weights come out the same to the bit. With `max_hours` the checkpoint that is returned may
    be that of a step before the last, in a folder below `out`.

    Args:
        weigh: The method's function from rewards to weights.
        method: Name of the method, for the record.
        groups: Folder or file of the groups.
        model: Folder of the base model, or its name on the hub.
        out: Folder of the checkpoint; it is made, or resumed where it holds the same training.
        options: Settings of the training.

    Returns:
        The record of the checkpoint.

    Raises:
        UserError: As for `Trainer.train`.
    """
    until_s = math.inf if options.max_hours is None else time.monotonic() + 3600 * options.max_hours
    weighted = weighted_groups(groups, weigh, options)
    accelerator = _accelerator(options, out)
    _refuse_combinations(options, accelerator)
    policy = Policy(model, options)
    if accelerator.device.type == "cpu":
        say(f"{model} is trained on the CPU with {choose_threads(policy.parameters)}")
    record = TrainingRecord(
        method=method,
        base=policy.base,
        base_weights=policy.weights_id,
        groups_sha256=groups_sha256(groups),
        options=options,
    )
    refuse_another(out, record)
    if checkpoint := finished(out):
        return checkpoint
    accelerator.wait_for_everyone()
    with ExitStack() as stack:
        metrics = None
        if accelerator.is_main_process:
            open_training(out, record)
            metrics = stack.enter_context(sole_writer(out / METRICS_FILE))
        accelerator.wait_for_everyone()
        card = read_card(groups, record.groups_sha256)
        writer = CheckpointWriter(policy, record, card=card, out=out, accelerator=accelerator)
        loop = Loop(policy, weighted, options=options, writer=writer, out=out, accelerator=accelerator)
        return loop.run(metrics, until_s)


def _accelerator(options: TrainingOptions, out: Path) -> Accelerator:
    available = {"none": True, "tensorboard": is_tensorboard_available(), "wandb": is_wandb_available()}
    if not available[options.report_to]:
        raise UserError(f"--report-to {options.report_to}: not installed; pip install {options.report_to}")
    tracker = None if options.report_to == "none" else options.report_to
    return Accelerator(mixed_precision="no", log_with=tracker, project_dir=str(out))  # --dtype alone decides the type


def _refuse_combinations(options: TrainingOptions, accelerator: Accelerator) -> None:
    refuse_other_sharding(accelerator)
    if options.packing and options.attention != "sdpa":
        raise UserError(f"--attention {options.attention} can't compute a packed row; add --packing off")
    if options.batch_groups % accelerator.num_processes:
        raise UserError(
            f"--batch-groups {options.batch_groups} can't be split over {accelerator.num_processes} processes; "
            "choose a multiple of their number"
        )
