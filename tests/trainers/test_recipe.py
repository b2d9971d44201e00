"""Recipes hold what the protocol fixes, and nothing that a training doesn't know."""

import msgspec
import pytest

from harness.errors import UserError
from trainers.config import RECIPES, TrainingOptions, read_recipe, recipe_names

PROTOCOL = {
    "epochs": 1,
    "batch_groups": 2,
    "exp_lambda": 1.0,
    "clip": None,
    "token_mean": False,
    "unbalanced_groups": False,
    "weight_decay": 0.0,
    "max_gradient_norm": 1.0,
    "dtype": "bfloat16",
    "gradient_checkpointing": "auto",
    "packing": True,
}
OF_MODEL = {
    "paper-0.5b": {"learning_rate": 1e-5, "lora_rank": 0},
    "paper-7b": {"learning_rate": 1e-4, "lora_rank": 16, "lora_alpha": 32.0, "lora_dropout": 0.05},
}


@pytest.mark.parametrize("name", OF_MODEL)
def test_the_papers_recipes_are_the_protocols(name):
    """Rows 13 to 19 of the protocol, for every method alike."""
    options = msgspec.structs.asdict(read_recipe(name))

    assert {field: options[field] for field in PROTOCOL | OF_MODEL[name]} == PROTOCOL | OF_MODEL[name]


def test_every_recipe_is_known():
    """None ships unread."""
    assert recipe_names() == tuple(OF_MODEL)
    assert all(isinstance(read_recipe(name), TrainingOptions) for name in recipe_names())


def test_a_recipe_may_be_a_file():
    """A path ends in .toml."""
    assert read_recipe(str(RECIPES / "paper-7b.toml")) == read_recipe("paper-7b")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("learning_rte = 1.0", "learning_rte"),
        ("learning_rate = -1.0", "learning_rate"),
        ('epochs = "two"', "epochs"),
        ("epochs = ", "recipe.toml"),
    ],
)
def test_a_recipe_of_another_form_is_refused(tmp_path, text, said):
    """Unknown names, values out of bounds or of another kind, and broken TOML are reported in one line."""
    path = tmp_path / "recipe.toml"
    path.write_text(text)

    with pytest.raises(UserError, match=said):
        read_recipe(str(path))


def test_a_missing_recipe_is_told():
    """Whether it is a name or a path."""
    with pytest.raises(UserError, match=r"Choose from paper-0\.5b, paper-7b"):
        read_recipe("paper-8b")
    with pytest.raises(UserError, match="can't be read"):
        read_recipe("nowhere/mine.toml")
