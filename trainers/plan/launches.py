"""Counts the kernels of a training step, and the bytes that they move, on tensors that take no memory.

A step at the model's true widths is taken with one block and with two, on PyTorch's fake tensors, which have shapes and
no values. A dispatch mode sees each operation; one that only looks at a tensor in another way launches nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from trainers.config import TrainingOptions
from trainers.plan.device import Range, StepCounts
from trainers.plan.flops import Lengths, rows_of
from trainers.plan.measure import random_model, stepper

_NO_KERNEL = ("empty", "new_empty", "_unsafe_view", "_local_scalar_dense")
"""Operations that launch nothing, though they are no views: those of a name that begins so."""
_PRODUCTS = (
    "mm", "bmm", "addmm", "baddbmm", "_varlen_attn", "_scaled_dot_product", "_flash_attention", "_efficient_attention",
)  # fmt: skip
"""Operations that a compiler leaves kernels of their own."""
_NUMBERS_A_LAUNCH = 320 << 16
"""A kernel over a list of tensors takes 320 blocks of 65,536 numbers."""


def count_step(model: str, blocks: int, step: Sequence[Lengths], options: TrainingOptions) -> StepCounts:
    """Count the kernels of a step by taking it on fake tensors, with one block and with two, and with twice the tokens.

    Blocks are not compiled for it. In a compiled block each product and each attention stays a kernel of its own, with
    at most one beside it that joins what lies between. So the fewest kernels of a block are its products, and the most
    are twice as many; the fewest bytes are those of the products.

    Args:
        model: Folder or name of the model, whose config.json says the widths; its weights are not read.
        blocks: Number of blocks of the model.
        step: Lengths of the groups of a step.
        options: Settings of the training.

    Returns:
        The counts for all blocks.
    """
    double = [
        Lengths(prompt=2 * one.prompt, completions=tuple(2 * tokens for tokens in one.completions)) for one in step
    ]
    few, more = (_over_blocks(model, blocks, lengths, options) for lengths in (step, double))
    positions, doubled = (count * width for count, width in (rows_of(lengths, options) for lengths in (step, double)))
    slopes = [(most - least) / (doubled - positions) for least, most in zip(few[1], more[1], strict=True)]
    least, most = (moved - slope * positions for moved, slope in zip(few[1], slopes, strict=True))
    return StepCounts(launches=few[0], fixed_bytes=(least, most), position_bytes=(slopes[0], slopes[1]))


def _over_blocks(model: str, blocks: int, step: Sequence[Lengths], options: TrainingOptions) -> tuple[Range, Range]:
    """Return launches and bytes of a step through all blocks, from those through one and through two."""
    one, two = (_counted(model, few, step, options) for few in (1, 2))
    launches, moved = (first + (blocks - 1) * (second - first) for first, second in zip(one[:2], two[:2], strict=True))
    if not compiles(options):
        return (launches, launches), (moved, moved)
    products, product_bytes = (second - first for first, second in zip(one[2:], two[2:], strict=True))
    beside, beside_bytes = (2 * first - second for first, second in zip(one[:2], two[:2], strict=True))
    return (
        (beside + blocks * products, beside + 2 * blocks * products),
        (beside_bytes + blocks * product_bytes, moved),
    )


def _counted(model: str, blocks: int, step: Sequence[Lengths], options: TrainingOptions) -> tuple[int, int, int, int]:
    """Return launches and bytes of a step, of all kernels and of the products among them."""
    with FakeTensorMode(allow_non_fake_inputs=True):
        step_s = stepper(random_model(model, blocks, options, "cpu"), options)
        with KernelCounter() as kernels:
            step_s(step)
    return kernels.launches, kernels.moved, kernels.products, kernels.product_bytes


class KernelCounter(TorchDispatchMode):
    """Counts the kernels that run under it, and the bytes of their operands and results."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.launches = self.moved = self.products = self.product_bytes = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run an operation and count it."""
        out = func(*args, **(kwargs or {}))
        name = func.name().partition("::")[2]
        if not (func.is_view or name.startswith(_NO_KERNEL)):
            launches, moved = _launches(name, args), _bytes((args, kwargs, out))
            self.launches, self.moved = self.launches + launches, self.moved + moved
            if name.startswith(_PRODUCTS):
                self.products, self.product_bytes = self.products + launches, self.product_bytes + moved
        return out


def _launches(name: str, args: Sequence[Any]) -> int:
    """Return the kernels of an operation: one, or for a list of tensors as many as take all of their numbers."""
    if not name.startswith(("_foreach", "_fused_adam")):
        return 1
    return max(1, -(-sum(tensor.numel() for tensor in args[0]) // _NUMBERS_A_LAUNCH))


def _bytes(values: Any) -> int:
    """Return the bytes of the tensors among some values, each once."""
    tensors = {id(leaf): leaf for leaf in tree_leaves(values) if isinstance(leaf, torch.Tensor)}
    return sum(tensor.nbytes for tensor in tensors.values())
