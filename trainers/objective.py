"""The one objective of all methods: the weighted log-likelihood of a group.

Shapes: n completions of one prompt; P tokens of all of them, ends included; B rows of T tokens; H width of the model; V
words of its vocabulary.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from trainers.packing import Rows

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def group_loss(log_probs: Tensor, weights: Tensor, tokens: Tensor, *, token_mean: bool) -> Tensor:
    """Return what is minimised: -(1/n) sum_i w_i log pi(y_i given x).

    The gradient is that of REINFORCE (Williams 1992, "Simple statistical gradient-following algorithms for
    connectionist reinforcement learning", Machine Learning 8, 229-256) with given completions in the place of drawn
    ones: no ratio of policies, no KL term (protocol row 18). log pi is the sum over the completion's
    tokens and its end.

    Args:
        log_probs: (n) of the completions.
        weights: (n) of the method.
        tokens: (n) of each completion, its end included.
        token_mean: Divide each log pi by its tokens, so that long completions count no more than short ones.
    """
    return -(weights * (log_probs / tokens if token_mean else log_probs)).mean()


class CompletionLogProbs(nn.Module):
    """A causal language model that is asked for the log-probabilities of given completions and nothing else.

    Its logits must be the output layer's of the backbone's last states, as those of Qwen2, Llama or Mistral are.
    """

    def __init__(self, model: "PreTrainedModel", *, chunk: int, dtype: torch.dtype) -> None:
        """Wrap the model.

        Args:
            model: Its parameters may be held in another type than it computes in.
            chunk: Predictions whose logits, (chunk, V), are in memory at once.
            dtype: What it computes in; log-probabilities are float32 in any case.
        """
        super().__init__()
        self.model: Any = model  # its methods have no types
        self._chunk = chunk
        self._dtype = dtype

    def forward(self, rows: Rows) -> Tensor:
        """Return log pi of each predicted token given those before it, (P)."""
        device = rows.input_ids.device.type
        with torch.autocast(device, dtype=self._dtype, enabled=self._dtype != torch.float32):
            states = self.model.base_model(
                input_ids=rows.input_ids,
                position_ids=rows.position_ids,
                attention_mask=rows.attention_mask,
                use_cache=False,
            ).last_hidden_state  # (B, T, H)
            return self._log_probs(_taken(states.flatten(0, 1), rows.predictors), rows.labels)

    def _log_probs(self, states: Tensor, labels: Tensor) -> Tensor:
        """Return (P) from (P, H) and (P).

        Where there is more than one chunk, the logits of each are thrown away and computed anew in the backward pass.
        """
        head = self.model.get_output_embeddings()
        if len(labels) <= self._chunk:
            return _log_probs_of(head, states, labels)
        parts = zip(torch.split(states, self._chunk), torch.split(labels, self._chunk), strict=True)
        return torch.cat([checkpoint(_log_probs_of, head, *part, use_reentrant=False) for part in parts])


def summed(token_log_probs: Tensor, tokens: Sequence[int]) -> Tensor:
    """Return log pi of each completion, (n), from those of its tokens, (P); `tokens` says how many each one has."""
    return torch.stack([part.sum() for part in torch.split(token_log_probs, list(tokens))])


def _taken(states: Tensor, places: Tensor) -> Tensor:
    """Return the states at the places, (P, H), by an operation that adds the gradients of each place up in order.

    The prompt's end predicts the first token of every completion, so its gradient is a sum. A CPU's threads make it in
    any order for `states[places]`, from 32,768 numbers on, and a GPU's for `index_select`:
    `torch.use_deterministic_algorithms` lists both, and no embedding.
    """
    return nn.functional.embedding(places, states)


def _log_probs_of(head: nn.Module, states: Tensor, labels: Tensor) -> Tensor:
    return -nn.functional.cross_entropy(head(states).float(), labels, reduction="none")
