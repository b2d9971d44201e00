"""Trains a policy by one of the methods: on one processor or, started by `accelerate launch`, on several."""

import math
import time
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

from accelerate import Accelerator
from accelerate.utils import InitProcessGroupKwargs, is_tensorboard_available, is_wandb_available

from harness.errors import UserError, install_command
from harness.generation.threads import choose_threads
from harness.progress import say
from harness.runs.jsonl import sole_writer
from trainers.checkpoint_writer import CheckpointWriter
from trainers.compile.data_card import read_card
from trainers.config import TrainingOptions
from trainers.dataset import weighted_groups
from trainers.examination import Examine, examiner
from trainers.loop import Loop
from trainers.policy import Policy
from trainers.reference import stored_reference
from trainers.sharding import refuse_other_sharding
from trainers.trainer import Checkpoint, TrainingMethod
from trainers.training_run import METRICS_FILE, TrainingRecord, finished, groups_sha256, open_training, refuse_another


def train_by(
    method: TrainingMethod, *, groups: Path, model: str, out: Path, options: TrainingOptions,
    examine: Examine | None = None,
) -> Checkpoint:  # fmt: skip
    """Train the model by the objective of a method on the groups; see `Trainer.train`.

    What was trained before a kill is not trained again, but for the steps since the state was last saved; on a CPU,
    with as many threads, the weights come out the same to the bit. With `max_hours` the checkpoint that is returned may
    be that of a step before the last, in a folder below `out`.

    Args:
        method: The method.
        groups: Folder or file of the groups.
        model: Folder of the base model, or its name on the hub.
        out: Folder of the checkpoint; it is made, or resumed where it holds the same training.
        options: Settings of the training.
        examine: Examines checkpoints on the way; by default on the benchmark that the options name, if any.

    Returns:
        The record of the checkpoint.

    Raises:
        UserError: As for `Trainer.train`.
    """
    until_s = math.inf if options.max_hours is None else time.monotonic() + 3600 * options.max_hours
    examine = examine or examiner(options)
    weighted = weighted_groups(groups, method.weigh, options)
    accelerator = _accelerator(options, out)
    _refuse_combinations(method, options, accelerator)
    policy = Policy(model, options)
    if accelerator.device.type == "cpu":
        say(f"{model} is trained on the CPU with {choose_threads(policy.parameters)}")
    record = TrainingRecord(
        method=method.name,
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
        reference = partial(stored_reference, policy=policy, groups=groups, options=options)
        loop = Loop(
            policy, weighted, method=method, reference=reference, options=options, writer=writer, out=out,
            accelerator=accelerator, examine=examine,
        )  # fmt: skip
        return loop.run(metrics, until_s)


_LONGEST_EXAMINATION = timedelta(days=1)
"""In which the other processes wait for the main one."""


def _accelerator(options: TrainingOptions, out: Path) -> Accelerator:
    available = {"none": True, "tensorboard": is_tensorboard_available(), "wandb": is_wandb_available()}
    if not available[options.report_to]:
        raise UserError(f"--report-to {options.report_to}: not installed; {install_command(options.report_to)}")
    tracker = None if options.report_to == "none" else options.report_to
    waits = [InitProcessGroupKwargs(timeout=_LONGEST_EXAMINATION)] if options.examine else []
    return Accelerator(  # --dtype alone decides the type
        mixed_precision="no", log_with=tracker, project_dir=str(out), kwargs_handlers=waits
    )


def _refuse_combinations(method: TrainingMethod, options: TrainingOptions, accelerator: Accelerator) -> None:
    refuse_other_sharding(accelerator)
    if method.divide and options.token_mean:
        raise UserError(f"{method.name} has a divisor of its own in the place of the tokens; leave --token-mean out")
    if method.loss and options.importance_cap is not None:
        raise UserError(f"{method.name} has no weights that --importance-cap could scale; leave it out")
    if options.packing and options.attention != "sdpa":
        raise UserError(f"--attention {options.attention} can't compute a packed row; add --packing off")
    if options.batch_groups % accelerator.num_processes:
        raise UserError(
            f"--batch-groups {options.batch_groups} can't be split over {accelerator.num_processes} processes; "
            "choose a multiple of their number"
        )
