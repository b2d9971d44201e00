"""A plan forecasts a training before anything of it is loaded."""

import msgspec
import pytest
from paper_models import CONFIGS, write_config
from tiny_policy import build, bytes_tokenizer
from transformers import FalconConfig, Qwen2Config

from harness.cli.main import run
from harness.errors import UserError
from harness.plan import ProblemMeasurements
from harness.plan import Range as PlanRange
from trainers.config import TrainingOptions, read_recipe
from trainers.groups import Group, write_groups
from trainers.plan import examinations
from trainers.plan.device import PassCounts, StepCounts, TrainingDevice, a100
from trainers.plan.flops import Lengths, forward_operations, operations
from trainers.plan.forecast import forecast_table, plan_lengths, plan_training, training_forecast
from trainers.plan.lengths import lengths_of
from trainers.plan.sizes import ModelSizes, sizes_of

pytestmark = pytest.mark.slow

SMALL = ModelSizes(
    blocks=2, hidden=4, attention=4, key_values=4, intermediate=8, vocabulary=10, linears=((4, 4), (4, 8)),
    parameters=200,
)  # fmt: skip
SHORT, LONG = Lengths(prompt=3, completions=(2, 2)), Lengths(prompt=5, completions=(2, 4))
HAND = TrainingDevice(
    name="a hand", operations_per_s=(1.0, 4.0), bytes_per_s=(2.0, 5.0), launch_s=(10.0, 20.0), why="counted"
)
PASS = PassCounts(launches=(30, 40), fixed_bytes=(1000, 2000), position_bytes=(3, 5))
COUNTS = StepCounts(
    kept=PASS,
    recomputed=msgspec.structs.replace(PASS, launches=(60, 80)),
    update_launches=5,
    update_bytes=100,
)


def forecast_of(lengths, groups, options, device=HAND, sizes=SMALL):
    """Return the forecast of a training of the small model."""
    return training_forecast(sizes, lengths, groups, options, device=device, counts=COUNTS)


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
    texts = tuple(groups)
    write_groups(folder / "groups.parquet", texts, log_probs=any(one.log_probs for one in texts))
    return folder


def test_tokens_and_steps_are_those_of_the_whole_training():
    """By hand: 5 groups twice are 5 steps of 2; means are 4 of prompts, 5 of ends, 7 of packed and 12 of padded."""
    forecast = forecast_of((SHORT, LONG), 5, TrainingOptions(epochs=2))

    assert (forecast.groups, forecast.tokenized, forecast.steps) == (5, 2, 5)
    assert (forecast.prompt_tokens, forecast.completion_tokens) == (40, 50)
    assert (forecast.packed_tokens, forecast.plain_tokens) == (70, 120)


def test_operations_are_those_of_a_step_by_hand():
    """48 weights in 2 blocks for 5 and 9 positions; pairs of width 4; 4 and 6 predictions of a table of 40.

    Pairs of the short group are 3 x 3 and 1 x 4 twice, of the long one 5 x 5, 1 x 6 and 3 x 8.
    """
    weights, pairs, table = 2 * 48 * (5 + 9), 2 * 4 * (9 + 4 + 4 + 25 + 6 + 24), 40 * (4 + 6)

    assert operations(SMALL, (SHORT, LONG), TrainingOptions()) == 6 * weights + 14 * pairs + 6 * table


def test_recomputed_blocks_are_computed_again_but_for_their_last_products():
    """By hand: a forward pass of 96 weights for 5 positions and of 17 pairs, without 4 x 8 weights of each block."""
    kept, recomputed = (
        operations(SMALL, (SHORT,), TrainingOptions(gradient_checkpointing=chosen)) for chosen in (False, True)
    )

    assert recomputed - kept == 2 * 96 * 5 + 4 * 17 * 4 * 2 - 2 * 5 * 4 * 8 * 2


