"""Defines methods, and trainers from groups to a checkpoint: one of ours, or one that calls another library.

Shapes: n members of a group; P tokens of all their completions, ends included.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from trainers.config import TrainingOptions

if TYPE_CHECKING:
    from torch import Tensor

Weigh = Callable[[Sequence[float], TrainingOptions], tuple[float, ...]]
"""Rewards (n) of the members of a group -> their weights (n); ValueError for a group that a method can't weigh."""

Divide = Callable[[int, float, TrainingOptions], float]
"""Members of a group, and mean tokens of the completions of a step's groups -> divisor of the group's weights."""


class Likelihoods(NamedTuple):
    """Holds the log-probabilities of the completions of one group."""

    weights: "Tensor"
    """(n): those of the method's `weigh`."""
    policy: "Tensor"
    """(n): log pi of each completion, the sum over its tokens; with --token-mean their mean."""
    reference: "Tensor"
    """(n): the same of the reference; zeros for a method without one."""
    policy_tokens: "Tensor"
    """(P): log pi of each token, completion by completion."""
    reference_tokens: "Tensor"
    """(P): the same of the reference."""
    lengths: tuple[int, ...]
    """(n): tokens of each completion."""


Loss = Callable[[Likelihoods, TrainingOptions], "Tensor"]
"""Log-probabilities of a group -> its loss, a scalar with a gradient by those of the policy."""


class TrainingMethod(NamedTuple):
    """Describes a method: its weights, and its divisor or loss."""

    name: str
    weigh: Weigh
    divide: Divide | None = None
    """None for the members of the group."""
    loss: Loss | None = None
    """None for the weighted log-likelihood, whose gradient is computed with its value."""
    needs_reference: bool = False
    """Whether the loss compares the policy with the model that its training began with."""


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
    ignores: tuple[str, ...] = ()
    """Names of options that change nothing of what it trains: they are refused on the command line."""
