"""Weighs a policy's own samples by the change of their probability since: pure functions.

n completions; P tokens of all of them, ends included.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from trainers.groups import Group


class Sampled(NamedTuple):
    """Holds the stored log-probabilities of sampled completions, with their lengths."""

    tokens: Tensor
    """(n): the length of each, its end included."""
    log_probs: Tensor
    """(n), float64: of each when it was sampled; nan where that is unknown."""


def sampled_by_policies(groups: Sequence[Group], tokens: Tensor) -> Sampled:
    """Return what the groups tell of how likely their completions were when they were sampled.

    Args:
        groups: With n completions in all.
        tokens: (n), the length of each completion, its end included.

    Returns:
        The tokens and the stored log-probabilities.
    """
    known = [one for group in groups for one in group.log_probs or (None,) * len(group.rewards)]
    numbers = [math.nan if one is None else one for one in known]
    return Sampled(tokens, torch.tensor(numbers, dtype=torch.float64))


def truncated_ratios(now: Tensor, before: Tensor, cap: float) -> Tensor:
    """Return the truncated importance weights of completions.

    rho_i = min(cap, pi(y_i given x) / mu(y_i given x)), where mu is the policy that sampled y_i. Ionides 2008,
    "Truncated importance sampling", Journal of Computational and Graphical Statistics 17, 295-311; as rho-bar in
    Espeholt et al. 2018, "IMPALA", arXiv:1802.01561. No gradient goes through it.

    Args:
        now: (n), log pi of each completion.
        before: (n), log mu of each; nan where nothing is known of it, as of what a human wrote.
        cap: The largest weight, above 0.

    Returns:
        (n), in [0, cap]; 1 where `before` is nan.

    By hand: 0.5 / 0.25 = 2, cut to 1.5; 0.25 / 0.5 = 0.5; a human's.

    >>> now, before = torch.tensor([0.5, 0.25, 0.5]).log(), torch.tensor([0.25, 0.5, math.nan]).log()
    >>> [round(one, 6) for one in truncated_ratios(now, before, cap=1.5).tolist()]
    [1.5, 0.5, 1.0]
    """
    ratios = (now - before).clamp(max=math.log(cap)).exp()
    return torch.where(before.isnan(), 1.0, ratios)


def reweighted(weights: Tensor, log_probs: Tensor, sampled: Sampled, cap: float) -> Tensor:
    """Return the weights of tokens, those of each completion times its truncated importance weight.

    Args:
        weights: (P), completion by completion.
        log_probs: (P), of each token by the policy as it is.
        sampled: Of the n completions, on the same device.
        cap: The largest importance weight.

    Returns:
        (P).
    """
    numbers = torch.arange(len(sampled.tokens), device=weights.device).repeat_interleave(sampled.tokens)
    now = torch.zeros_like(sampled.log_probs).index_add_(0, numbers, log_probs.double())
    return weights * truncated_ratios(now, sampled.log_probs, cap).to(weights.dtype)[numbers]