def test_hours_are_those_of_the_slowest_cause():
    """By hand: in 3 steps, 35 to 45 launches of 10 to 20 s, and 10 positions of 3 to 5 bytes beside the fixed ones."""
    done = operations(SMALL, (SHORT, SHORT), TrainingOptions())
    forecast = forecast_of((SHORT,), 6, TrainingOptions())

    assert (forecast.operations, forecast.launches) == (3 * done, (105, 135))
    assert forecast.moved == (3 * (1000 + 30 + 100), 3 * (2000 + 50 + 100))
    assert forecast.hours_of_operations == pytest.approx((3 * done / 4 / 3600, 3 * done / 3600))
    assert forecast.hours_of_launches == pytest.approx((3 * 350 / 3600, 3 * 900 / 3600))
    assert forecast.hours_of_bytes == pytest.approx((3 * 1130 / 5 / 3600, 3 * 2150 / 2 / 3600))
    assert forecast.hours == pytest.approx((3 * max(done / 4, 350, 226) / 3600, 3 * max(done, 900, 1075) / 3600))


def test_padded_groups_are_passes_of_their_own():
    """By hand: two passes of 30 to 40 launches and one update, and two rows of 4 positions each."""
    forecast = forecast_of((SHORT,), 2, TrainingOptions(packing=False))

    assert forecast.launches == (65, 85)
    assert forecast.moved == (2 * 1000 + 16 * 3 + 100, 2 * 2000 + 16 * 5 + 100)


def test_steps_that_do_not_fit_are_split_and_recomputed():
    """Where memory is short, launches are those of more passes, and the plan says of how many steps that is true."""
    wide = forecast_of((LONG,), 4, TrainingOptions())
    by_one, again = (
        forecast_of((LONG,), 4, TrainingOptions(), msgspec.structs.replace(HAND, memory_bytes=room))
        for room in (round(wide.peak_bytes), 1)
    )

    assert (wide.split, wide.recomputed, wide.launches) == (0, 0, (2 * 35, 2 * 45))
    assert (by_one.split, by_one.recomputed, by_one.launches) == (2, 0, (2 * 65, 2 * 85))
    assert (again.split, again.recomputed, again.launches) == (2, 2, (2 * 125, 2 * 165))
    assert again.peak_bytes < by_one.peak_bytes < wide.peak_bytes


def test_what_does_not_fit_is_told():
    """The row of the peak says so."""
    narrow = msgspec.structs.replace(HAND, memory_bytes=1000)

    assert "does not fit" in forecast_table(forecast_of((SHORT,), 2, TrainingOptions(), narrow))
    assert "does not fit" not in forecast_table(forecast_of((SHORT,), 2, TrainingOptions(), a100(TrainingOptions())))


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


def test_lengths_may_be_assumed(tmp_path):
    """Before there are groups; no tokenizer is needed then."""
    assumed = tmp_path / "lengths.json"
    assumed.write_text('{"groups": 3, "lengths": [[4, 9, 10], [5, 1]]}')
    found = (Lengths(prompt=4, completions=(9, 10), own=True), Lengths(prompt=5, completions=(1,), own=True))

    assert lengths_of(assumed, "nowhere") == (found, 3)
    assumed.write_text('{"groups": 3, "lengths": [[4]]}')
    with pytest.raises(UserError, match=r"length >= 2 - at .*; correct or remove it"):
        lengths_of(assumed, "nowhere")


def test_own_samples_cost_a_forward_pass_more_where_their_importance_counts():
    """One of two steps has such samples: half of the operations of a forward pass over its group."""
    one_a_step = TrainingOptions(batch_groups=1, max_steps=2)
    capped = msgspec.structs.replace(one_a_step, importance_cap=1.0)
    own = msgspec.structs.replace(SHORT, own=True)

    plain, half = (forecast_of((SHORT, own), 2, options, HAND) for options in (one_a_step, capped))

    assert half.operations - plain.operations == forward_operations(SMALL, [SHORT], capped)
    assert forecast_of((SHORT, SHORT), 2, capped, HAND) == forecast_of((SHORT, SHORT), 2, one_a_step, HAND)


