"""Loads the policy with its tokenizer, makes all of it or an adapter trainable, and writes checkpoints."""

import copy
import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from harness.errors import UserError
from harness.generation.loading import LoadedModel, load_model, write_ends
from harness.generation.models import find_weights
from harness.generation.tokens import Tokens
from harness.runs.jsonl import sha256_of_file
from trainers.adapter import put_over
from trainers.config import TrainingOptions
from trainers.likelihood_loss import LikelihoodLoss
from trainers.objective import WeightedLikelihood
from trainers.optimizer import MOMENTS_FILE
from trainers.sharding import parted
from trainers.trainer import Loss

if TYPE_CHECKING:
    from transformers import PreTrainedModel


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
            UserError: There is no such model, something that comes with it is wrong, or the options don't go together.
        """
        weights = find_weights(name)
        moments = weights.adapter and weights.adapter / MOMENTS_FILE
        self.moments = moments if options.lora_rank and moments and moments.is_file() else None
        """The file with AdamW's moments of the adapter that training goes on with."""
        self.identity = weights.identity
        """Of the files of the model and its adapter."""
        self.weights_id = weights.identity + (f" with {sha256_of_file(self.moments)}" if self.moments else "")
        self.dtype: torch.dtype = getattr(torch, options.dtype)
        loaded = load_model(
            weights.base, dtype=self.dtype if options.lora_rank else torch.float32, attention=options.attention
        )
        self.model, self.tokenizer = loaded.model, loaded.tokenizer
        self.tokens = Tokens(loaded.tokenizer)
        self.end = _end_of(loaded, weights.base)
        """The token that ends a completion."""
        self.ends = loaded.ends
        self.base = weights.name
        self.folder = weights.base
        """Of the base model's files."""
        torch.manual_seed(options.seed)  # of LoRA's first weights
        self._adapter = made_trainable(self.model, options, weights.adapter)

    def objective(self, options: TrainingOptions, loss: Loss | None = None) -> WeightedLikelihood:
        """Return the model as a module that training calls.

        Args:
            options: `logits_chunk` counts, and what a loss reads.
            loss: That of a method; None for the weighted log-likelihood.

        Returns:
            A module that shares the parameters of the policy.
        """
        if loss:
            return LikelihoodLoss(self.model, loss, options, dtype=self.dtype)
        return WeightedLikelihood(self.model, chunk=options.logits_chunk, dtype=self.dtype)

    @property
    def parameters(self) -> int:
        """Return how many parameters the model has, trained or not."""
        return sum(weight.numel() for weight in self.model.parameters())

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
        write_ends(self.model, self.ends, folder)
        self.tokenizer.save_pretrained(folder)


def _end_of(loaded: LoadedModel, folder: Path) -> int:
    """Return the token that ends a completion, and say where the files name others: the checkpoint names them all."""
    if not loaded.ends:
        raise UserError(f"{folder}: nothing in it names an eos_token, so no completion can end; set one in its files")
    own = loaded.tokenizer.eos_token_id
    end = loaded.ends[0] if own is None else int(own)
    if len(loaded.ends) > 1:
        texts = ", ".join(f"{loaded.tokenizer.convert_ids_to_tokens(one)} ({one})" for one in loaded.ends)
        sys.stderr.write(
            f"proctor: the model's files name several ends: {texts}; completions are trained to end with {end}, and "
            "the checkpoint names them all\n"
        )
    return end


def _rounded(tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return tensor.detach().to(dtype) if tensor.is_floating_point() else tensor


def made_trainable(model: "PreTrainedModel", options: TrainingOptions, trained: Path | None = None) -> Any:
    """Make all parameters of a model trainable, or those of an adapter that is put over it.

    From here on this process computes attention without cuDNN, which PyTorch prefers on Hopper and Blackwell GPUs: it
    makes a plan for each length of a sequence, half a second each way, and every group has another.

    Args:
        model: Changed in place.
        options: The settings of LoRA count, and `gradient_checkpointing` where it is on; `auto` is decided by step.
        trained: Folder of an adapter to go on with; without LoRA it is merged into the model. None for a new one.

    Returns:
        The adapter, a model of peft around `model`; None where all parameters are trained.

    Raises:
        UserError: The adapter is of another shape than the options say, or can't be put over this model.
    """
    torch.backends.cuda.enable_cudnn_sdp(enabled=False)
    adapter = put_over(model, options, trained) if options.lora_rank or trained else None
    if options.gradient_checkpointing is True:
        model.activation_checkpointing_enable()
    model.train()
    return adapter


def recompute_blocks(model: Any, *, on: bool) -> None:
    """Say whether a backward pass computes the blocks of a model again, instead of keeping what they need.

    Args:
        model: Changed in place; nothing is done where it is so already.
        on: Whether it does.
    """
    if on != model.is_activation_checkpointing:
        model.activation_checkpointing_enable() if on else model.activation_checkpointing_disable()
