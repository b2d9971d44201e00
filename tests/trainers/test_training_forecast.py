"""A plan forecasts a training before anything of it is loaded."""

import msgspec
import pytest
from paper_models import CONFIGS, write_config
from tiny_policy import build, bytes_tokenizer
from transformers import Qwen2Config

from harness.cli.main import run
from harness.errors import UserError
from trainers.config import TrainingOptions, read_recipe
from trainers.groups import Group, write_groups
from trainers.plan.flops import Lengths, ModelSizes, TrainingDevice, operations, sizes_of
from trainers.plan.forecast import a100, forecast_table, lengths_of, plan_training, training_forecast

pytestmark = pytest.mark.slow

SMALL = ModelSizes(
    blocks=2, hidden=4, attention=4, intermediate=8, vocabulary=10, linears=((4, 4), (4, 8)), parameters=200
)
SHORT, LONG = Lengths(prompt=3, completions=(2, 2)), Lengths(prompt=5, completions=(2, 4))
HAND = TrainingDevice(name="a hand", slow=1.0, fast=4.0, why="counted")


def group(number, prompt="add\n", completions=("print(1)", "print(2)\n")):
    """Return a group of two; a byte is a token."""
    return Group(
        problem_id=f"p{number:05}",
        prompt=prompt,
        completions=completions,
        rewards=(1.0, -0.1),
        statuses=("Accepted", "Wrong Answer"),
        source_ids=("s1", "s2"),
    )


def write(folder, groups):
    """Write groups into a folder, and return it."""
    folder.mkdir()
    write_groups(folder / "groups.parquet", groups)
    return folder


def test_tokens_and_steps_are_those_of_the_whole_training():
    """By hand: 5 groups twice are 5 steps of 2; means are 4 of prompts, 5 of ends, 7 of packed and 12 of padded."""
    forecast = training_forecast(SMALL, (SHORT, LONG), 5, TrainingOptions(epochs=2), HAND)

    assert (forecast.groups, forecast.tokenized, forecast.steps) == (5, 2, 5)
    assert (forecast.prompt_tokens, forecast.completion_tokens) == (40, 50)
    assert (forecast.packed_tokens, forecast.plain_tokens) == (70, 120)


def test_operations_are_those_of_a_step_by_hand():
    """5 positions of 48 weights in 2 blocks, 5 x 5 pairs of width 4, and 4 predictions of a table of 40."""
    assert operations(SMALL, SHORT, TrainingOptions()) == 6 * 480 + 14 * 200 + 6 * 4 * 40


def test_hours_are_operations_over_speed():
    """The fast end and the slow end of the device."""
    forecast = training_forecast(SMALL, (SHORT,), 2, TrainingOptions(), HAND)

    assert forecast.operations == 2 * operations(SMALL, SHORT, TrainingOptions())
    assert forecast.hours == (forecast.operations / 4 / 3600, forecast.operations / 3600)


def test_what_does_not_fit_is_told():
    """The row of the peak says so."""
    narrow = msgspec.structs.replace(HAND, memory_bytes=1000)

    assert "does not fit" in forecast_table(training_forecast(SMALL, (SHORT,), 2, TrainingOptions(), narrow))
    assert "does not fit" not in forecast_table(
        training_forecast(SMALL, (SHORT,), 2, TrainingOptions(), a100(TrainingOptions()))
    )


def test_lengths_are_those_of_the_models_tokenizer(tmp_path):
    """Bytes, and an end for each completion."""
    bytes_tokenizer().save_pretrained(tmp_path / "model")
    groups = write(tmp_path / "groups", [group(1)])

    assert lengths_of(groups, str(tmp_path / "model")) == ((Lengths(prompt=4, completions=(9, 10)),), 1)


def test_of_many_groups_some_are_tokenized(tmp_path):
    """Evenly spread, so that the last counts as much as the first."""
    bytes_tokenizer().save_pretrained(tmp_path / "model")
    groups = write(tmp_path / "groups", (group(n, prompt="x" * (1 + n // 2500)) for n in range(5000)))

    lengths, total = lengths_of(groups, str(tmp_path / "model"))

    assert (len(lengths), total) == (1667, 5000)
    assert sum(one.prompt == 1 for one in lengths) == pytest.approx(len(lengths) / 2, abs=1)


def test_no_groups_are_refused(tmp_path):
    """There is nothing to plan."""
    with pytest.raises(UserError, match="no group"):
        lengths_of(write(tmp_path / "groups", []), "nowhere")


def test_a_model_without_tokenizer_is_refused(tmp_path):
    """The message names it."""
    Qwen2Config().save_pretrained(tmp_path / "model")

    with pytest.raises(UserError, match="tokenizer"):
        lengths_of(write(tmp_path / "groups", [group(1)]), str(tmp_path / "model"))


def test_this_machine_is_measured(tmp_path):
    """One speed, and hours by it."""
    model, groups = build(tmp_path / "model"), write(tmp_path / "groups", [group(1), group(2)])

    forecast = plan_training(groups, str(model), TrainingOptions(), calibrate=True)

    assert forecast.device.slow == forecast.device.fast > 0
    assert forecast.hours[0] == pytest.approx(forecast.operations / forecast.device.fast / 3600)


def test_the_command_tells_and_trains_nothing(tmp_path, capsys):
    """A table for readers, a record for programs; no weights are there, and no folder comes to be."""
    Qwen2Config(hidden_size=64, num_attention_heads=2, num_hidden_layers=2).save_pretrained(tmp_path / "model")
    bytes_tokenizer().save_pretrained(tmp_path / "model")
    groups = write(tmp_path / "groups", [group(1), group(2)])
    before = sorted(tmp_path.rglob("*"))
    command = ["train", "trainers.methods:rloo", "--groups", str(groups), "--model", str(tmp_path / "model"), "--plan"]

    assert run(command) == 0
    assert "| steps | 1 |" in capsys.readouterr().out
    assert run([*command, "--json", "--epochs", "3"]) == 0
    assert msgspec.json.decode(capsys.readouterr().out)["steps"] == 3
    assert sorted(tmp_path.rglob("*")) == before


def test_training_needs_a_folder(tmp_path, capsys):
    """Only a plan does without."""
    command = ["train", "trainers.methods:rloo", "--groups", str(tmp_path), "--model", "nowhere"]

    assert run(command) == 2
    assert "'--out'" in capsys.readouterr().err


@pytest.mark.parametrize("name", CONFIGS)
def test_the_papers_recipes_fit_an_a100(tmp_path, name):
    """In 80 GB, with the longest group that a compile lets through: 4 completions of 2048 tokens."""
    options = read_recipe(name)
    longest = Lengths(prompt=1000, completions=(2048,) * 4)

    forecast = training_forecast(sizes_of(write_config(name, tmp_path)), (longest,), 2, options, a100(options))

    assert forecast.peak_bytes < forecast.device.memory_bytes