def test_groups_of_own_samples_are_known_by_their_log_probabilities(tmp_path):
    """Those without are of humans."""
    build(tmp_path / "model")
    own = msgspec.structs.replace(group(2), log_probs=(-1.0, None))

    lengths, _ = lengths_of(write(tmp_path / "groups", [group(1), own]), str(tmp_path / "model"))

    assert [one.own for one in lengths] == [False, True]


def test_examinations_are_forecast(tmp_path, monkeypatch, capsys):
    """By hand: at steps 0, 2, 4 and 5, three problems with two samples of 10 to 50 tokens after 100; 36 s for each."""
    judged = ProblemMeasurements(
        prompt_chars=400, prompt_tokens=PlanRange(100, 100), reference_chars=40, reference_tokens=PlanRange(10, 10),
        judged=3, core_s=36.0, limit_s=0.0, evaluation_bytes=60.0,
    )  # fmt: skip
    monkeypatch.setattr(examinations, "measured_problems", lambda *_: judged)
    monkeypatch.setattr(examinations.os, "sched_getaffinity", lambda _: {0, 1})
    model, groups = build(tmp_path / "model"), write(tmp_path / "groups", [group(1), group(2)])
    asked = "--max-steps 5 --every 2 --examine mini --examine-limit 3 --examine-n 2 --examine-max-tokens 50"
    command = ["train", "rloo", "--groups", str(groups), "--model", str(model), "--plan", *asked.split()]

    assert run([*command, "--json"]) == 0
    found = msgspec.json.decode(capsys.readouterr().out)["examinations"]

    assert (found["count"], found["samples"]) == (4, 24)
    assert found["prompt_tokens"] == [1200, 2400]
    assert found["completion_tokens"] == [240, 1200]
    assert found["judging_hours"] == [pytest.approx(24 * 36 / 3600 / 2)] * 2
    assert 0 < found["hours"][0] < found["hours"][1]
    assert run(command) == 0
    assert "| examinations | 4, of 6 samples each |" in capsys.readouterr().out


def test_disk_is_for_checkpoints_and_the_state():
    """Two bytes a parameter, or twelve a trained one of an adapter; the state is twelve a trained one."""
    half = TrainingOptions(dtype="bfloat16", max_steps=10)
    forecasts = [
        forecast_of((SHORT,), 2, msgspec.structs.replace(half, **changed), HAND)
        for changed in ({}, {"dtype": "float32"}, {"keep_every_steps": 4}, {"lora_rank": 1})
    ]
    whole, full, kept, lora = forecasts
    parameters = whole.parameters

    assert whole.disk_bytes == (2 * parameters, 14 * parameters)
    assert full.disk_bytes == (4 * parameters, 16 * parameters)
    assert kept.disk_bytes == (6 * parameters, 18 * parameters)
    assert lora.disk_bytes == (12 * lora.trained, 24 * lora.trained)


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

    slow, fast = forecast.device.operations_per_s
    assert slow == fast > 0
    assert forecast.hours == pytest.approx((forecast.operations / fast / 3600,) * 2)


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


def test_a_model_that_packed_rows_can_not_hold_is_planned_on_padded_ones(tmp_path, capsys):
    """Falcon's attention can't be that of a packed row; which rows are planned is said."""
    FalconConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, vocab_size=100).save_pretrained(tmp_path)

    plan = plan_lengths(str(tmp_path), [SHORT], 2, TrainingOptions(), calibrate=False)

    assert "the plan with --packing off" in capsys.readouterr().err
    assert plan == plan_lengths(str(tmp_path), [SHORT], 2, TrainingOptions(packing=False), calibrate=False)
    assert plan.launches[0] > 0


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

    forecast = forecast_of((longest,), 2, options, a100(options), sizes=sizes_of(write_config(name, tmp_path)))

    assert forecast.peak_bytes < forecast.device.memory_bytes
