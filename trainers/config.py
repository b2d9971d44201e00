"""Defines the settings of a training, each with its default, bounds and line of help, and reads recipes of them.

A recipe is a TOML file with any of these names; an option of `proctor train` has the same name with dashes.
"""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from harness.errors import UserError

Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]


class TrainingOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Holds the settings of one training."""

    seed: Annotated[int, Meta(ge=0, description="Decides the order of the groups and every dropout.")] = 0
    epochs: Annotated[int, Meta(ge=1, description="How often each group is seen.")] = 1
    max_steps: Annotated[Count | None, Meta(description="Train this many steps instead of --epochs.")] = None
    batch_groups: Annotated[int, Meta(ge=1, description="Groups of a step, over all processes.")] = 2

    clip: Annotated[Positive | None, Meta(description="Bound of the advantages; none without it.")] = None
    exp_lambda: Annotated[float, Meta(gt=0, description="Temperature lambda of rloo-exp.")] = 1.0
    token_mean: Annotated[
        bool, Meta(description="Mean of a completion's log-probability over its tokens, not sum.")
    ] = False
    unbalanced_groups: Annotated[
        bool,
        Meta(description="Take groups with accepted members only or rejected ones only, where the method can."),
    ] = False

    learning_rate: Annotated[float, Meta(gt=0, description="Peak of the learning rate, for AdamW.")] = 1e-5
    warmup_share: Annotated[
        float,
        Meta(ge=0, lt=1, description="Share of the steps in which the learning rate rises; then it falls as a cosine."),
    ] = 0.03
    weight_decay: Annotated[float, Meta(ge=0, description="Weight decay of AdamW.")] = 0.0
    max_gradient_norm: Annotated[float, Meta(gt=0, description="Longer gradients are scaled down to this norm.")] = 1.0

    lora_rank: Annotated[int, Meta(ge=0, description="Rank of LoRA on all linear layers; 0 trains all parameters.")] = 0
    lora_alpha: Annotated[int, Meta(ge=1, description="LoRA's alpha; the update is scaled by alpha / rank.")] = 32
    lora_dropout: Annotated[float, Meta(ge=0, lt=1, description="Dropout before LoRA's update.")] = 0.05

    dtype: Annotated[
        Literal["float32", "bfloat16"],
        Meta(description="Of computation, frozen weights and checkpoint; trained weights are held in float32."),
    ] = "float32"
    attention: Annotated[
        Literal["sdpa", "flash_attention_2"],
        Meta(description="Implementation of attention; packing needs sdpa."),
    ] = "sdpa"
    packing: Annotated[bool, Meta(description="A group as one sequence that holds the prompt once.")] = True
    gradient_checkpointing: Annotated[bool, Meta(description="Recompute activations instead of keeping them.")] = False
    logits_chunk: Annotated[int, Meta(ge=1, description="Completion tokens whose logits are in memory at once.")] = 1024

    save_every_steps: Annotated[int, Meta(ge=1, description="Steps after which the state is saved, to go on from.")] = (
        200
    )
    keep_every_steps: Annotated[
        Count | None, Meta(description="Keep the policy of every so many steps as a checkpoint of its own.")
    ] = None
    max_hours: Annotated[
        Positive | None, Meta(description="Save and stop after so many hours; the same command goes on.")
    ] = None
    report_to: Annotated[
        Literal["none", "tensorboard", "wandb"], Meta(description="Tracker of the metrics, beside metrics.jsonl.")
    ] = "none"


CHANGEABLE = ("save_every_steps", "keep_every_steps", "max_hours", "report_to")
"""Options that may change when a training resumes: none of these moves a weight."""


RECIPES = Path(__file__).parent / "recipes"


def recipe_names() -> tuple[str, ...]:
    """Return the names of the recipes that ship with proctor, sorted."""
    return tuple(sorted(path.stem for path in RECIPES.glob("*.toml")))


def read_recipe(name: str) -> TrainingOptions:
    """Read the recipe of that name, or the one in the file that the path `name` leads to; a path ends in .toml.

    Raises:
        UserError: There is no such recipe or file, or it holds what the options don't have.

    >>> read_recipe("paper-7b").lora_rank
    16
    """
    if not name.endswith(".toml") and name not in recipe_names():
        raise UserError(f"there is no recipe {name!r}: choose from {', '.join(recipe_names())}, or name a .toml file")
    path = Path(name) if name.endswith(".toml") else RECIPES / f"{name}.toml"
    try:
        return msgspec.toml.decode(path.read_bytes(), type=TrainingOptions)
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}; check the path of the recipe") from error
    except ValueError as error:
        raise UserError(f"{path}: {error}; see proctor train --help for the names") from error
