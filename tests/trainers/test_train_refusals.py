"""What can't be trained is refused, in one line that says why."""

import json

import msgspec
import pytest

from harness.errors import UserError
from trainers import methods
from trainers.config import TrainingOptions

pytestmark = pytest.mark.slow

OPTIONS = TrainingOptions(learning_rate=1e-3, epochs=2, save_every_steps=2)


def changed(options=OPTIONS, **settings):
    """Return the options with some settings changed."""
    return msgspec.structs.replace(options, **settings)


def rows(folder):
    """Return the metrics without the clock's."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [{name: value for name, value in json.loads(line).items() if name != "tokens_per_s"} for line in lines]


def test_unbalanced_groups_are_refused_or_taken(tmp_path, run, make_groups):
    """With nothing accepted `rloo` has weights and `sft` has none, so that it leaves the group out."""
    groups = make_groups(3, name="rejected", rewards=(-0.1, -0.1, -0.6, -1.0))

    with pytest.raises(UserError, match="lacks accepted or rejected members"):
        run("refused", groups=groups)
    allowed = changed(unbalanced_groups=True)
    assert run("taken", allowed, groups=groups).step == 3
    assert rows(tmp_path / "taken")[0]["margin"] is None
    with pytest.raises(UserError, match="holds no group to train on"):
        run("none", allowed, groups=groups, method=methods.sft)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"attention": "flash_attention_2"}, "add --packing off"),
        ({"report_to": "wandb"}, "pip install wandb"),
        ({"learning_rate": 1e30}, "lower --learning-rate"),
    ],
)
def test_what_can_t_be_is_refused(run, settings, message):
    """In one line that says what to do."""
    with pytest.raises(UserError, match=message):
        run("out", changed(**settings))


def test_a_group_too_long_for_the_model_is_named(run, make_groups):
    """The tiny model has places for 512 tokens."""
    with pytest.raises(UserError, match=r"problem p00000: .* has 525 tokens, but the model has 512"):
        run("out", groups=make_groups(1, name="long", prompt="a" * 520, completions=("b" * 4,) * 4))


def test_a_model_that_isn_t_there_is_refused(run, monkeypatch):
    """Neither a folder nor a name in the hub's cache."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    with pytest.raises(UserError, match="--model"):
        run("out", model="nowhere/at/all")
