"""Rewards of a group -> the weight of each member in the objective: pure functions, one for each method.

The objective of every method is (1/n) sum_i w_i log pi(y_i given x) over the n members of a group (DESIGN.md, section
2, row 18); the methods differ in w alone. The examples use the rewards of the paper's table (+1 accepted, -0.1 wrong
answer, -0.6 runtime error, -1 compile error).
"""

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean, stdev

Weigh = Callable[[Sequence[float]], tuple[float, ...]]
"""What every method is: rewards (n) -> weights (n)."""

EPSILON = 1e-4
"""Added to the standard deviation, as GRPO's implementations do."""


def rloo(rewards: Sequence[float], *, clip: float | None = None) -> tuple[float, ...]:
    """Return A_i = R_i - mean of the other rewards = n/(n-1) (R_i - mean R), REINFORCE leave-one-out.

    Kool et al. 2019, "Buy 4 REINFORCE samples, get a baseline for free!"; Ahmadian et al. 2024, "Back to basics",
    arXiv:2402.14740, the estimator called RLOO; protocol row 14. No KL term and no ratio: the data are offline.

    Args:
        rewards: Of the n >= 2 members of one group.
        clip: Bound of the advantages, which are then in [-clip, clip]; None leaves them alone.

    Raises:
        ValueError: Fewer than two rewards, one that is not finite, or a bound that is not above 0.

    By hand: the others of the first are -0.1, -0.1 and -1, mean -0.4; those of the second 1, -0.1 and -1, mean -1/30.

    >>> [round(a, 6) for a in rloo((1.0, -0.1, -0.1, -1.0))]
    [1.4, -0.066667, -0.066667, -1.266667]
    >>> [round(a, 6) for a in rloo((1.0, -0.1, -0.1, -1.0), clip=1.0)]
    [1.0, -0.066667, -0.066667, -1.0]
    """
    n = _size(rewards)
    mean = fmean(rewards)
    return _clipped((n / (n - 1) * (reward - mean) for reward in rewards), clip)


def rloo_grpo(rewards: Sequence[float], *, clip: float | None = None) -> tuple[float, ...]:
    """Return A_i = (R_i - mean R) / (std R + 1e-4), the standard deviation with n - 1 in the denominator.

    Shao et al. 2024, "DeepSeekMath", arXiv:2402.03300, section 4.1.2 (outcome supervision); protocol row 15. The paper
    divides by the bare deviation.

    Args:
        rewards: Of the n >= 2 members of one group, not all equal.
        clip: Bound of the advantages, which are then in [-clip, clip]; None leaves them alone.

    Raises:
        ValueError: As for `rloo`, or all rewards are equal: such a group says nothing, and has no place in the data.

    By hand: mean 0.45; deviations 0.55, 0.55, -0.55, -0.55; std = sqrt(4 x 0.3025 / 3) = 0.635085.

    >>> [round(a, 6) for a in rloo_grpo((1.0, 1.0, -0.1, -0.1))]
    [0.865889, 0.865889, -0.865889, -0.865889]
    """
    _size(rewards)
    mean, deviation = fmean(rewards), stdev(rewards)
    if max(rewards) == min(rewards):
        raise ValueError(f"all rewards of a group are {rewards[0]}, so their standard deviation is 0; leave it out")
    return _clipped(((reward - mean) / (deviation + EPSILON) for reward in rewards), clip)


def rloo_exp(rewards: Sequence[float], *, lambda_: float = 1.0, clip: float | None = None) -> tuple[float, ...]:
    """Return w_i = exp(A_i / lambda) with the advantages of `rloo_grpo`: always positive, so no gradient pushes away.

    The weight of advantage-weighted regression, Peng et al. 2019, arXiv:1910.00177, algorithm 1; protocol row 16. Wrong
    programs are imitated too, with less weight.

    Args:
        rewards: Of the n >= 2 members of one group, not all equal.
        lambda_: Temperature: a small one looks at the best members only, a large one imitates all alike.
        clip: Bound of the advantages before the exponent; None leaves them alone.

    Raises:
        ValueError: As for `rloo_grpo`, or a temperature that is not above 0.

    By hand: exp(0.865889) = 2.377119, exp(-0.865889) = 0.420677, and half the exponent with lambda = 2.

    >>> [round(w, 6) for w in rloo_exp((1.0, 1.0, -0.1, -0.1))]
    [2.377119, 2.377119, 0.420677, 0.420677]
    >>> [round(w, 6) for w in rloo_exp((1.0, 1.0, -0.1, -0.1), lambda_=2.0)]
    [1.541791, 1.541791, 0.648596, 0.648596]
    """
    if not lambda_ > 0:
        raise ValueError(f"lambda must be above 0, not {lambda_}")
    return tuple(math.exp(advantage / lambda_) for advantage in rloo_grpo(rewards, clip=clip))


def sft(rewards: Sequence[float]) -> tuple[float, ...]:
    """Return 1 for the accepted members and 0 for the others; protocol row 17.

    Accepted are those with a reward above 0: a reward table can't give one to anything else. Every accepted program
    weighs the same, however many its group has.

    Raises:
        ValueError: As for `rloo`, or no reward is above 0.

    >>> sft((1.0, -0.1, 1.0, -1.0))
    (1.0, 0.0, 1.0, 0.0)
    """
    _size(rewards)
    if max(rewards) <= 0:
        raise ValueError("no reward of a group is above 0, so it has nothing to imitate; leave it out")
    return tuple(float(reward > 0) for reward in rewards)


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
