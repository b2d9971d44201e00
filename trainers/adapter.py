"""Puts a LoRA adapter over a model, a new one or one to go on with, and tells its share of the weights."""

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UserError
from trainers.config import TrainingOptions

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_ALL_BUT = 0.99
"""Share of the weights from which on nothing is said."""


def put_over(model: "PreTrainedModel", options: TrainingOptions, trained: Path | None) -> Any:
    """Put an adapter over a model.

    Args:
        model: Changed in place.
        options: Its rank, alpha and dropout; with rank 0 an adapter that was trained is merged into the model.
        trained: Folder of the adapter to go on with; None for a new one.

    Returns:
        A model of peft around `model`; None where the adapter was merged.

    Raises:
        UserError: The adapter has another rank or alpha than the options, or can't be put over this model.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft 0.21 imports a former name of transformers 5.23
        warnings.filterwarnings("error", message="Found missing adapter keys")  # or it would silently be none
        try:
            adapter = _new(model, options) if trained is None else _trained(model, options, trained)
        except (ValueError, UserWarning) as error:
            reason = " ".join(str(error).split())
            advice = "; give --lora-dropout 0" if "dropout" in reason else ""
            raise UserError(f"{model.config.model_type} can't have this adapter: {reason}{advice}") from error
    if adapter is not None:
        _tell_share(model)
    return adapter


def _new(model: "PreTrainedModel", options: TrainingOptions) -> Any:
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415 - eight seconds

    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=options.lora_rank,
        lora_alpha=options.lora_alpha,
        lora_dropout=options.lora_dropout,
        target_modules="all-linear",
    )
    return get_peft_model(model, config)


def _trained(model: "PreTrainedModel", options: TrainingOptions, folder: Path) -> Any:
    from peft import PeftModel  # noqa: PLC0415 - eight seconds

    adapter: Any = PeftModel.from_pretrained(model, folder, is_trainable=options.lora_rank > 0)
    if not options.lora_rank:
        adapter.merge_and_unload()
        for weight in model.parameters():
            weight.requires_grad = True
        return None
    config = adapter.peft_config["default"]
    has, wanted = (config.r, config.lora_alpha), (options.lora_rank, options.lora_alpha)
    if has != wanted:
        raise UserError(
            f"{folder}: the adapter has rank {has[0]} and alpha {has[1]}; give --lora-rank {has[0]} --lora-alpha "
            f"{has[1]} to go on with it, or merge it first: proctor merge-adapter"
        )
    for module in adapter.modules():
        for dropout in getattr(module, "lora_dropout", {}).values():
            if hasattr(dropout, "p"):
                dropout.p = options.lora_dropout
    return adapter


def _tell_share(model: "PreTrainedModel") -> None:
    """Say what share of the weights of the blocks have an adapter, where it isn't all."""
    from peft.tuners.lora import LoraLayer  # noqa: PLC0415 - eight seconds

    untyped: Any = model
    tables = {id(table.weight) for table in (untyped.get_input_embeddings(), untyped.get_output_embeddings()) if table}
    matrices = {
        id(weight): (name, weight.numel())
        for name, weight in model.named_parameters()
        if weight.ndim > 1 and "lora_" not in name and id(weight) not in tables
    }
    reached = {
        id(weight)
        for module in model.modules()
        if isinstance(module, LoraLayer)
        for weight in module.get_base_layer().parameters()
    }
    everything = sum(count for _, count in matrices.values())
    adapted = sum(count for key, (_, count) in matrices.items() if key in reached)
    if everything and adapted / everything < _ALL_BUT:
        left = next(name for key, (name, _) in matrices.items() if key not in reached)
        sys.stderr.write(
            f"proctor: LoRA adapts {adapted / everything:.0%} of the weights of the blocks; others, such as "
            f"{left.replace('base_layer.', '')}, stay as they are\n"
        )
