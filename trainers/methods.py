"""Weighs the members of a group by the rewards of all: a pure function for each method, and the trainer made of it.

The objective of these methods is (1/n) sum_i w_i log pi(y_i given x) over the n members of a group; they differ in the
weights w, and two in what takes the place of n. Losses that are not linear in log pi are in `trainers.losses`. All
share the loop. The examples use the rewards of the paper's table (+1 accepted, -0.1 wrong answer, -0.6 runtime error,
-1 compile error).
"""

import math
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from statistics import fmean, stdev

from trainers.config import OF_METHODS, TrainingOptions
from trainers.trainer import Checkpoint, Divide, Loss, Trainer, TrainingMethod, Weigh

EPSILON = 1e-4
"""Added to the standard deviation, as GRPO's implementations do."""


def method(
    weigh: Weigh,
    *,
    name: str = "",
    divide: Divide | None = None,
    loss: Loss | None = None,
    needs_reference: bool = False,
    uses: Collection[str] = OF_METHODS,
) -> Trainer:
    """Make a trainer of a function: it trains by the weighted log-likelihood of groups, or by a loss of your own.

    Register it under the entry-point group `proctor.trainers`.

    Args:
        weigh: From the rewards of a group to the weights of its members.
        name: Name of the method; empty for the function's own name, with dashes.
        divide: The divisor of a group's weights; None for its number of members.
        loss: From weights and log-probabilities to a loss; None for the weighted log-likelihood.
        needs_reference: Whether the loss takes log-probabilities of a reference.
        uses: Those of `trainers.config.OF_METHODS` that change what it trains.

    Returns:
        The trainer; its line of help is the first line of the docstring of what tells it from others.
    """
    made = TrainingMethod(name or weigh.__name__.replace("_", "-"), weigh, divide, loss, needs_reference)

    def train(groups: Path, model: str, out: Path, options: TrainingOptions) -> Checkpoint:
        from trainers.train import train_by  # noqa: PLC0415 - loads torch, which the list of methods must not

        return train_by(made, groups=groups, model=model, out=out, options=options)

    return Trainer(
        name=made.name,
        train=train,
        about=((loss or divide or weigh).__doc__ or "").partition("\n")[0],
        ignores=tuple(name for name in OF_METHODS if name not in uses),
    )


def accepted_only(rewards: Sequence[float], options: TrainingOptions) -> tuple[float, ...]:  # noqa: ARG001 - no setting
    """Imitate the accepted members and leave the others out.

    Accepted are those with a reward above 0: a reward table can't give one to anything else. Every
    accepted program weighs the same, however many its group has.

    Args:
        rewards: Those of the n >= 2 members of one group.
        options: Settings of the training; none counts.

    Returns:
        1 for the accepted members and 0 for the others, (n).

    Raises:
        ValueError: Fewer than two rewards, one that is not finite, or none above 0.

    >>> accepted_only((1.0, -0.1, 1.0, -1.0), TrainingOptions())
    (1.0, 0.0, 1.0, 0.0)
    """
    _size(rewards)
    if max(rewards) <= 0:
        raise ValueError("no reward of a group is above 0, so it has nothing to imitate; leave it out")
    return tuple(float(reward > 0) for reward in rewards)


def leave_one_out(rewards: Sequence[float], options: TrainingOptions) -> tuple[float, ...]:
    """Weigh each member by its reward less the mean of the others.

    REINFORCE leave-one-out, A_i = R_i - mean of the other rewards = n/(n-1) (R_i - mean R). Kool et al. 2019, "Buy 4
    REINFORCE samples, get a baseline for free!"; Ahmadian et al. 2024, "Back to basics", arXiv:2402.14740, the
    estimator called RLOO. No KL term and no ratio: the data are offline.

    Args:
        rewards: Those of the n >= 2 members of one group.
        options: Settings of the training; `clip` bounds the advantages, which are then in [-clip, clip].

    Returns:
        The advantages A, (n).

    Raises:
        ValueError: Fewer than two rewards, one that is not finite, or a bound that is not above 0.

    By hand: the others of the first are -0.1, -0.1 and -1, mean -0.4; those of the second 1, -0.1 and -1, mean -1/30.

    >>> [round(a, 6) for a in leave_one_out((1.0, -0.1, -0.1, -1.0), TrainingOptions())]
    [1.4, -0.066667, -0.066667, -1.266667]
    >>> [round(a, 6) for a in leave_one_out((1.0, -0.1, -0.1, -1.0), TrainingOptions(clip=1.0))]
    [1.0, -0.066667, -0.066667, -1.0]
    """
    n = _size(rewards)
    mean = fmean(rewards)
    return _clipped((n / (n - 1) * (reward - mean) for reward in rewards), options.clip)


