"""Reads the sizes of a model from its config.json; its weights are not read.

The model is built on PyTorch's meta device, where weights take no memory. The formulas of `trainers.plan.flops` and
`trainers.plan.memory` are over these sizes, and hold for blocks such as Qwen2's, Llama's or Mistral's; a model of
another kind is refused.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from harness.errors import UserError, install_command
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
    key_values: int
    """All heads of the keys together, as many as of the values."""
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
        raise UserError(
            f"a plan needs {error.name}, which is not installed; {install_command('proctor[train]')}"
        ) from error
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
        key_values=_key_heads(config) * head,
        intermediate=max(max(widths) for widths in linears[:per_block]),
        vocabulary=config.vocab_size,
        linears=linears[:per_block],
        parameters=sum(parameter.numel() for parameter in made.parameters()),
    )


def _key_heads(config: Any) -> int:
    """Return the heads of keys and values, by the names that configs have for them; without one those of queries."""
    for name in ("num_key_value_heads", "num_kv_heads"):
        if heads := getattr(config, name, None):
            return int(heads)
    return int(config.num_attention_heads)


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


def trained(sizes: ModelSizes, options: TrainingOptions) -> int:
    """Return the number of parameters that are trained.

    Args:
        sizes: Those of the model.
        options: `lora_rank` counts.

    Returns:
        The adapter's, or all with a rank of 0.
    """
    return sizes.adapter_parameters(options.lora_rank) if options.lora_rank else sizes.parameters
