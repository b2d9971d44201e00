"""Counts operations and memory of a training step, by formulas over the sizes of model, groups and options.

A multiplication with an addition counts as two operations. Counted are the matrix products, as is usual; norms,
activations and the optimiser are less than a hundredth of them. Attention counts as it is computed: each position with
each other of its sequence, because a mask hides scores but saves no work.

Sizes are those of `trainers.objective` on blocks such as Qwen2's, Llama's or Mistral's, read from config.json on
PyTorch's meta device, where weights take no memory; the tests hold them against PyTorch's own counter and against the
memory that a step really takes.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from harness.errors import UserError
from harness.generation.loading import stateful_layers
from trainers.config import TrainingOptions

_MEASURE = "measure a few steps instead: --max-steps 10"
_NEEDED = ("hidden_size", "num_attention_heads", "num_hidden_layers", "vocab_size")


class ModelSizes(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the sizes of a usual decoder: blocks of attention and a gated layer, between two tables of the vocabulary.

    Widths are in values a position; counts are of parameters.
    """

    blocks: int
    hidden: int
    attention: int
    """All heads of the queries together."""
    intermediate: int
    vocabulary: int
    linears: tuple[tuple[int, int], ...]
    """(in, out) of every linear layer of one block."""
    parameters: int
    """Of everything; what is tied counts once."""

    @property
    def block_weights(self) -> int:
        """Return the weights of the linear layers of one block."""
        return sum(width_in * width_out for width_in, width_out in self.linears)

    @property
    def table(self) -> int:
        """Return the weights of the table that turns hidden states into logits."""
        return self.hidden * self.vocabulary

    def adapter_parameters(self, rank: int) -> int:
        """Return the parameters of a LoRA adapter on every linear layer of the blocks.

        Args:
            rank: Rank of the adapter; 0 for none.

        Returns:
            Their number: `rank` times in + out of each layer.
        """
        return self.blocks * rank * sum(width_in + width_out for width_in, width_out in self.linears)


def sizes_of(model: str) -> ModelSizes:
    """Return the sizes of a model; its weights are not read.

    Args:
        model: A folder with config.json, or a name on the hub.

    Returns:
        The sizes, from the model built on the meta device.

    Raises:
        UserError: The libraries are missing, there is no such model, or it is of another kind.
    """
    try:
        import torch  # noqa: PLC0415 - heavy
        from transformers import AutoConfig, AutoModelForCausalLM  # noqa: PLC0415
        from transformers.pytorch_utils import Conv1D  # noqa: PLC0415 - GPT-2's linear layers
    except ModuleNotFoundError as error:
        raise UserError(f"a plan needs {error.name}, which is not installed; pip install 'proctor[train]'") from error
    try:
        config = AutoConfig.from_pretrained(model)
    except Exception as error:  # the library raises whatever a config leads to
        reason = " ".join(str(error).split())
        raise UserError(f"{model}: has no config.json that transformers can read ({reason}); name a model") from error
    if missing := [name for name in _NEEDED if getattr(config, name, None) is None]:
        raise UserError(
            f"{model}: its config.json has no {missing[0]}, so it can't be planned; only decoder-only models can"
        )
    try:
        with torch.device("meta"):
            made: Any = AutoModelForCausalLM.from_config(config)  # type: ignore[no-untyped-call]  # it has no types
    except Exception as error:  # as above
        reason = " ".join(str(error).split())
        raise UserError(f"{model}: transformers makes no model of its config.json ({reason}); check it") from error
    _refuse_uncounted(model, made, (torch.nn.Linear, Conv1D), torch.nn.Embedding)
    linears = _linears(made, (torch.nn.Linear, Conv1D))
    per_block = len(linears) // config.num_hidden_layers
    if linears != linears[:per_block] * config.num_hidden_layers:
        raise UserError(f"{model}: its blocks differ in shape, so it can't be planned; {_MEASURE}")
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return ModelSizes(
        blocks=config.num_hidden_layers,
        hidden=config.hidden_size,
        attention=config.num_attention_heads * head,
        intermediate=max(max(widths) for widths in linears[:per_block]),
        vocabulary=config.vocab_size,
        linears=linears[:per_block],
        parameters=sum(parameter.numel() for parameter in made.parameters()),
    )