def standardised(rewards: Sequence[float], options: TrainingOptions) -> tuple[float, ...]:
    """Weigh each member by its reward less the mean, over the standard deviation.

    GRPO's advantages, A_i = (R_i - mean R) / (std R + 1e-4), with n - 1 in the denominator of the variance. Shao et al.
    2024, "DeepSeekMath", arXiv:2402.03300, section 4.1.2 (outcome supervision). The paper divides by
    the bare deviation.

    Args:
        rewards: Those of the n >= 2 members of one group, not all equal.
        options: Settings of the training; `clip` bounds the advantages, which are then in [-clip, clip].

    Returns:
        The advantages A, (n).

    Raises:
        ValueError: As for `leave_one_out`, or all rewards are equal: such a group says nothing of the policy.

    By hand: mean 0.45; deviations 0.55, 0.55, -0.55, -0.55; std = sqrt(4 x 0.3025 / 3) = 0.635085.

    >>> [round(a, 6) for a in standardised((1.0, 1.0, -0.1, -0.1), TrainingOptions())]
    [0.865889, 0.865889, -0.865889, -0.865889]
    """
    _size(rewards)
    mean, deviation = fmean(rewards), stdev(rewards)
    if max(rewards) == min(rewards):
        raise ValueError(f"all rewards of a group are {rewards[0]}, so their standard deviation is 0; leave it out")
    return _clipped(((reward - mean) / (deviation + EPSILON) for reward in rewards), options.clip)


def exponential(rewards: Sequence[float], options: TrainingOptions) -> tuple[float, ...]:
    """Weigh each member by the exponential of rloo-grpo's weight over lambda.

    w_i = exp(A_i / lambda) with the advantages of `standardised`: always positive, so no gradient pushes away, and
    wrong programs are imitated too, with less weight. Advantage-weighted regression, Peng et al. 2019,
    arXiv:1910.00177, algorithm 1.

    Args:
        rewards: Those of the n >= 2 members of one group, not all equal.
        options: Settings of the training; `exp_lambda` is the temperature (a small one looks at the best members only,
            a large one imitates all alike), `clip` bounds the advantages before the exponent.

    Returns:
        The weights w, (n).

    Raises:
        ValueError: As for `standardised`, or a temperature that is not above 0.

    By hand: exp(0.865889) = 2.377119, exp(-0.865889) = 0.420677, and half the exponent with lambda = 2.

    >>> [round(w, 6) for w in exponential((1.0, 1.0, -0.1, -0.1), TrainingOptions())]
    [2.377119, 2.377119, 0.420677, 0.420677]
    >>> [round(w, 6) for w in exponential((1.0, 1.0, -0.1, -0.1), TrainingOptions(exp_lambda=2.0))]
    [1.541791, 1.541791, 0.648596, 0.648596]
    """
    if not options.exp_lambda > 0:
        raise ValueError(f"lambda must be above 0, not {options.exp_lambda}")
    return tuple(math.exp(advantage / options.exp_lambda) for advantage in standardised(rewards, options))


def centred(rewards: Sequence[float], options: TrainingOptions) -> tuple[float, ...]:
    """Weigh each member by its reward less the mean.

    Dr. GRPO's advantages, A_i = R_i - mean R. Liu et al. 2025, "Understanding R1-zero-like training", arXiv:2503.20783,
    section 3.2: no standard deviation, which would weigh problems by their difficulty.

    Args:
        rewards: Those of the n >= 2 members of one group.
        options: Settings of the training; `clip` bounds the advantages.

    Returns:
        The advantages A, (n).

    Raises:
        ValueError: As for `leave_one_out`.

    By hand: the mean of 1, -0.1, -0.1 and -1 is -0.05.

    >>> [round(a, 6) for a in centred((1.0, -0.1, -0.1, -1.0), TrainingOptions())]
    [1.05, -0.05, -0.05, -0.95]
    """
    _size(rewards)
    mean = fmean(rewards)
    return _clipped((reward - mean for reward in rewards), options.clip)


