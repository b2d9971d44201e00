"""The table of methods: what each makes of the rewards of a group. All else they share, down to the loop.

A method is a function of this kind, decorated, and registered under the entry-point group `proctor.trainers`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from trainers import advantages
from trainers.config import TrainingOptions
from trainers.trainer import Checkpoint, Trainer

Weigh = Callable[[Sequence[float], TrainingOptions], tuple[float, ...]]
"""Rewards (n) of the members of a group -> their weights (n); ValueError where it can say nothing of such a group."""


def method(weigh: Weigh) -> Trainer:
    """Make a trainer of a function: it trains by the weighted log-likelihood of groups with these weights.

    The function gives the name, with dashes, and its docstring the line of help.
    """
    name = weigh.__name__.replace("_", "-")

    def train(groups: Path, model: str, out: Path, options: TrainingOptions) -> Checkpoint:
        from trainers.train import train_by  # noqa: PLC0415 - loads torch, which the list of methods must not

        return train_by(weigh, name, groups=groups, model=model, out=out, options=options)

    return Trainer(name=name, train=train, about=(weigh.__doc__ or "").partition("\n")[0])


@method
def sft(rewards: Sequence[float], options: TrainingOptions) -> tuple[float, ...]:  # noqa: ARG001 - it has no setting
    """Imitate the accepted members and leave the others out."""
    return advantages.sft(rewards)


@method
def rloo(rewards: Sequence[float], options: TrainingOptions) -> tuple[float, ...]:
    """Weigh each member by its reward less the mean of the others."""
    return advantages.rloo(rewards, clip=options.clip)


@method
def rloo_grpo(rewards: Sequence[float], options: TrainingOptions) -> tuple[float, ...]:
    """Weigh each member by its reward less the mean, over the standard deviation."""
    return advantages.rloo_grpo(rewards, clip=options.clip)


@method
def rloo_exp(rewards: Sequence[float], options: TrainingOptions) -> tuple[float, ...]:
    """Weigh each member by the exponential of rloo-grpo's weight over lambda."""
    return advantages.rloo_exp(rewards, lambda_=options.exp_lambda, clip=options.clip)
