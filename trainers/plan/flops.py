"""Counts the operations of a training step, by formulas over the sizes of model, groups and options.

A multiplication with an addition counts as two operations. Counted are the matrix products, as is usual; norms,
activations and the optimiser are less than a hundredth of them. The tests hold the formulas against PyTorch's own
counter.
"""

from collections.abc import Sequence

import msgspec

from trainers.config import TrainingOptions
from trainers.plan.sizes import ModelSizes

_FORWARD = 2
"""Operations for each weight and position in a forward pass; a gradient, of weights or of inputs, takes as many."""
_ATTENTION_FORWARD = 4
"""For each pair of positions and each value of their width: scores, and the sum that they weigh."""
_ATTENTION_BACKWARD = 10
"""The scores recomputed, as by fused kernels, and the gradients of weighted values, scores, queries and keys."""


class Lengths(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the tokens of a group: of its prompt, and of each completion with its end."""

    prompt: int
    completions: tuple[int, ...]
    own: bool = False
    """Whether a completion is a policy's own, with the log-probability that it was sampled with."""

    @property
    def predicted(self) -> int:
        """Return the number of tokens with logits: P of `trainers.objective`."""
        return sum(self.completions)

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Return (queries, keys) of the prompt and of each completion in a packed row; the ends are in no row."""
        own = [tokens - 1 for tokens in self.completions]
        return (self.prompt, self.prompt), *((count, self.prompt + count) for count in own if count)

    def positions(self, options: TrainingOptions) -> int:
        """Return the positions that the model computes for this group alone, padding included.

        Args:
            options: `packing` counts.

        Returns:
            The tokens of its rows.
        """
        count, width = rows_of([self], options)
        return count * width


def rows_of(step: Sequence[Lengths], options: TrainingOptions) -> tuple[int, int]:
    """Return the number and the length of the model's rows that hold some groups.

    Args:
        step: The groups.
        options: `packing` counts.

    Returns:
        (B, T) of `trainers.packing`, in rows and tokens.
    """
    if options.packing:
        return 1, sum(queries for one in step for queries, _ in one.spans)
    return sum(len(one.completions) for one in step), max(one.prompt + max(one.completions) - 1 for one in step)


def operations(sizes: ModelSizes, step: Sequence[Lengths], options: TrainingOptions) -> int:
    """Return the operations of forward and backward pass of a step.

    Frozen weights have no gradient of their own, so they cost two thirds; an adapter comes on top. With LoRA the very
    first projections need no gradient of their inputs either, which is neglected: 1 % of 24 blocks.

    Attention counts each query with each key of its span, or of its row with padding, as PyTorch's counter does; the
    half that causality hides is saved by some kernels and not by others.

    Args:
        sizes: Those of the model.
        step: The lengths of its groups, in tokens.
        options: Packing, LoRA and gradient checkpointing count.

    Returns:
        Operations; a multiplication with an addition counts as two.
    """
    count, width = rows_of(step, options)
    adapter = sizes.adapter_parameters(options.lora_rank)
    weights = sizes.blocks * sizes.block_weights
    gradients = _ATTENTION_BACKWARD * _attention(sizes, step, options) + _FORWARD * count * width * (
        weights + 2 * adapter if options.lora_rank else 2 * weights
    )
    blocks, logits = _blocks_forward(sizes, step, options), _logits(sizes, step)
    recomputes = options.gradient_checkpointing is True
    recomputed = blocks - _last_layers(sizes, count * width, options) if recomputes else 0
    passes = 2 if options.lora_rank else 3
    return blocks + recomputed + gradients + passes * logits


def forward_operations(sizes: ModelSizes, step: Sequence[Lengths], options: TrainingOptions) -> int:
    """Return the operations of a forward pass alone, whose logits give log-probabilities.

    Args:
        sizes: Those of the model.
        step: The lengths of its groups, in tokens.
        options: Packing and LoRA count.

    Returns:
        Operations, counted as those of a step.
    """
    return _blocks_forward(sizes, step, options) + _logits(sizes, step)


def _blocks_forward(sizes: ModelSizes, step: Sequence[Lengths], options: TrainingOptions) -> int:
    count, width = rows_of(step, options)
    weights = sizes.blocks * sizes.block_weights + sizes.adapter_parameters(options.lora_rank)
    return _FORWARD * count * width * weights + _ATTENTION_FORWARD * _attention(sizes, step, options)


def _attention(sizes: ModelSizes, step: Sequence[Lengths], options: TrainingOptions) -> int:
    """Return the pairs of positions that attend, times the width, in all blocks."""
    count, width = rows_of(step, options)
    pairs = sum(queries * keys for one in step for queries, keys in one.spans) if options.packing else count * width**2
    return pairs * sizes.attention * sizes.blocks


def _logits(sizes: ModelSizes, step: Sequence[Lengths]) -> int:
    return _FORWARD * sum(one.predicted for one in step) * sizes.table


def _last_layers(sizes: ModelSizes, positions: int, options: TrainingOptions) -> int:
    """Return the operations of the blocks' last products, which no gradient needs: recomputing a block stops before."""
    width_in, width_out = sizes.linears[-1]
    return 0 if options.lora_rank else _FORWARD * positions * width_in * width_out * sizes.blocks