def accepted_or_not(rewards: Sequence[float], options: TrainingOptions) -> tuple[float, ...]:  # noqa: ARG001 - no setting
    """Tell accepted members from others.

    Args:
        rewards: Those of the n >= 2 members of one group.
        options: Settings of the training; none counts.

    Returns:
        1 for the accepted members, those with a reward above 0, and -1 for the others, (n).

    Raises:
        ValueError: Fewer than two rewards, one that is not finite, or there are members of one kind only.

    >>> accepted_or_not((1.0, -0.1, 1.0, -1.0), TrainingOptions())
    (1.0, -1.0, 1.0, -1.0)
    """
    _size(rewards)
    if not min(rewards) <= 0 < max(rewards):
        raise ValueError("a group lacks accepted or rejected members, so it has nothing to compare; leave it out")
    return tuple(1.0 if reward > 0 else -1.0 for reward in rewards)


def by_tokens_of_the_step(_members: int, tokens: float, _options: TrainingOptions) -> float:
    """Weigh every token of a step alike: rloo-grpo's weights over the tokens of all completions of the step.

    DAPO's token-level loss, sum_i sum_t A_i log pi_t / sum_i |y_i|. Yu et al. 2025, "DAPO", arXiv:2503.14476,
    equation 8, with the sums over the whole batch as implementations have them. Its clipped ratio is 1 for given
    completions, and its sampling and its penalty for length need a policy that samples.

    Args:
        tokens: Mean over the groups of the step; a group has its share of the loss, so the sum over groups cancels.

    Returns:
        The divisor.

    >>> by_tokens_of_the_step(4, 120.0, TrainingOptions())
    120.0
    """
    return tokens


def by_constant_length(members: int, _tokens: float, options: TrainingOptions) -> float:
    """Divide rewards less their mean by a constant length, so that long completions count by their tokens.

    Dr. GRPO's loss, (1/n) sum_i (1/L) sum_t A_i log pi_t with one L for all. Liu et al. 2025, arXiv:2503.20783, section
    3.2 and listing 1, where L is the most tokens that a completion may have.

    Args:
        members: Of the group.
        options: `constant_length` is L.

    Returns:
        The divisor.

    >>> by_constant_length(4, 120.0, TrainingOptions(constant_length=100))
    400
    """
    return members * options.constant_length


_OF_LIKELIHOOD = ("token_mean", "importance_cap")

sft = method(accepted_only, name="sft", uses=_OF_LIKELIHOOD)
rloo = method(leave_one_out, name="rloo", uses=("clip", *_OF_LIKELIHOOD))
rloo_grpo = method(standardised, name="rloo-grpo", uses=("clip", *_OF_LIKELIHOOD))
rloo_exp = method(exponential, name="rloo-exp", uses=("clip", "exp_lambda", *_OF_LIKELIHOOD))
dapo = method(standardised, name="dapo", divide=by_tokens_of_the_step, uses=("clip", "importance_cap"))
dr_grpo = method(centred, name="dr-grpo", divide=by_constant_length, uses=("clip", "constant_length", "importance_cap"))


def _size(rewards: Sequence[float]) -> int:
    if len(rewards) < 2 or not all(map(math.isfinite, rewards)):
        raise ValueError(f"a group needs two or more finite rewards, not {tuple(rewards)}")
    return len(rewards)


def _clipped(advantages: Iterable[float], bound: float | None) -> tuple[float, ...]:
    if bound is None:
        return tuple(advantages)
    if not bound > 0:
        raise ValueError(f"the bound of the advantages must be above 0, not {bound}")
    return tuple(max(-bound, min(bound, advantage)) for advantage in advantages)
