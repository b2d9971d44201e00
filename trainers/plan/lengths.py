"""Counts the tokens of groups for a plan, or reads those that groups may have before there are any."""

from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from harness.errors import UserError
from harness.generation.loading import load_tokenizer
from harness.generation.tokens import Tokens
from harness.runs.jsonl import read
from trainers.dataset import group_lengths
from trainers.groups import GROUPS_FILE, read_groups
from trainers.plan.flops import Lengths

_GROUPS_TOKENIZED = 2000
"""At most so many, evenly spread: the mean of their lengths is known to about a hundredth."""


_LENGTHS_SUFFIX = ".json"


class AssumedLengths(msgspec.Struct, frozen=True, kw_only=True):
    """Holds lengths that groups may have, for a plan before they are compiled."""

    groups: Annotated[int, Meta(ge=1)]
    """Number of all groups."""
    lengths: Annotated[
        tuple[Annotated[tuple[Annotated[int, Meta(ge=1)], ...], Meta(min_length=2)], ...], Meta(min_length=1)
    ]
    """Tokens of the prompt, and of each completion, of some groups."""


def lengths_of(groups: Path, model: str) -> tuple[tuple[Lengths, ...], int]:
    """Return the tokens of groups spread evenly over a folder or file, and the number of all groups.

    Args:
        groups: Folder or file of the groups; or, before there are any, a .json file of lengths that they may have.
        model: Folder or name of the model, for its tokenizer.

    Returns:
        Lengths of at most 2,000 groups, and the number of all.

    Raises:
        UserError: The groups or the tokenizer can't be read.
    """
    if groups.suffix == _LENGTHS_SUFFIX:
        assumed = read(groups, AssumedLengths)
        lengths = tuple(
            Lengths(prompt=prompt, completions=tuple(completions), own=True)  # it isn't known: the dearer is taken
            for prompt, *completions in assumed.lengths
        )
        return lengths, assumed.groups
    path = groups / GROUPS_FILE if groups.is_dir() else groups
    total = sum(1 for _ in read_groups(path))
    if not total:
        raise UserError(f"{path}: holds no group to train on; see the card beside it")
    tokens = Tokens(_tokenizer(model))
    every = -(-total // _GROUPS_TOKENIZED)
    some = islice(read_groups(path), None, None, every)
    return tuple(replace(group_lengths(group, tokens), own=bool(group.log_probs)) for group in some), total


def _tokenizer(model: str) -> Any:
    try:
        tokenizer = load_tokenizer(model)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{model}: has no tokenizer that transformers can read ({error}); name a model with its tokenizer"
        ) from error
    if len(tokenizer) <= len(tokenizer.all_special_tokens):  # what transformers makes up where the files are missing
        raise UserError(f"{model}: has no files of a tokenizer; name a model with its tokenizer")
    return tokenizer
