"""Computes the objective of all methods: the weighted log-likelihood of groups.

Shapes: n completions of one prompt; P tokens of all of them, ends included; B rows of T tokens; H width of the model; V
words of its vocabulary; C tokens of a chunk of the P.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from trainers.attention import carried, spans_attention
from trainers.packing import Rows

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def token_weights(weights: Tensor, tokens: Tensor, *, token_mean: bool, divisor: float | None = None) -> Tensor:
    """Return the weight of each token's log-probability in (1/n) sum_i w_i log pi(y_i given x).

    The gradient of that is REINFORCE's (Williams 1992, "Simple statistical gradient-following algorithms for
    connectionist reinforcement learning", Machine Learning 8, 229-256) with given completions in the place of sampled
    ones: no ratio of policies, no KL term. log pi is the sum over the completion's tokens and its end.

    Args:
        weights: (n), the w_i of the method.
        tokens: (n), the length of each completion, its end included.
        token_mean: Divide each log pi by its tokens, so that long completions count no more than short ones.
        divisor: In the place of n; None for n.

    Returns:
        (P), completion by completion: w_i / n for each token of the i-th; with `token_mean` w_i / n over its length.
    """
    each = weights / (divisor or len(weights))
    return (each / tokens if token_mean else each).repeat_interleave(tokens)


class WeightedLikelihood(nn.Module):
    """Computes the likelihood of given completions by a causal language model, and nothing else.

    Its logits must be the output layer's of the backbone's last states, as those of Qwen2, Llama or Mistral are.
    """

    def __init__(
        self, model: "PreTrainedModel", *, chunk: int, dtype: torch.dtype, attention: str | None = None
    ) -> None:
        """Wrap the model.

        Args:
            model: A causal language model; its parameters may be held in another type than it computes in.
            chunk: Predictions whose logits, (chunk, V), are in memory at once; at least 1.
            dtype: Type of computation; log-probabilities are float32 in any case.
            attention: Name of the attention in packed rows; None for that of the device.
        """
        super().__init__()
        self.model: Any = model  # its methods have no types
        self._chunk = chunk
        self._of_packed = attention
        self._dtype = dtype
        self._into_gradient: Callable[..., Tensor] = _turned_into_gradient
        self._no_split_modules = model._no_split_modules  # noqa: SLF001 - FSDP gathers these blocks one by one

    def tie_weights(self) -> None:
        """Tie the tied weights; FSDP calls this once it has replaced the loaded tensors."""
        self.model.tie_weights()

    def compile_parts(self) -> None:
        """Compile each block of the model, and what is made of logits, for rows of any length.

        Only what is called from now on; a block that can't be compiled runs as it is.
        """
        names = set(self._no_split_modules or ())
        for block in self.model.modules():
            if type(block).__name__.removeprefix("FSDP") in names:
                block.compile(dynamic=True)
        self._into_gradient = torch.compile(_turned_into_gradient, dynamic=True)

    def _attend_by(self, name: str) -> None:
        """Let the model compute attention by a function of ours, which is the library's for rows that aren't packed."""
        config = self.model.config
        if config._attn_implementation != name:  # noqa: SLF001 - the library has no other name for it
            self.model.set_attn_implementation(name)
        if config._attn_implementation != name:  # noqa: SLF001 - as above; the library only warns
            raise ValueError("its attention can't be that of a packed row")

    def forward(self, rows: Rows, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss, -sum_t w_t log pi_t, and log pi_t of each predicted token.

        Args:
            rows: Those of one or more groups, on the device of the model.
            weights: (P), those of `token_weights`.

        Returns:
            The loss, a scalar, and the log-probabilities, (P), without a gradient; both float32.

        Raises:
            ValueError: The rows are packed, and the model's attention can't be computed in such.
        """
        return self.weighted(self.predicting(rows), rows.labels, weights)

    def predicting(self, rows: Rows) -> Tensor:
        """Return the states of which the logits of the predicted tokens are made; see `forward`.

        Args:
            rows: Those of one or more groups, on the device of the model.

        Returns:
            (P, H), with a gradient.

        Raises:
            ValueError: As for `forward`.
        """
        attending: dict[str, Any] = {"attention_mask": rows.attention_mask}
        if rows.spans is not None:
            self._attend_by(spans_attention(rows.input_ids.device, self._dtype))
            attending = carried(rows.attention_mask, rows.spans._replace(runs=()), torch.tensor(rows.spans.runs))
        narrow = self._dtype.itemsize < torch.float32.itemsize
        with torch.autocast(rows.input_ids.device.type, dtype=self._dtype, enabled=narrow):
            states = self.model.base_model(
                input_ids=rows.input_ids,
                position_ids=rows.position_ids,
                use_cache=False,
                **attending,
            ).last_hidden_state  # (B, T, H)
        return _taken(states.flatten(0, 1), rows.predictors)

    def weighted(self, predicting: Tensor, labels: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return what `forward` does, of states.

        Args:
            predicting: (P, H), as of `predicting`.
            labels: (P), int64.
            weights: (P).

        Returns:
            The loss and the log-probabilities, (P).
        """
        head = self.model.get_output_embeddings()
        targets = _Targets(labels, weights, self._chunk, self._dtype, self._into_gradient)
        return _WeightedLoss.apply(predicting, head.weight, head.bias, targets)  # type: ignore[no-any-return, no-untyped-call]

    @torch.no_grad()
    def log_probs(self, rows: Rows) -> Tensor:
        """Return log pi_t of each predicted token given those before it.

        Args:
            rows: Those of one or more groups, on the device of the model.

        Returns:
            (P), float32, without a gradient.
        """
        _, found = self(rows, torch.zeros(rows.labels.shape, device=rows.labels.device))
        return found  # type: ignore[no-any-return]


def summed(token_log_probs: Tensor, tokens: Sequence[int], *, token_mean: bool = False) -> Tensor:
    """Return log pi of each completion, the sum over its tokens.

    Args:
        token_log_probs: (P), log pi_t, completion by completion.
        tokens: The length of each of the n completions, its end included; they add up to P.
        token_mean: Whether to return the mean over a completion's tokens instead of the sum.

    Returns:
        (n).
    """
    parts = torch.split(token_log_probs, list(tokens))
    return torch.stack([part.mean() if token_mean else part.sum() for part in parts])


def _taken(states: Tensor, places: Tensor) -> Tensor:
    """Return the states at the places, (P, H), by an operation that adds the gradients of each place up in order.

    The prompt's end predicts the first token of every completion, so its gradient is a sum. A CPU's threads make it in
    any order for `states[places]`, from 32,768 numbers on, and a GPU's for `index_select`:
    `torch.use_deterministic_algorithms` lists both, and no embedding.
    """
    return nn.functional.embedding(places, states)


class _Targets(NamedTuple):
    labels: Tensor
    weights: Tensor
    chunk: int
    dtype: torch.dtype
    into_gradient: Callable[..., Tensor]


class _WeightedLoss(torch.autograd.Function):
    """Computes -sum_t w_t log softmax(table states_t + bias)[label_t], and its gradient while the logits are there.

    The loss is linear in the log-probabilities and its weights are known beforehand, so the gradient of a chunk's
    logits, w (softmax - one-hot), is known as soon as they are. Logits are computed once and not kept. The idea is that
    of the fused linear cross entropy of Hsu et al. 2024, "Liger Kernel: Efficient Triton Kernels for LLM Training".
    """

    @staticmethod
    def forward(
        ctx: Any, states: Tensor, table: Tensor, bias: Tensor | None, targets: _Targets
    ) -> tuple[Tensor, Tensor]:
        labels, weights, chunk, dtype, into_gradient = targets
        needs_states, needs_table, needs_bias = (  # under no_grad, parameters say that they need one all the same
            needed and states.requires_grad for needed in ctx.needs_input_grad[:3]
        )
        narrow, narrow_table = states.to(dtype), table.to(dtype)
        narrow_bias = None if bias is None else bias.to(dtype)
        log_probs, of_states, of_table, of_bias = [], [], None, []
        for start in range(0, len(labels), chunk):
            part = slice(start, start + chunk)
            logits = nn.functional.linear(narrow[part], narrow_table, narrow_bias).to(_wide(dtype))  # (C, V)
            log_probs.append(into_gradient(logits, labels[part], weights[part]))
            if needs_bias:
                of_bias.append(logits.sum(0))
            of_logits = logits.to(dtype)
            del logits
            if needs_states:
                of_states.append(of_logits @ narrow_table)
            if needs_table:
                of_table = _with_product(of_table, of_logits.T, narrow[part])
        ctx.gradients = (
            torch.cat(of_states).to(states.dtype) if needs_states else None,
            of_table,
            torch.stack(of_bias).sum(0) if needs_bias else None,
        )
        found = torch.cat(log_probs)
        ctx.mark_non_differentiable(found)
        return -(weights * found).sum(), found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_loss: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        gradients, ctx.gradients = ctx.gradients, None  # given away: who gets them may add to them in place
        for gradient in gradients:
            if gradient is not None:
                gradient.mul_(of_loss)  # 1 in training, but to ask a GPU would be to wait for it
        return *gradients, None


def _wide(dtype: torch.dtype) -> torch.dtype:
    """Return the type of log-probabilities: float32, or that of computation where it is wider."""
    return dtype if dtype.itemsize > torch.float32.itemsize else torch.float32


def _turned_into_gradient(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Return log pi of the labels, (C), and make of the logits, (C, V), the gradient of -sum_t w_t log pi_t by them."""
    at = labels[:, None]
    logits -= logits.amax(1, keepdim=True)
    of_labels = logits.gather(1, at)[:, 0]
    totals = logits.exp_().sum(1)
    logits *= (weights / totals)[:, None]
    logits.scatter_(1, at, logits.gather(1, at) - weights[:, None])
    return of_labels - totals.log()


def label_log_probs(logits: Tensor, labels: Tensor) -> Tensor:
    """Return log pi of the labels, bit for bit as training does.

    Args:
        logits: (C, V), of any type; float32 ones are changed.
        labels: (C), int64.

    Returns:
        (C), float32 at least.
    """
    logits = logits.to(_wide(logits.dtype))
    logits -= logits.amax(1, keepdim=True)
    of_labels = logits.gather(1, labels[:, None])[:, 0]
    return of_labels - logits.exp_().sum(1).log()


def _with_product(total: Tensor | None, left: Tensor, right: Tensor) -> Tensor:
    """Return the sum of a total, in float32 at least, which is changed in place, and a product of matrices."""
    if total is None:
        return (left @ right).to(_wide(left.dtype))
    return total.addmm_(left, right) if left.dtype == total.dtype else total.add_(left @ right)