def _refuse_uncounted(model: str, made: Any, linear: tuple[type[Any], ...], table: type[Any]) -> None:
    """Refuse work that the formulas leave out: of states, and of experts, whose weights are in no linear layer."""
    if states := stateful_layers(made):
        raise UserError(f"{model}: has {', '.join(states)} layers, so it can't be planned; {_MEASURE}")
    kinds: Any = (*linear, table)
    counted = {id(module.weight) for module in made.modules() if isinstance(module, kinds)}
    others = [name for name, weight in made.named_parameters() if weight.ndim > 1 and id(weight) not in counted]
    if others:
        raise UserError(f"{model}: its {others[0]} is in no linear layer, so it can't be planned; {_MEASURE}")


def _linears(made: Any, kinds: tuple[type[Any], ...]) -> tuple[tuple[int, int], ...]:
    """Return (in, out) of the linear layers of all blocks; without the table of logits."""
    head = made.get_output_embeddings()
    layers: Sequence[Any] = [module for module in made.modules() if isinstance(module, kinds) and module is not head]
    return tuple(
        (layer.in_features, layer.out_features) if hasattr(layer, "in_features") else tuple(layer.weight.shape)
        for layer in layers
    )


_FORWARD = 2
"""Operations for each weight and position in a forward pass; a gradient, of weights or of inputs, takes as many."""
_ATTENTION_FORWARD = 4
"""For each pair of positions and each value of their width: scores, and the sum that they weigh."""
_ATTENTION_BACKWARD = 10
"""The scores recomputed, as by fused kernels, and the gradients of weighted values, scores, queries and keys."""
_WIDE = 4
"""Bytes of a float32, in which everything that is trained is held."""


