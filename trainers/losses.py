"""Computes the losses that are not linear in log-probabilities: a pure function for each, and the trainer made of it.

Each takes the log-probabilities of the n completions of one group, and weights w by their rewards: log pi_i is that of
the i-th under the policy, log mu_i that under the reference, the model that training began with; d_i is their
difference. Per token they have an index t. The sums in the examples are worked out by hand.
"""

from torch import Tensor
from torch.nn.functional import logsigmoid

from trainers.config import TrainingOptions
from trainers.methods import accepted_or_not, leave_one_out, method
from trainers.objective import summed
from trainers.trainer import Likelihoods


def tapered(group: Likelihoods, options: TrainingOptions) -> Tensor:  # noqa: ARG001 - no setting
    """Push away by rloo's weights, less the less probable a completion has become.

    TOPR, Le Roux et al. 2025, "Tapered off-policy REINFORCE", arXiv:2503.14286, section 3. Its gradient is

        -(1/n) sum_i w_i r_i grad log pi_i,    r_i = 1 if w_i >= 0 else min(1, pi_i / mu_i)

    and the loss is the function with that gradient: -(1/n) sum_i w_i d_i, with phi(d_i) in the place of d_i where
    w_i < 0; phi(d) is 1 + d for d >= 0 and exp(d) below, so there is a bound to what a push can gain. w is the
    leave-one-out advantage in the place of the paper's reward, and mu the reference in the place of the policy that
    sampled.

    Args:
        group: With a reference.
        options: Settings of the training; none counts here.

    Returns:
        The loss.

    By hand: w = 2 with d = 1, and w = -2 with d = -log 2, so phi = 1/2: -(2 x 1 - 2 x 1/2) / 2 = -1/2.

    >>> from torch import tensor
    >>> sums = tensor([1.0, -0.6931472]), tensor([0.0, 0.0])
    >>> round(float(tapered(Likelihoods(tensor([2.0, -2.0]), *sums, *sums, (1, 1)), TrainingOptions())), 6)
    -0.5
    """
    ahead = group.policy - group.reference
    faded = ahead.clamp(max=0).exp().where(ahead < 0, 1 + ahead)  # at 0 both branches have the gradient 1
    return -(group.weights * ahead.where(group.weights >= 0, faded)).mean()


def near_reference(group: Likelihoods, options: TrainingOptions) -> Tensor:
    """Add a penalty to rloo for tokens that get other probabilities than under the reference.

    -(1/n) sum_i [w_i log pi_i - beta sum_t (exp(-d_it) + d_it - 1)], w the leave-one-out advantage. The penalty is
    GRPO's estimate of the KL divergence from the reference, Shao et al. 2024, "DeepSeekMath", arXiv:2402.03300,
    equation 4 (Schulman's k3). It estimates that for sampled completions; for given ones it is a penalty that is 0
    where all tokens have the reference's probabilities, above 0 elsewhere, and steepest for what became less probable.

    Args:
        group: With a reference.
        options: `kl_weight` is beta; with `token_mean` the sum over tokens is a mean.

    Returns:
        The loss.

    By hand: d = log 2 and -log 2: penalties 1/2 + log 2 - 1 and 2 - log 2 - 1, half their sum is 1/4. Weights 1 and -1:
    -(log 2 + log 2) / 2 + 0.04 / 4.

    >>> from torch import tensor
    >>> sums = tensor([0.6931472, -0.6931472]), tensor([0.0, 0.0])
    >>> round(float(near_reference(Likelihoods(tensor([1.0, -1.0]), *sums, *sums, (1, 1)), TrainingOptions())), 6)
    -0.683147
    """
    ahead = group.policy_tokens - group.reference_tokens
    penalty = (-ahead).exp() + ahead - 1
    each = summed(penalty, group.lengths, token_mean=options.token_mean)
    return (options.kl_weight * each - group.weights * group.policy).mean()


