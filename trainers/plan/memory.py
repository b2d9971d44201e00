"""Forecasts the memory of a training step, by formulas over the sizes of model, groups and options.

They are those of `trainers.objective`; the tests hold them against the memory that a step really takes.
"""

from collections.abc import Sequence

import msgspec

from trainers.config import TrainingOptions
from trainers.plan.flops import Lengths, rows_of
from trainers.plan.sizes import ModelSizes, trained

_WIDE = 4
"""Bytes of a float32, in which everything that is trained is held."""


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the bytes at the peak of a step."""

    weights: int
    gradients: int
    moments: int
    """AdamW's two."""
    activations: int
    """Kept by the forward pass for the backward pass."""
    passing: int
    """Held for a while on top of all that: one chunk of logits, or one block."""

    @property
    def total(self) -> int:
        """Return the bytes of all parts."""
        return sum(msgspec.structs.astuple(self))


def step_memory(sizes: ModelSizes, step: Sequence[Lengths], options: TrainingOptions) -> Memory:
    """Return the memory at the peak of a step of one process, or of the part of it that is computed at once.

    Args:
        sizes: Those of the model.
        step: The groups that are in its rows together; gradients of an earlier part may be there already.
        options: Settings of the training.

    Returns:
        Bytes, by part.
    """
    parameters = trained(sizes, options)
    frozen = sizes.parameters if options.lora_rank else 0
    return Memory(
        weights=_WIDE * parameters + _narrow(options) * frozen + _casts(sizes, options),
        gradients=_WIDE * parameters,
        moments=2 * _WIDE * parameters,
        activations=_activations(sizes, step, options),
        passing=_passing(sizes, step, options),
    )


def _casts(sizes: ModelSizes, options: TrainingOptions) -> int:
    """Return the copies in bfloat16 of trained weights that autocast keeps through a forward pass."""
    if options.dtype == "float32" or options.lora_rank:
        return 0
    return 2 * (1 if _recomputes(options) else sizes.blocks) * sizes.block_weights


def _activations(sizes: ModelSizes, step: Sequence[Lengths], options: TrainingOptions) -> int:
    if not _recomputes(options):
        return sizes.blocks * _block(sizes, step, options)
    count, width = rows_of(step, options)
    return sizes.blocks * count * width * sizes.hidden * (_narrow(options) if options.lora_rank else _WIDE)


def _passing(sizes: ModelSizes, step: Sequence[Lengths], options: TrainingOptions) -> int:
    """Return the bytes of the logits, or of a block behind them; the gradient of the logits' table is there by then."""
    count, width = rows_of(step, options)
    block = _block(sizes, step, options) if _recomputes(options) else 0
    narrow = _narrow(options)
    each = 2 * narrow  # the gradients of both halves of the gated layer
    if options.lora_rank and narrow < _WIDE:
        each += 2 * _WIDE  # the adapter's input in its own type, and its gradient
    gradients = count * width * sizes.intermediate * each
    of_table = 0 if options.lora_rank else _WIDE * sizes.table
    return of_table + max(block + gradients, _logits(sizes, step, options))


def _block(sizes: ModelSizes, step: Sequence[Lengths], options: TrainingOptions) -> int:
    """Return the bytes that one block keeps, those of attention among them.

    Attention keeps queries, keys, values and its output. In bfloat16 a packed row has keys and values gathered for each
    span, as the kernel of a GPU takes them. Padded rows have them spread to all heads, and a mask that is spread out as
    numbers.
    """
    count, width = rows_of(step, options)
    narrow = _narrow(options)
    if options.packing:
        keys = width if narrow == _WIDE else sum(keys for one in step for _, keys in one.spans)
        attention = 2 * width * sizes.attention + 2 * keys * sizes.key_values
    else:
        attention = count * width * (4 * sizes.attention + width)
    return count * width * _kept(sizes, options) + narrow * attention


def _recomputes(options: TrainingOptions) -> bool:
    return options.gradient_checkpointing is True


def _narrow(options: TrainingOptions) -> int:
    return _WIDE if options.dtype == "float32" else 2


def _kept(sizes: ModelSizes, options: TrainingOptions) -> int:
    """Return the bytes that one block keeps of a position for the backward pass.

    H, A and I are the widths of the stream, of attention and of the gated layer. Norms keep their inputs, and where
    their weights are trained also what these weigh; linear layers their inputs; the gated layer both halves, the
    activated one and their product. Dropout gives each adapter inputs of its own, and a mask; that is float32 on a CPU,
    and a byte on a GPU.
    """
    h, a, i = sizes.hidden, sizes.attention, sizes.intermediate
    narrow = _narrow(options)
    if not options.lora_rank:
        inputs = 2 * h if narrow == _WIDE else 5 * h  # cast again for each linear layer
        return 4 * h * _WIDE + (inputs + 4 * i) * narrow
    ranks = len(sizes.linears) * options.lora_rank
    if not options.lora_dropout:
        return 2 * h * _WIDE + (2 * h + 4 * i + ranks) * narrow
    dropped = 5 * h + a + i
    return (2 * h + dropped) * _WIDE + (dropped + 3 * i + ranks) * narrow


def _logits(sizes: ModelSizes, step: Sequence[Lengths], options: TrainingOptions) -> int:
    """Return the bytes of a chunk: logits in float32, which become their gradient, and in bfloat16 a copy of it.

    Then also the table has a copy in bfloat16, and so has its gradient before it is added to the rest.
    """
    chunk = min(sum(one.predicted for one in step), options.logits_chunk) * sizes.vocabulary
    if options.dtype == "float32":
        return _WIDE * chunk
    tables = 0 if options.lora_rank else 2 * _narrow(options) * sizes.table
    return (_WIDE + _narrow(options)) * chunk + tables