class Lengths(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the tokens of a group: of its prompt, and of each completion with its end."""

    prompt: int
    completions: tuple[int, ...]

    @property
    def predicted(self) -> int:
        """Return the number of tokens with logits: P of `trainers.objective`."""
        return sum(self.completions)

    def rows(self, options: TrainingOptions) -> tuple[int, int]:
        """Return the number and the length of the model's rows; the ends are in no row.

        Args:
            options: `packing` counts.

        Returns:
            (B, T) of `trainers.packing`, in rows and tokens.
        """
        if options.packing:
            return 1, self.prompt + sum(self.completions) - len(self.completions)
        return len(self.completions), self.prompt + max(self.completions) - 1

    def positions(self, options: TrainingOptions) -> int:
        """Return the positions that the model computes, padding included.

        Args:
            options: `packing` counts.

        Returns:
            B x T, in tokens.
        """
        count, width = self.rows(options)
        return count * width


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


class TrainingDevice(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the speed and the memory of a device for training."""

    name: str
    slow: float
    """Operations a second that it gets at least."""
    fast: float
    """At most."""
    memory_bytes: int | None = None
    why: str
    """Where the two speeds come from."""


def operations(sizes: ModelSizes, lengths: Lengths, options: TrainingOptions) -> int:
    """Return the operations of forward and backward pass of one group.

    Frozen weights have no gradient of their own, so they cost two thirds; an adapter comes on top. With LoRA the very
    first projections need no gradient of their inputs either, which is neglected: 1 % of 24 blocks.

    Args:
        sizes: Those of the model.
        lengths: The group's, in tokens.
        options: Packing, LoRA and gradient checkpointing count.

    Returns:
        Operations; a multiplication with an addition counts as two.
    """
    count, width = lengths.rows(options)
    attention = count * width**2 * sizes.attention * sizes.blocks
    weights = sizes.blocks * sizes.block_weights
    adapter = sizes.adapter_parameters(options.lora_rank)
    forward = _FORWARD * count * width * (weights + adapter) + _ATTENTION_FORWARD * attention
    gradients = _ATTENTION_BACKWARD * attention + _FORWARD * count * width * (
        weights + 2 * adapter if options.lora_rank else 2 * weights
    )
    recomputed = forward - _last_layers(sizes, count * width, options) if options.gradient_checkpointing else 0
    logits = _FORWARD * lengths.predicted * sizes.table
    passes = 2 if options.lora_rank else 3
    return forward + recomputed + gradients + passes * logits


def _last_layers(sizes: ModelSizes, positions: int, options: TrainingOptions) -> int:
    """Return the operations of the blocks' last products, which no gradient needs: recomputing a block stops before."""
    width_in, width_out = sizes.linears[-1]
    return 0 if options.lora_rank else _FORWARD * positions * width_in * width_out * sizes.blocks


def trained(sizes: ModelSizes, options: TrainingOptions) -> int:
    """Return the number of parameters that are trained.

    Args:
        sizes: Those of the model.
        options: `lora_rank` counts.

    Returns:
        The adapter's, or all with a rank of 0.
    """
    return sizes.adapter_parameters(options.lora_rank) if options.lora_rank else sizes.parameters


def memory(sizes: ModelSizes, batch: Sequence[Lengths], options: TrainingOptions) -> Memory:
    """Return the peak of the steps of one process.

    Args:
        sizes: Those of the model.
        batch: The groups that may come, of which the costliest counts; gradients of an earlier one are there already.
        options: Settings of the training.

    Returns:
        Bytes, by part.
    """
    parameters = trained(sizes, options)
    frozen = sizes.parameters if options.lora_rank else 0
    costs = [(_activations(sizes, lengths, options), _passing(sizes, lengths, options)) for lengths in batch]
    activations, passing = max(costs, key=sum)
    return Memory(
        weights=_WIDE * parameters + _narrow(options) * frozen + _casts(sizes, options),
        gradients=_WIDE * parameters,
        moments=2 * _WIDE * parameters,
        activations=activations,
        passing=passing,
    )


def _casts(sizes: ModelSizes, options: TrainingOptions) -> int:
    """Return the copies in bfloat16 of trained weights that autocast keeps through a forward pass."""
    if options.dtype == "float32" or options.lora_rank:
        return 0
    return 2 * (1 if options.gradient_checkpointing else sizes.blocks) * sizes.block_weights


def _activations(sizes: ModelSizes, lengths: Lengths, options: TrainingOptions) -> int:
    positions = lengths.positions(options)
    if not options.gradient_checkpointing:
        return sizes.blocks * _block(sizes, lengths, options)
    return sizes.blocks * positions * sizes.hidden * (_narrow(options) if options.lora_rank else _WIDE)


def _passing(sizes: ModelSizes, lengths: Lengths, options: TrainingOptions) -> int:
    """Return the bytes of the logits, or of a block behind them; the gradient of the logits' table is there by then."""
    block = _block(sizes, lengths, options) if options.gradient_checkpointing else 0
    gradients = 3 * lengths.positions(options) * sizes.intermediate * _WIDE
    of_table = 0 if options.lora_rank else _WIDE * sizes.table
    return of_table + max(block + gradients, _logits(sizes, lengths, options))


def _block(sizes: ModelSizes, lengths: Lengths, options: TrainingOptions) -> int:
    """Return the bytes that one block keeps; the mask is spread out as numbers for each of them."""
    count, width = lengths.rows(options)
    return count * width * (_kept(sizes, options) + _narrow(options) * width)


def _narrow(options: TrainingOptions) -> int:
    return _WIDE if options.dtype == "float32" else 2


def _kept(sizes: ModelSizes, options: TrainingOptions) -> int:
    """Return the bytes that one block keeps of a position for the backward pass.

    H, A and I are the widths of the stream, of attention and of the gated layer. Norms keep their inputs, and where
    their weights are trained also what these weigh; linear layers their inputs; attention queries, keys (spread to all
    heads), values and its output; the gated layer both halves, the activated one and their product. Dropout gives each
    adapter inputs of its own, and a mask; that is float32 on a CPU, and a byte on a GPU.
    """
    h, a, i = sizes.hidden, sizes.attention, sizes.intermediate
    narrow = _narrow(options)
    if not options.lora_rank:
        inputs = 2 * h if narrow == _WIDE else 5 * h  # cast again for each linear layer
        return 4 * h * _WIDE + (inputs + 4 * a + 4 * i) * narrow
    ranks = len(sizes.linears) * options.lora_rank
    if not options.lora_dropout:
        return 2 * h * _WIDE + (2 * h + 4 * a + 4 * i + ranks) * narrow
    dropped = 5 * h + a + i
    return (2 * h + dropped) * _WIDE + (dropped + 4 * a + 3 * i + ranks) * narrow


def _logits(sizes: ModelSizes, lengths: Lengths, options: TrainingOptions) -> int:
    """Return the bytes of a chunk: logits in float32, which become their gradient, and in bfloat16 a copy of it.

    Then also the table has a copy in bfloat16, and so has its gradient before it is added to the rest.
    """
    chunk = min(lengths.predicted, options.logits_chunk) * sizes.vocabulary
    if options.dtype == "float32":
        return _WIDE * chunk
    tables = 0 if options.lora_rank else 2 * _narrow(options) * sizes.table
    return (_WIDE + _narrow(options)) * chunk + tables
