"""Defines a trainer from groups to a checkpoint: one of ours, or one that calls another library."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from trainers.config import TrainingOptions

Weigh = Callable[[Sequence[float], TrainingOptions], tuple[float, ...]]
"""Rewards (n) of the members of a group -> their weights (n); ValueError for a group that a method can't weigh."""

CHECKPOINT_FILE = "checkpoint.json"
"""Written last: the folder that holds it is whole."""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Records a trained policy, in the Hugging Face layout or as an adapter of peft, and its origin."""

    path: str
    """The folder, as it was named."""
    base: str
    """The model that training began with, as it was named."""
    method: str
    step: int
    """Steps taken so far."""
    config: TrainingOptions
    groups_sha256: str
    """Of the groups' Parquet file."""
    commit: str
    """Of proctor's sources, or its version without a repository."""


class Trainer(msgspec.Struct, frozen=True, kw_only=True):
    """Makes checkpoints; register one under the entry-point group `proctor.trainers`."""

    name: str
    train: Callable[[Path, str, Path, TrainingOptions], Checkpoint]
    """Train the model of that name (second) on the groups in a folder or file (first), write the checkpoint to the
    folder `out` (third), and return it. The same call resumes where an earlier one was killed. Raises UserError where
    model or groups can't be had, `out` holds something else, or the trainer can't follow the options."""
    about: str = ""
    """One line for `proctor train --help`."""
