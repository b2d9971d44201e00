"""What a model is made of, by its config.json: counted on PyTorch's meta device, where weights take no memory."""

from collections.abc import Sequence
from typing import Any

import msgspec

from harness.errors import UserError

_NEEDED = ("hidden_size", "intermediate_size", "num_attention_heads", "num_hidden_layers", "vocab_size")


class Anatomy(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes of a usual decoder: blocks of attention and a gated layer, between two tables of the vocabulary.

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
        """Weights of the linear layers of one block."""
        return sum(width_in * width_out for width_in, width_out in self.linears)

    @property
    def table(self) -> int:
        """Weights of the table that turns hidden states into logits."""
        return self.hidden * self.vocabulary

    def adapter_parameters(self, rank: int) -> int:
        """Return the parameters of a LoRA adapter on every linear layer of the blocks."""
        return self.blocks * rank * sum(width_in + width_out for width_in, width_out in self.linears)


def anatomy_of(model: str) -> Anatomy:
    """Return what a model is made of; nothing of its weights is read.

    Args:
        model: A folder with config.json, or a name on the hub.

    Raises:
        UserError: The libraries are missing, there is no such model, or it is of another kind.
    """
    try:
        import torch  # noqa: PLC0415 - heavy
        from transformers import AutoConfig, AutoModelForCausalLM  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UserError(f"a plan needs {error.name}, which is not installed; pip install 'proctor[train]'") from error
    try:
        config = AutoConfig.from_pretrained(model)
    except (OSError, ValueError) as error:
        raise UserError(f"{model}: has no config.json that transformers can read ({error}); name a model") from error
    if missing := [name for name in _NEEDED if getattr(config, name, None) is None]:
        raise UserError(
            f"{model}: its config.json has no {missing[0]}, so it can't be planned; only decoders of blocks can"
        )
    with torch.device("meta"):
        made: Any = AutoModelForCausalLM.from_config(config)  # type: ignore[no-untyped-call]  # it has no types
    linears = _linears(made, torch.nn.Linear)
    per_block = len(linears) // config.num_hidden_layers
    if linears != linears[:per_block] * config.num_hidden_layers:
        raise UserError(f"{model}: its blocks are not alike, so it can't be planned")
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return Anatomy(
        blocks=config.num_hidden_layers,
        hidden=config.hidden_size,
        attention=config.num_attention_heads * head,
        intermediate=config.intermediate_size,
        vocabulary=config.vocab_size,
        linears=linears[:per_block],
        parameters=sum(parameter.numel() for parameter in made.parameters()),
    )


def _linears(model: Any, kind: type[Any]) -> tuple[tuple[int, int], ...]:
    """Return (in, out) of the linear layers of all blocks; the table of logits is none of them."""
    head = model.get_output_embeddings()
    layers: Sequence[Any] = [module for module in model.modules() if isinstance(module, kind) and module is not head]
    return tuple((layer.in_features, layer.out_features) for layer in layers)
