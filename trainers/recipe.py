"""Recipes: the options of a training as a TOML file, the paper's among them."""

from pathlib import Path

import msgspec

from harness.errors import UserError
from trainers.options import TrainingOptions

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
