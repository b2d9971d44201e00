"""Loads the policy with its tokenizer, makes all of it or an adapter trainable, and writes checkpoints."""

import copy
import warnings
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from harness.errors import UserError
from harness.generation.models import find_weights
from trainers.config import TrainingOptions
from trainers.objective import WeightedLikelihood
from trainers.sharding import parted

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class Policy:
    """Holds a model to train, its tokenizer, and its trained parameters.

    What is trained is held in float32, or small steps would be lost to rounding: bfloat16 has 8 bits of precision, and
    a step at a rate of 1e-5 is far below them. What is frozen is held in the type of computation. So the
    0.5 B model with all parameters takes 16 bytes for each (weight, gradient, two moments): 8 GB; the 7 B model with
    LoRA 2 bytes for each: 15 GB, and its adapter below 1 GB. Both leave most of 80 GB to activations.
    """

    def __init__(self, name: str, options: TrainingOptions) -> None:
        """Load the model.

        Args:
            name: A local folder, or a repository of the hub.
            options: Which parameters are trained, in which type, with which dropout and attention.

        Raises:
            UserError: There is no such model, it is an adapter, or the options don't go together.
        """
        weights = find_weights(name)
        if weights.adapter:
            raise UserError(f"--model {name}: is an adapter; merge it into its base first")
        self.weights_id = weights.identity
        self.base = str(weights.base.resolve()) if Path(name).is_dir() else name
        self.dtype: torch.dtype = getattr(torch, options.dtype)
        torch.manual_seed(options.seed)  # of LoRA's first weights
        self.model, self.tokenizer = _loaded(self.base, self.dtype if options.lora_rank else torch.float32, options)
        self._adapter = made_trainable(self.model, options)

    def objective(self, options: TrainingOptions) -> WeightedLikelihood:
        """Return the model as a module that training calls.

        Args:
            options: `logits_chunk` counts.

        Returns:
            A module that shares the parameters of the policy.
        """
        return WeightedLikelihood(self.model, chunk=options.logits_chunk, dtype=self.dtype)

    @property
    def trained(self) -> dict[str, torch.nn.Parameter]:
        """Return the parameters that are trained, each once, by name."""
        return {name: weight for name, weight in self.model.named_parameters() if weight.requires_grad}

    def restore(self, weights: dict[str, torch.Tensor]) -> None:
        """Set the parameters that are trained.

        Args:
            weights: Whole tensors, one for each name in `trained`, of the parameter's shape.
        """
        with torch.no_grad():
            for name, weight in self.trained.items():
                weight.copy_(parted(weights[name], weight))

    @property
    def written(self) -> dict[str, torch.Tensor]:
        """Return the tensors of a checkpoint, each once, by its name there, as this process holds them."""
        if self._adapter is not None:
            return {name: weight for name, weight in self._adapter.named_parameters() if weight.requires_grad}
        lasting = self.model.state_dict().keys()
        tensors = chain(self.model.named_parameters(), self.model.named_buffers())
        return {name: tensor for name, tensor in tensors if name in lasting}

    def write(self, folder: Path, weights: dict[str, torch.Tensor]) -> None:
        """Write the tokenizer and the model, in its type of computation, or the adapter, in peft's layout.

        Args:
            folder: Where to, which exists.
            weights: The tensors of `written`, each whole.
        """
        if self._adapter is None:
            rounded = {name: _rounded(tensor, self.dtype) for name, tensor in weights.items()}
            self.model.save_pretrained(folder, state_dict=rounded)
            config = copy.deepcopy(self.model.config)  # it says what training holds
            config.dtype = self.dtype
            config.save_pretrained(folder)
        else:
            self._adapter.save_pretrained(folder, state_dict=weights)
        self.tokenizer.save_pretrained(folder)


def _loaded(base: str, held_in: torch.dtype, options: TrainingOptions) -> tuple[Any, "PreTrainedTokenizerBase"]:
    """Return the model, whose own types are too loose to be of use, and its tokenizer."""
    from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415 - ten seconds
    from transformers.utils import logging  # noqa: PLC0415

    untyped: Any = logging
    untyped.disable_progress_bar()  # ours is enough
    try:
        tokenizer = AutoTokenizer.from_pretrained(base)
        model = AutoModelForCausalLM.from_pretrained(base, dtype=held_in, attn_implementation=options.attention)
    except (OSError, ImportError, ValueError) as error:
        raise UserError(
            f"--model {base}: can't be loaded: {error}; name a local folder or a repository of the hub"
        ) from error
    return model, tokenizer


def _rounded(tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return tensor.detach().to(dtype) if tensor.is_floating_point() else tensor


def made_trainable(model: "PreTrainedModel", options: TrainingOptions) -> Any:
    """Make all parameters of a model trainable, or those of an adapter that is added to it.

    From here on this process computes attention without cuDNN, which PyTorch prefers on Hopper and Blackwell GPUs: it
    makes a plan for each length of a sequence, half a second each way, and every group has another.

    Args:
        model: Changed in place.
        options: The settings of LoRA and `gradient_checkpointing` count.

    Returns:
        The adapter, a model of peft around `model`; None where all parameters are trained.
    """
    torch.backends.cuda.enable_cudnn_sdp(enabled=False)
    adapter = _with_lora(model, options) if options.lora_rank else None
    if options.gradient_checkpointing:
        model.activation_checkpointing_enable()
    model.train()
    return adapter


def _with_lora(model: "PreTrainedModel", options: TrainingOptions) -> Any:
    from peft import LoraConfig, get_peft_model  # noqa: PLC0415 - eight seconds

    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=options.lora_rank,
        lora_alpha=options.lora_alpha,
        lora_dropout=options.lora_dropout,
        target_modules="all-linear",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft 0.21 imports a former name of transformers 5.23
        return get_peft_model(model, config)