def floored(group: Likelihoods, options: TrainingOptions) -> Tensor:
    """Push away by rloo's weights down to a floor, and no further.

    -(1/n) sum_i w_i max(log pi_i, f |y_i|) where w_i < 0, and w_i log pi_i elsewhere; w is the leave-one-out advantage,
    |y_i| the tokens of the completion. No paper's: the plainest bound, for comparison, which needs no reference.

    Args:
        group: No reference is needed.
        options: `rejected_floor` is f.

    Returns:
        The loss.

    By hand: w = 1 with log pi = -5, w = -1 with log pi = -10 of two tokens, whose floor is -4: -(-5 + 4) / 2.

    >>> from torch import tensor
    >>> sums, tokens = tensor([-5.0, -10.0]), tensor([-5.0, -5.0, -5.0])
    >>> float(floored(Likelihoods(tensor([1.0, -1.0]), sums, sums, tokens, tokens, (1, 2)), TrainingOptions()))
    0.5
    """
    floor = group.policy_tokens.new_full(group.policy_tokens.shape, options.rejected_floor)
    bounded = group.policy.clamp(min=summed(floor, group.lengths, token_mean=options.token_mean))
    return -(group.weights * group.policy.where(group.weights >= 0, bounded)).mean()


def preferred(group: Likelihoods, options: TrainingOptions) -> Tensor:
    """Prefer each accepted completion to each rejected one of its group.

    DPO, Rafailov et al. 2023, "Direct preference optimization", arXiv:2305.18290, equation 7:
    -log sigma(beta (d_i - d_j)), the mean over all pairs of an accepted i and a rejected j.

    Args:
        group: With a reference; weights above 0 for accepted completions, and at most 0 for others, both there.
        options: `preference_beta` is beta.

    Returns:
        The loss.

    By hand: d = 3 and -7, beta = 0.1: log(1 + exp(-1)).

    >>> from torch import tensor
    >>> sums = tensor([3.0, -7.0]), tensor([0.0, 0.0])
    >>> round(float(preferred(Likelihoods(tensor([1.0, -1.0]), *sums, *sums, (1, 1)), TrainingOptions())), 6)
    0.313262
    """
    ahead, accepted = group.policy - group.reference, group.weights > 0
    both = accepted[:, None] & ~accepted[None]
    margins = logsigmoid(options.preference_beta * (ahead[:, None] - ahead[None]))  # (n, n)
    return -(margins * both).sum() / both.sum()


def prospected(group: Likelihoods, options: TrainingOptions) -> Tensor:
    """Raise accepted completions above a point of reference, and lower rejected ones below it, each by itself.

    KTO, Ethayarajh et al. 2024, "KTO: model alignment as prospect theoretic optimization", arXiv:2402.01306, equation
    8, with both lambdas 1: the mean of 1 - sigma(beta (d_i - z)) over accepted, and 1 - sigma(beta (z - d_i)) over
    rejected completions. z estimates the KL divergence from the reference: the paper takes max(0, mean d) of
    completions of other prompts, without a gradient; here it is that of the group's own, for which no more is computed.

    Args:
        group: With a reference; weights above 0 for accepted completions, and at most 0 for others.
        options: `preference_beta` is beta.

    Returns:
        The loss.

    By hand: d = 7 and -3, so z = 2; beta = 0.1: both have 1 - sigma(0.5) = 0.377541.

    >>> from torch import tensor
    >>> sums = tensor([7.0, -3.0]), tensor([0.0, 0.0])
    >>> round(float(prospected(Likelihoods(tensor([1.0, -1.0]), *sums, *sums, (1, 1)), TrainingOptions())), 6)
    0.377541
    """
    ahead = group.policy - group.reference
    above = options.preference_beta * (ahead - ahead.detach().mean().clamp(min=0))
    return (-above.where(group.weights > 0, -above)).sigmoid().mean()  # 1 - sigma(x) = sigma(-x)


topr = method(leave_one_out, name="topr", loss=tapered, needs_reference=True, uses=("clip", "token_mean"))
rloo_kl = method(
    leave_one_out, name="rloo-kl", loss=near_reference, needs_reference=True, uses=("clip", "kl_weight", "token_mean")
)
rloo_floor = method(leave_one_out, name="rloo-floor", loss=floored, uses=("clip", "rejected_floor", "token_mean"))
dpo = method(accepted_or_not, name="dpo", loss=preferred, needs_reference=True, uses=("preference_beta", "token_mean"))
kto = method(accepted_or_not, name="kto", loss=prospected, needs_reference=True, uses=("preference_beta", "token_mean"))
