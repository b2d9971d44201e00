"""Computes any loss over the log-probabilities of given completions, with logits held in chunks all the same.

The gradient of a loss by the states is that of the weighted log-likelihood whose weights are the loss's derivatives by
the log-probabilities. These are known once all log-probabilities are. Where the table of the output layer is frozen, as
with LoRA, the states' gradient for weights of 1 is computed with them and then scaled, so logits are made once; where
it is trained they are made twice. Shapes are those of `trainers.objective`.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from trainers.config import TrainingOptions
from trainers.objective import WeightedLikelihood, label_log_probs, summed
from trainers.packing import Rows
from trainers.trainer import Likelihoods, Loss

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class GroupTerms(NamedTuple):
    """Holds the input of a group's loss beside the policy's log-probabilities."""

    weights: Tensor
    """(n)."""
    reference: Tensor | None
    """(tokens of the group): log-probabilities under the reference; None for a method without one."""
    lengths: tuple[int, ...]
    """(n): tokens of each completion, its end included."""
    share: float
    """Of the group in the loss of the step."""


class LikelihoodLoss(WeightedLikelihood):
    """Computes a loss over the likelihood of given completions."""

    def __init__(self, model: "PreTrainedModel", loss: Loss, options: TrainingOptions, *, dtype: torch.dtype) -> None:
        """Wrap the model.

        Args:
            model: A causal language model.
            loss: That of a group.
            options: Settings of the training.
            dtype: Type of computation.
        """
        super().__init__(model, chunk=options.logits_chunk, dtype=dtype)
        self._loss, self._options = loss, options
        self._of_labels = label_log_probs

    def compile_parts(self) -> None:
        """Compile what `WeightedLikelihood` does, and what log-probabilities are made by."""
        super().compile_parts()
        self._of_labels = torch.compile(label_log_probs, dynamic=True)

    def forward(self, rows: Rows, weights: Tensor | tuple[GroupTerms, ...]) -> tuple[Tensor, Tensor]:
        """Return the loss of the groups in the rows, and log pi_t of each predicted token.

        Args:
            rows: Those of one or more groups, on the device of the model.
            weights: Terms of these groups, in their order; or weights as of `WeightedLikelihood`, for what it does.

        Returns:
            The loss, a scalar, and the log-probabilities, (P), without a gradient.

        Raises:
            ValueError: The rows are packed, and the model's attention can't be computed in such.
        """
        if isinstance(weights, Tensor):
            return super().forward(rows, weights)
        predicting, head = self.predicting(rows), self.model.get_output_embeddings()
        if any(one is not None and one.requires_grad for one in (head.weight, head.bias)):
            found = self._log_probs(predicting.detach(), rows.labels)
            loss, of_tokens = self._differentiated(found, weights)
            linear, _ = self.weighted(predicting, rows.labels, of_tokens)
        else:
            found, of_states = self._by_states(predicting.detach(), rows.labels)
            loss, of_tokens = self._differentiated(found, weights)
            linear = (predicting * (of_states * of_tokens[:, None]).to(predicting.dtype)).sum()
        return loss + (linear - linear.detach()), found  # its value is the loss's, its gradient that of `linear`

    @torch.no_grad()
    def _log_probs(self, states: Tensor, labels: Tensor) -> Tensor:
        """Return log pi of the labels, (P), of states, (P, H)."""
        head = self.model.get_output_embeddings()
        states, table = states.to(self._dtype), head.weight.to(self._dtype)
        bias = None if head.bias is None else head.bias.to(self._dtype)
        parts = (slice(start, start + self._chunk) for start in range(0, len(labels), self._chunk))
        return torch.cat(
            [self._of_labels(torch.nn.functional.linear(states[part], table, bias), labels[part]) for part in parts]
        )

    @torch.enable_grad()
    def _by_states(self, states: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return log pi of the labels, (P), and the gradient of -log pi of each by its state, (P, H)."""
        states.requires_grad_()
        total, found = self.weighted(states, labels, torch.ones_like(labels, dtype=torch.float32))
        (gradient,) = torch.autograd.grad(total, states)
        return found, gradient

    @torch.enable_grad()
    def _differentiated(self, found: Tensor, terms: tuple[GroupTerms, ...]) -> tuple[Tensor, Tensor]:
        """Return the loss of log-probabilities, (P), and what weights, (P), have its gradient by them."""
        leaf = found.detach().requires_grad_()
        tokens = [sum(one.lengths) for one in terms]
        losses = [
            one.share * self._of_group(part, one) for part, one in zip(torch.split(leaf, tokens), terms, strict=True)
        ]
        loss: Any = sum(losses)
        (gradient,) = torch.autograd.grad(loss, leaf)
        return loss.detach(), -gradient

    def _of_group(self, policy: Tensor, terms: GroupTerms) -> Tensor:
        reference = torch.zeros_like(policy) if terms.reference is None else terms.reference
        own, others = (summed(one, terms.lengths, token_mean=self._options.token_mean) for one in (policy, reference))
        return self._loss(Likelihoods(terms.weights, own, others, policy, reference, terms.lengths), self._options)
