"""Measures the speed of training on this machine: short steps of the model's true widths, with few of its blocks."""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from harness.generation.threads import choose_threads
from trainers.attention import FLASH
from trainers.config import TrainingOptions
from trainers.dataset import Encoded
from trainers.objective import WeightedLikelihood
from trainers.optimizer import make_optimizer
from trainers.packing import Rows, packed, padded
from trainers.plan.device import TrainingDevice
from trainers.plan.flops import Lengths, operations
from trainers.plan.sizes import ModelSizes
from trainers.policy import made_trainable

_FEW, _MORE = 2, 6
"""Blocks of the two models that are timed: far enough apart that the difference is not noise."""
_ROUNDS, _ROUNDS_S = 2, 3.0
"""Steps of each, and seconds that they fill at least; the fastest counts, since what disturbs only slows down."""


def calibrated(model: str, sizes: ModelSizes, groups: Sequence[Lengths], options: TrainingOptions) -> TrainingDevice:
    """Return this machine with its speed, measured on a GPU if there is one.

    A step takes its time for the two tables of the vocabulary, and for each block. So models of a few blocks and of
    some more, with random weights, give the time of all blocks.

    Args:
        model: Folder or name of the model, whose config.json says the widths; its weights are not read.
        sizes: Those of the model.
        groups: Lengths of the groups of a typical step.
        options: Settings of the training.

    Returns:
        The device, with one speed as the least and the most, in operations a second.
    """
    if here() == "cpu":
        choose_threads(sizes.parameters)
    few_s, more_s = (
        fastest_s(stepper(random_model(model, blocks, options, here()), options), groups) for blocks in (_FEW, _MORE)
    )
    block_s = (more_s - few_s) / (_MORE - _FEW)
    whole_s = few_s + block_s * (sizes.blocks - _FEW)
    speed = operations(sizes, groups, options) / whole_s
    kind = "GPU" if here() == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    return TrainingDevice(
        name=f"this machine ({kind})",
        operations_per_s=(speed, speed),
        memory_bytes=_memory_bytes(),
        why=f"measured {speed / 1e9:.3g} GFLOP/s on steps of {_FEW} and {_MORE} blocks",
    )


def random_model(model: str, blocks: int, options: TrainingOptions, device: str) -> Any:
    """Return a model of the same widths with so many blocks and random weights, as training would hold it.

    Args:
        model: Folder or name of the model, for its config.json.
        blocks: Number of blocks, at least 1.
        options: LoRA, type, attention and gradient checkpointing count.
        device: Where to.

    Returns:
        A model of transformers, with the layers of LoRA where it is on.
    """
    config = AutoConfig.from_pretrained(model)
    config.num_hidden_layers = blocks
    if getattr(config, "layer_types", None):
        config.layer_types = (config.layer_types * blocks)[:blocks]
    held = getattr(torch, options.dtype) if options.lora_rank else torch.float32
    with torch.device(device):
        made: Any = AutoModelForCausalLM.from_config(  # type: ignore[no-untyped-call]  # it has no types
            config, attn_implementation=options.attention, dtype=held
        )
        made_trainable(made, options)
    return made


def here() -> str:
    """Return the device of this machine that would train: its GPU, if there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def _memory_bytes() -> int:
    """Return the memory of the device that would train."""
    if here() == "cuda":
        return int(torch.cuda.mem_get_info()[1])
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


class StepTaker:
    """Takes steps of training on any rows."""

    def __init__(self, made: Any, options: TrainingOptions, *, like_a_gpu: bool = False) -> None:
        """Make the objective and the optimizer.

        Args:
            made: A model as of `random_model`; its weights change.
            options: Settings of the training.
            like_a_gpu: Call what a GPU has, on whatever device: its attention in packed rows, and one kernel over all
                gradients to clip them.
        """
        dtype: torch.dtype = getattr(torch, options.dtype)
        attention = FLASH if like_a_gpu and dtype is torch.bfloat16 else None
        self.objective = WeightedLikelihood(made, chunk=options.logits_chunk, dtype=dtype, attention=attention)
        self._trained = [weight for weight in made.parameters() if weight.requires_grad]
        self._optimizer = make_optimizer(self._trained, options)
        self._most, self._foreach = options.max_gradient_norm, like_a_gpu or None

    def compute(self, rows: Rows) -> None:
        """Compute the gradient.

        Args:
            rows: On the model's device.
        """
        loss, _ = self.objective(rows, torch.ones(rows.labels.shape, device=rows.labels.device))
        loss.backward()

    @torch.no_grad()
    def look_ahead(self, rows: Rows) -> None:
        """Compute log-probabilities alone.

        Args:
            rows: On the model's device.
        """
        self.objective(rows, torch.zeros(rows.labels.shape, device=rows.labels.device))

    def update(self) -> None:
        """Clip the gradient and change the weights."""
        torch.nn.utils.clip_grad_norm_(self._trained, self._most, foreach=self._foreach)
        self._optimizer.step()

    def forget(self) -> None:
        """Forget the gradient, before that of another step is computed."""
        self._optimizer.zero_grad()


def rows_like(step: Sequence[Lengths], options: TrainingOptions) -> Rows:
    """Return rows of groups of some lengths; their tokens make no difference to the time.

    Args:
        step: The lengths.
        options: `packing` counts.

    Returns:
        The rows, on the CPU.
    """
    groups = [Encoded((0,) * one.prompt, tuple((0,) * count for count in one.completions)) for one in step]
    return (packed if options.packing else padded)(*groups)


def stepper(made: Any, options: TrainingOptions) -> Callable[[Sequence[Lengths]], float]:
    """Return a function that takes steps of training and times them.

    Args:
        made: A model as of `random_model`; its weights change.
        options: Settings of the training.

    Returns:
        A function from the lengths of the groups of a step to its wall time in seconds.
    """
    taker = StepTaker(made, options)
    if options.compile == "on" or (options.compile == "auto" and made.device.type == "cuda"):
        taker.objective.compile_parts()

    def step_s(groups: Sequence[Lengths]) -> float:
        start_s = time.perf_counter()
        for part in [groups] if options.packing else [[group] for group in groups]:
            taker.compute(rows_like(part, options).to(made.device))
        taker.update()
        taker.forget()
        if made.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - start_s

    return step_s


def fastest_s(step_s: Callable[[Sequence[Lengths]], float], groups: Sequence[Lengths]) -> float:
    """Return the wall time of the fastest of some steps, after one to warm up.

    Args:
        step_s: A function as of `stepper`.
        groups: Lengths of the groups of each step.

    Returns:
        Seconds.
    """
    step_s(groups)
    taken = list[float]()
    while len(taken) < _ROUNDS or sum(taken) < _ROUNDS_S:
        taken.append(step_s(groups))
    return min(taken)
