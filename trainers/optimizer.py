"""Makes the optimizer of a training and the schedule of its learning rate, and restores its state."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from transformers import (
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_linear_schedule_with_warmup,
)

from harness.errors import UserError
from trainers.config import TrainingOptions
from trainers.sharding import parted

MOMENTS_FILE = "optimizer.pt"
"""AdamW's moments beside an adapter, for a training that goes on from it."""


def make_optimizer(weights: Iterable[torch.nn.Parameter], options: TrainingOptions) -> torch.optim.AdamW:
    """Return AdamW for the parameters in training.

    Matrices decay; norms and biases, which have one dimension, don't: to pull them to 0 regularises nothing
    (Loshchilov and Hutter 2019, arXiv:1711.05101, decay all; GPT-3, arXiv:2005.14165, appendix B, and later ones
    these only).

    Args:
        weights: All parameters that are trained.
        options: `learning_rate` and `weight_decay` count.

    Returns:
        The optimizer, with the matrices as its first group of parameters and the others as its second.
    """
    trained = tuple(weights)
    groups = [
        {"params": [weight for weight in trained if weight.ndim > 1], "weight_decay": options.weight_decay},
        {"params": [weight for weight in trained if weight.ndim <= 1], "weight_decay": 0.0},
    ]
    for group in groups:
        group["initial_lr"] = options.learning_rate  # of a schedule that doesn't begin at 0
    try:  # one kernel for all parameters, where their devices have it
        return torch.optim.AdamW(groups, lr=options.learning_rate, fused=True)
    except RuntimeError:
        return torch.optim.AdamW(groups, lr=options.learning_rate)


def restore(optimizer: Any, saved: dict[str, Any]) -> None:
    """Set the state of an optimizer.

    Args:
        optimizer: From `make_optimizer`, sharded or not.
        saved: What its `state_dict` was, with whole tensors.
    """
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    for number, moments in saved["state"].items():
        moments.update({name: parted(moment, weights[number]) for name, moment in moments.items()})
    optimizer.load_state_dict(saved)


def take_up(optimizer: Any, path: Path) -> None:
    """Set the moments to those that a training of the same adapter ended with; rate and decay stay.

    Args:
        optimizer: From `make_optimizer`, before its first step.
        path: The file beside the adapter.

    Raises:
        UserError: The file can't be read, or is of other parameters.
    """
    weights = dict(enumerate(weight for group in optimizer.param_groups for weight in group["params"]))
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        fits = all(moments["exp_avg"].shape == weights[number].shape for number, moments in state.items())
    except Exception as error:  # the library raises whatever the bytes lead to, and advises to trust them
        raise UserError(f"{path}: holds no moments of AdamW; remove it to begin with new ones") from error
    if not fits:
        raise UserError(f"{path}: holds moments of another adapter; remove it to begin with new ones")
    restore(optimizer, optimizer.state_dict() | {"state": state})


def make_schedule(
    optimizer: torch.optim.Optimizer, steps: int, options: TrainingOptions
) -> torch.optim.lr_scheduler.LRScheduler:
    """Return the schedule of the learning rate: linear warmup to its peak, then a decay or none.

    The rate is above 0 at every step, the first and the last among them: step s of S has the rate that the library's
    schedule gives s of S + 1.

    Args:
        optimizer: From `make_optimizer`.
        steps: S, the steps of the training.
        options: `schedule` and `warmup_share` count.

    Returns:
        The schedule, at the first step.
    """
    warmup = math.ceil(options.warmup_share * steps)
    made: torch.optim.lr_scheduler.LRScheduler
    if options.schedule == "constant":
        made = get_constant_schedule_with_warmup(optimizer, warmup, last_epoch=0)
    elif options.schedule == "linear":
        made = get_linear_schedule_with_warmup(optimizer, warmup, steps + 1, last_epoch=0)  # type: ignore[no-untyped-call]
    else:
        made = get_cosine_schedule_with_warmup(optimizer, warmup, steps + 1, last_epoch=0)
    return made
