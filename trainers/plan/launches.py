"""Counts the kernels of a training step, and the bytes that they move, on tensors that take no memory.

A step at the model's true widths is taken with one block and with two, on PyTorch's fake tensors, which have shapes and
no values. A dispatch mode sees each operation; one that only looks at a tensor in another way launches nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from msgspec.structs import replace
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from trainers.config import TrainingOptions
from trainers.plan.device import PassCounts, Range, StepCounts
from trainers.plan.flops import Lengths, rows_of
from trainers.plan.measure import StepTaker, random_model, rows_like

_NO_KERNEL = ("empty", "new_empty", "_unsafe_view", "_local_scalar_dense")
"""Operations that launch nothing, though they are no views: those of a name that begins so."""
_NO_KERNELS = ("prim", "profiler")
"""Groups of operations that ask for properties, or leave marks."""
_PRODUCTS = (
    "mm", "bmm", "addmm", "baddbmm", "_varlen_attn", "attend_spans", "_scaled_dot_product",
)  # fmt: skip
"""Operations that a compiler leaves kernels of their own."""
_NUMBERS_A_LAUNCH = 320 << 16
"""A kernel over a list of tensors takes 320 blocks of 65,536 numbers."""


def count_step(
    model: str, blocks: int, step: Sequence[Lengths], options: TrainingOptions, *, compiled: bool
) -> StepCounts:
    """Count the kernels of a step by taking it on fake tensors, with one block and with two, and with twice the tokens.

    Blocks are not compiled for it. In a compiled block each product and each attention stays a kernel of its own, and
    what lies between is joined: the copies of weights in another type, and the rest. So the fewest kernels of a block
    are its products, and the most are taken to be three times as many; the fewest bytes are those of the products.

    Args:
        model: Folder or name of the model, whose config.json says the widths; its weights are not read.
        blocks: Number of blocks of the model.
        step: Lengths of the groups of a pass.
        options: Settings of the training.
        compiled: Whether blocks are compiled where the training runs.

    Returns:
        The counts for all blocks.
    """
    kept, recomputed = (
        _pass_counts(model, blocks, step, replace(options, gradient_checkpointing=again), compiled=compiled)
        for again in (False, True)
    )
    ahead = None
    if options.importance_cap is not None:
        ahead = _pass_counts(model, blocks, step, options, compiled=compiled, gradient=False)
    one, two = (counted_kernels(model, few, step[:1], options)[1] for few in (1, 2))
    return StepCounts(
        kept=kept,
        recomputed=recomputed,
        ahead=ahead,
        update_launches=one.launches + (blocks - 1) * (two.launches - one.launches),
        update_bytes=one.moved + (blocks - 1) * (two.moved - one.moved),
    )


def _pass_counts(
    model: str, blocks: int, step: Sequence[Lengths], options: TrainingOptions, *, compiled: bool, gradient: bool = True
) -> PassCounts:
    double = [
        Lengths(prompt=2 * one.prompt, completions=tuple(2 * tokens for tokens in one.completions)) for one in step
    ]
    few, more = (
        _over_blocks(model, blocks, lengths, options, compiled=compiled, gradient=gradient)
        for lengths in (step, double)
    )
    positions, doubled = (count * width for count, width in (rows_of(lengths, options) for lengths in (step, double)))
    slopes = [(most - least) / (doubled - positions) for least, most in zip(few[1], more[1], strict=True)]
    least, most = (moved - slope * positions for moved, slope in zip(few[1], slopes, strict=True))
    return PassCounts(launches=few[0], fixed_bytes=(least, most), position_bytes=(slopes[0], slopes[1]))


def _over_blocks(
    model: str, blocks: int, step: Sequence[Lengths], options: TrainingOptions, *, compiled: bool, gradient: bool
) -> tuple[Range, Range]:
    """Return launches and bytes of a pass through all blocks, from those through one and through two."""
    one, two = (counted_kernels(model, few, step, options, gradient=gradient)[0] for few in (1, 2))
    launches = one.launches + (blocks - 1) * (two.launches - one.launches)
    moved = one.moved + (blocks - 1) * (two.moved - one.moved)
    if not compiled:
        return (launches, launches), (moved, moved)
    products = blocks * (two.products - one.products)
    beside = 2 * one.launches - two.launches
    fewest_bytes = 2 * one.moved - two.moved + blocks * (two.product_bytes - one.product_bytes)
    return (beside + products, beside + 3 * products), (fewest_bytes, moved)


def counted_kernels(
    model: str, blocks: int, step: Sequence[Lengths], options: TrainingOptions, *, gradient: bool = True
) -> tuple["KernelCounter", "KernelCounter"]:
    """Count the kernels of a pass on fake tensors, and of the update behind it.

    Args:
        model: As for `count_step`.
        blocks: Number of blocks, at least one.
        step: Lengths of the groups of the pass.
        options: Settings of the training.
        gradient: Whether the pass computes a gradient, or log-probabilities alone.

    Returns:
        The counts of the pass, and of the update, of which there is none without a gradient.
    """
    rows, made = rows_like(step, options), random_model(model, blocks, options, "meta")
    with FakeTensorMode(allow_non_fake_inputs=True) as fake:
        made.to_empty(device="cpu")
        made.tie_weights()
        take = StepTaker(made, options, like_a_gpu=True)
        shapes = tree_map(lambda part: fake.from_tensor(part) if isinstance(part, torch.Tensor) else part, rows)
        with KernelCounter() as of_pass:
            (take.compute if gradient else take.look_ahead)(shapes)
        if gradient:
            take.update()  # makes the moments
        with KernelCounter() as of_update:
            if gradient:
                take.update()
    return of_pass, of_update


class KernelCounter(TorchDispatchMode):  # type: ignore[no-untyped-call]  # it has no types
    """Counts the kernels that run under it, and the bytes of their operands and results."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()  # type: ignore[no-untyped-call]  # as above
        self.launches = self.moved = self.products = self.product_bytes = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run an operation and count it."""
        out = func(*args, **(kwargs or {}))
        room, _, name = func.name().partition("::")
        if not (func.is_view or room in _NO_KERNELS or name.startswith(_NO_KERNEL)):
            launches, moved = _launches(name, args), _moved(func, args, kwargs or {}, out)
            self.launches, self.moved = self.launches + launches, self.moved + moved
            if name.startswith(_PRODUCTS):
                self.products, self.product_bytes = self.products + launches, self.product_bytes + moved
        return out


def _launches(name: str, args: Sequence[Any]) -> int:
    """Return the kernels of an operation: one, or for a list of tensors as many as take all of their numbers."""
    if not name.startswith(("_foreach", "_fused_adam")):
        return 1
    numbers = sum(int(tensor.numel()) for tensor in args[0])
    return max(1, -(-numbers // _NUMBERS_A_LAUNCH))


def _moved(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any], out: Any) -> int:
    """Return the bytes that an operation reads and writes: its arguments, those that it changes again, its results."""
    schema = func._schema  # noqa: SLF001 - nothing else tells
    changed = [
        given for given, of in zip(args, schema.arguments, strict=False) if of.alias_info and of.alias_info.is_write
    ]
    made = None if any(of.alias_info for of in schema.returns) else out
    leaves: Sequence[Any] = tree_leaves((args, kwargs, changed, made))
    return sum(int(leaf.nbytes) for leaf in leaves if isinstance(leaf, torch.Tensor))
