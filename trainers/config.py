"""Defines the settings of a training, each with its default, bounds and line of help, and reads recipes of them.

A recipe is a TOML file with any of these names; an option of `proctor train` has the same name with dashes.
"""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from harness.errors import UserError, no_such

Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]


class TrainingOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Holds the settings of one training."""

    seed: Annotated[
        int, Meta(ge=0, le=2**63 - 1, description="Seed of group order, dropout and LoRA's initial weights.")
    ] = 0
    epochs: Annotated[int, Meta(ge=1, description="Passes over all groups.")] = 1
    max_steps: Annotated[Count | None, Meta(description="Train this many steps instead of --epochs.")] = None
    batch_groups: Annotated[int, Meta(ge=1, description="Groups per step, summed over all processes.")] = 2

    clip: Annotated[Positive | None, Meta(description="Clip advantages to at most this magnitude.")] = None
    exp_lambda: Annotated[float, Meta(gt=0, description="Temperature lambda of rloo-exp.")] = 1.0
    kl_weight: Annotated[float, Meta(ge=0, description="Weight of the penalty of rloo-kl.")] = 0.04
    preference_beta: Annotated[
        float, Meta(gt=0, description="Beta of dpo and kto: how near to the reference they stay.")
    ] = 0.1
    rejected_floor: Annotated[
        float, Meta(le=0, description="Mean log-probability of a token below which rloo-floor pushes no further.")
    ] = -2.0
    constant_length: Annotated[int, Meta(ge=1, description="Tokens by which dr-grpo divides.")] = 2048
    importance_cap: Annotated[
        Positive | None,
        Meta(description="Weigh own samples by how much likelier they are now than when sampled, at most this."),
    ] = None
    token_mean: Annotated[
        bool, Meta(description="Average a completion's log-probabilities over its tokens instead of summing them.")
    ] = False
    unbalanced_groups: Annotated[
        bool,
        Meta(description="Also train on groups with only accepted or only rejected members, where the method can."),
    ] = False

    learning_rate: Annotated[float, Meta(gt=0, description="Peak learning rate of AdamW.")] = 1e-5
    warmup_share: Annotated[float, Meta(ge=0, lt=1, description="Fraction of the steps spent on linear warmup.")] = 0.03
    schedule: Annotated[
        Literal["cosine", "linear", "constant"], Meta(description="Decay of the learning rate after the warmup.")
    ] = "cosine"
    weight_decay: Annotated[float, Meta(ge=0, description="Weight decay of AdamW; norms and biases don't decay.")] = 0.0
    max_gradient_norm: Annotated[float, Meta(gt=0, description="Clip the gradient to this norm.")] = 1.0

    lora_rank: Annotated[int, Meta(ge=0, description="Rank of LoRA on all linear layers; 0 trains all parameters.")] = 0
    lora_alpha: Annotated[int, Meta(ge=1, description="LoRA alpha; the update is scaled by alpha / rank.")] = 32
    lora_dropout: Annotated[float, Meta(ge=0, lt=1, description="Dropout on the inputs of the LoRA adapters.")] = 0.05

    dtype: Annotated[
        Literal["float32", "bfloat16"],
        Meta(description="Type of computation, frozen weights and checkpoint; trained weights are kept in float32."),
    ] = "float32"
    attention: Annotated[
        Literal["sdpa", "flash_attention_2", "eager"],
        Meta(description="Attention implementation; packing needs sdpa."),
    ] = "sdpa"
    packing: Annotated[
        bool, Meta(description="Pack the groups of a step into one sequence that holds each prompt once.")
    ] = True
    gradient_checkpointing: Annotated[
        bool | Literal["auto"],
        Meta(description="Recompute activations to save memory; auto: in the steps that need it."),
    ] = "auto"
    compile: Annotated[
        Literal["auto", "on", "off"], Meta(description="Compile the model's blocks; auto: on a GPU.")
    ] = "auto"
    logits_chunk: Annotated[int, Meta(ge=1, description="Completion tokens whose logits are in memory at once.")] = 1024

    save_every_steps: Annotated[int, Meta(ge=1, description="Save the state to resume from every N steps.")] = 200
    keep_every_steps: Annotated[
        Count | None, Meta(description="Keep the policy as a checkpoint of its own every N steps.")
    ] = None
    max_hours: Annotated[
        Positive | None, Meta(description="Save and stop after this many hours; the same command resumes.")
    ] = None
    report_to: Annotated[
        Literal["none", "tensorboard", "wandb"], Meta(description="Tracker to log metrics to, besides metrics.jsonl.")
    ] = "none"

    examine: Annotated[str | None, Meta(description="Benchmark to examine the policy on while it trains.")] = None
    every: Annotated[int, Meta(ge=1, description="Examine every N steps, at the start and at the end.")] = 200
    examine_n: Annotated[int, Meta(ge=1, description="Samples per problem of an examination.")] = 10
    examine_split: Annotated[
        str | None, Meta(description="Split of its problems, or all; none: the benchmark's own.")
    ] = None
    examine_limit: Annotated[Count | None, Meta(description="Only the first N of its problems.")] = None
    examine_data: Annotated[str | None, Meta(description="Local file or folder with its problems.")] = None
    examine_card: Annotated[
        str | None, Meta(description="Prompt card of an examination; none: the benchmark's own.")
    ] = None
    examine_max_tokens: Annotated[
        Count | None, Meta(description="Token limit per sample of an examination; none: the card's.")
    ] = None
    examine_isolation: Annotated[
        str, Meta(description="Layers of isolation of an examination: all, none, or a comma-separated list.")
    ] = "all"
    stop_on_harm: Annotated[
        bool, Meta(description="Stop where an examination finds the policy worse than the best so far.")
    ] = True


CHANGEABLE = ("save_every_steps", "keep_every_steps", "max_hours", "report_to")
"""Options that may change when a training resumes: none of these moves a weight."""

OF_METHODS = (
    "clip", "exp_lambda", "kl_weight", "preference_beta", "rejected_floor", "constant_length", "importance_cap",
    "token_mean",
)  # fmt: skip
"""Options that some methods use and others don't."""

RECIPES = Path(__file__).parent / "recipes"


def recipe_names() -> tuple[str, ...]:
    """Return the names of the recipes that ship with proctor, sorted."""
    return tuple(sorted(path.stem for path in RECIPES.glob("*.toml")))


def read_recipe(name: str) -> TrainingOptions:
    """Read the settings of a recipe.

    Args:
        name: Of a recipe that ships with proctor, or the path of a file, which ends in .toml.

    Returns:
        The settings of the file; those that it leaves out have their defaults.

    Raises:
        UserError: There is no such recipe or file, or it holds an unknown name or a value out of bounds.

    >>> read_recipe("paper-7b").lora_rank
    16
    """
    if not name.endswith(".toml") and name not in recipe_names():
        raise no_such("recipe", name, recipe_names(), "or name a .toml file")
    path = Path(name) if name.endswith(".toml") else RECIPES / f"{name}.toml"
    try:
        return msgspec.toml.decode(path.read_bytes(), type=TrainingOptions)
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}; check the path of the recipe") from error
    except ValueError as error:
        raise UserError(f"{path}: {error}; see proctor train --help for the names") from error
