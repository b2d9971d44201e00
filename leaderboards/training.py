"""The metrics that lie in a checkpoint's folder -> the steps of its training."""

from pathlib import Path

import msgspec

from harness.errors import UserError
from harness.storage import appended_rows

METRICS_FILE = "metrics.jsonl"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What a training said of one step; of what a row holds besides, nothing is plotted."""

    step: int
    loss: float
    accepted: float | None
    """Mean log-probability of the step's accepted programs; None where it had none."""
    rejected: float | None
    gradient_norm: float
    learning_rate: float


def read_training(checkpoint: Path) -> tuple[Step, ...]:
    """Read the steps of the training that led to a checkpoint, up to now where it still runs.

    Raises:
        UserError: The folder has no metrics, or they can't be read.
    """
    file = checkpoint / METRICS_FILE
    if not file.is_file():
        raise UserError(f"{checkpoint}: holds no {METRICS_FILE}; name a checkpoint's folder that `proctor train` wrote")
    steps = tuple(appended_rows(file, Step))
    if not steps:
        raise UserError(f"{file}: holds no step yet; wait for the first")
    return steps
