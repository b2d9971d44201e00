"""Training: the very gradient, the same bits after a kill, what is refused, and what the folder holds."""

import itertools
import json

import msgspec
import pytest
import torch
import transformers
from huggingface_hub import ModelCard
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from harness.errors import UserError
from harness.generation.tokens import Tokens
from trainers import loop, methods
from trainers.config import TrainingOptions
from trainers.dataset import batch, encode
from trainers.groups import read_groups
from trainers.training_run import Metrics

pytestmark = pytest.mark.slow

OPTIONS = TrainingOptions(learning_rate=1e-3, epochs=2, save_every_steps=2)
"""Five groups twice, two a step: five steps."""
LORA = msgspec.structs.replace(OPTIONS, lora_rank=4)
BETA = 0.9
FUNCTIONS = {
    "sft": methods.accepted_only,
    "rloo": methods.leave_one_out,
    "rloo_grpo": methods.standardised,
    "rloo_exp": methods.exponential,
}


def changed(options=OPTIONS, **settings):
    """Return the options with some settings changed."""
    return msgspec.structs.replace(options, **settings)


def bits(folder):
    """Return the bytes of the weights."""
    (file,) = folder.glob("*model.safetensors")
    return file.read_bytes()


def rows(folder):
    """Return the metrics without the clock's."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [{name: value for name, value in json.loads(line).items() if name != "tokens_per_s"} for line in lines]


def killed_after(monkeypatch, steps):
    """Make the process stop when the row of that step is written, as an interrupt would."""
    count = itertools.count(1)
    append = loop.append

    def until(file, row):
        append(file, row)
        if next(count) == steps:
            file.write(b'{"step":')
            file.flush()
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, "append", until)


def by_the_book(folder, groups, weigh, token_mean):
    """Return the gradient of the first step as autograd gives it for the stock model, sequence by sequence."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    chosen = batch(0, len(groups), OPTIONS)
    for group in (groups[number] for number in chosen):
        encoded = encode(group, Tokens(tokenizer), tokenizer.eos_token_id)
        for weight, completion in zip(weigh(group.rewards, OPTIONS), encoded.completions, strict=True):
            row = torch.tensor([[*encoded.prompt, *completion]])
            every = model(row).logits[0, :-1].log_softmax(-1).gather(1, row[0, 1:, None])
            own = every[len(encoded.prompt) - 1 :]
            (-weight * (own.mean() if token_mean else own.sum()) / len(group.rewards) / len(chosen)).backward()
    return torch.cat([weight.grad.flatten() for weight in sorted(model.parameters(), key=lambda one: one.ndim <= 1)])


@pytest.mark.parametrize("token_mean", [False, True])
@pytest.mark.parametrize("packing", [True, False])
@pytest.mark.parametrize("name", ["sft", "rloo", "rloo_grpo", "rloo_exp"])
def test_the_first_gradient_is_that_of_the_book(tmp_path, run, tiny_base, name, packing, *, token_mean):
    """The optimizer's first moment after a step is (1 - 0.9) x the gradient, where nothing was scaled down."""
    options = changed(max_hours=1e-9, max_gradient_norm=1e9, packing=packing, token_mean=token_mean)
    run("out", options, method=getattr(methods, name))

    state = torch.load(tmp_path / "out" / "state.pt", weights_only=True)
    found = torch.cat([moments["exp_avg"].flatten() for moments in state["optimizer"]["state"].values()])

    weigh = FUNCTIONS[name]
    expected = by_the_book(tiny_base, tuple(read_groups(tmp_path / "groups")), weigh, token_mean)
    assert (found / (1 - BETA) - expected).norm() / expected.norm() < 1e-5


@pytest.mark.parametrize("options", [OPTIONS, LORA], ids=["full", "lora"])
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5])
def test_a_killed_training_ends_with_the_same_bits(tmp_path, run, monkeypatch, options, steps):
    """Wherever it was, with a row and a state half written; with LoRA, dropout is the same too."""
    run("whole", options)
    with monkeypatch.context() as patch:
        killed_after(patch, steps)
        with pytest.raises(KeyboardInterrupt):
            run("killed", options)
    (tmp_path / "killed" / "state.pt.tmp").write_bytes(b"half")

    checkpoint = run("killed", options)

    assert checkpoint.step == 5
    assert bits(tmp_path / "killed") == bits(tmp_path / "whole")
    assert rows(tmp_path / "killed") == rows(tmp_path / "whole")


def test_training_goes_on_from_the_state_and_not_from_the_start(run, monkeypatch):
    """After a kill at step 5 with states at 2 and 4, one step is left."""
    killed_after(monkeypatch, 5)
    with pytest.raises(KeyboardInterrupt):
        run("out")
    taken = []
    monkeypatch.setattr(loop, "append", lambda _, row: taken.append(row.step))

    run("out")

    assert taken == [5]


@pytest.fixture
def threads(monkeypatch):
    """Return what sets the threads that PyTorch takes by itself, in an environment that says nothing of them."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    before = torch.get_num_threads()

    def set_usual(count):
        torch.set_num_threads(count)
        monkeypatch.setattr("harness.generation.threads._usual", lambda: count)

    yield set_usual
    torch.set_num_threads(before)


def test_training_goes_on_with_the_threads_it_began_with(tmp_path, run, monkeypatch, threads, capsys):
    """It began where a model of this size had three threads, and goes on where it would have one: the same bits."""
    monkeypatch.setattr("harness.generation.threads._A_THREAD", 1)
    threads(3)
    run("whole")
    with monkeypatch.context() as patch:
        killed_after(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            run("killed")
    assert torch.load(tmp_path / "killed" / "state.pt", weights_only=True)["threads"] == 3
    threads(1)

    run("killed")

    assert torch.get_num_threads() == 3
    assert bits(tmp_path / "killed") == bits(tmp_path / "whole")
    assert "last bits" not in capsys.readouterr().err


def test_other_threads_of_the_user_are_told(run, monkeypatch, threads, capsys):
    """The user's number counts, and what comes of it is said."""
    threads(3)
    monkeypatch.setattr("harness.generation.threads._A_THREAD", 1)
    with monkeypatch.context() as patch:
        killed_after(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            run("out")
    threads(2)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")

    run("out")

    told = "training began with 3 threads and goes on with 2 threads (OMP_NUM_THREADS=2): weights may differ in their"
    assert told in capsys.readouterr().err


def test_the_clock_stops_and_the_same_call_goes_on(tmp_path, run):
    """Each call takes one step, its checkpoint can be loaded, and the end is that of a training without a limit."""
    run("whole")
    hurried = changed(max_hours=1e-9)

    checkpoints = [run("hurried", hurried) for _ in range(5)]

    assert [checkpoint.step for checkpoint in checkpoints] == [1, 2, 3, 4, 5]
    assert checkpoints[0].path == str(tmp_path / "hurried" / "steps" / "00000001")
    assert AutoModelForCausalLM.from_pretrained(checkpoints[0].path).dtype == torch.float32
    assert checkpoints[4].path == str(tmp_path / "hurried")
    assert bits(tmp_path / "hurried") == bits(tmp_path / "whole")
    assert rows(tmp_path / "hurried") == rows(tmp_path / "whole")


def test_a_finished_training_is_left_alone(tmp_path, run, monkeypatch):
    """Its checkpoint is returned, and the state that it no longer needs is gone."""
    checkpoint = run("out")
    monkeypatch.setattr(loop.Loop, "run", None)

    assert run("out") == checkpoint
    assert not (tmp_path / "out" / "state.pt").exists()


@pytest.mark.parametrize(
    ("setting", "value"), [("learning_rate", 2e-3), ("seed", 1), ("packing", False), ("lora_rank", 4), ("epochs", 3)]
)
def test_another_setting_is_refused_by_name(run, setting, value):
    """Nothing goes on with another setting; the message names it."""
    run("out", changed(max_hours=1e-9))

    with pytest.raises(UserError, match=f"its {setting} was .* and is now {value}"):
        run("out", changed(**{setting: value}))


def test_what_moves_no_weight_may_change(run):
    """How often is saved or kept, and how long it may take."""
    run("out", changed(max_hours=1e-9))

    assert run("out", changed(save_every_steps=1, keep_every_steps=1)).step == 5


def test_other_groups_another_model_and_another_method_are_refused(tmp_path, run, make_groups):
    """By name, although groups and model may have the same paths."""
    run("out", changed(max_hours=1e-9))

    with pytest.raises(UserError, match="its groups_sha256 was"):
        run("out", groups=make_groups(name="others", seed=1))
    with pytest.raises(UserError, match="its base was"):
        run("out", model=other_model(tmp_path / "other"))
    with pytest.raises(UserError, match="its method was rloo and is now sft"):
        run("out", method=methods.sft)


def other_model(folder):
    """Return the folder of a model with other weights."""
    import tiny_policy  # noqa: PLC0415

    return tiny_policy.build(folder, seed=1)


def test_other_weights_in_the_same_place_are_refused(tmp_path, run):
    """The base is known by its weights, not by its path."""
    model = other_model(tmp_path / "model")
    run("out", changed(max_hours=1e-9), model=model)
    AutoModelForCausalLM.from_pretrained(model).to(torch.bfloat16).save_pretrained(model)

    with pytest.raises(UserError, match="its base_weights was"):
        run("out", model=model)


def test_a_folder_of_something_else_is_refused(tmp_path, run):
    """Other files are not mixed with a checkpoint."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").touch()

    with pytest.raises(UserError, match=r"holds files, but no training\.json"):
        run("out")


def test_the_metrics_of_a_step(tmp_path, run):
    """The first row by hand: half an epoch of four groups, a whole warmup, and margins that add up."""
    run("out", changed(warmup_share=0.4))

    first, second, *_ = rows(tmp_path / "out")
    assert (first["step"], first["groups"], first["epoch"], first["learning_rate"]) == (1, 2, 0.4, 5e-4)
    assert second["learning_rate"] == 1e-3
    assert first["margin"] == first["accepted"] - first["rejected"]
    assert first["accepted"] < 0
    assert len(rows(tmp_path / "out")) == 5
    assert msgspec.json.decode((tmp_path / "out" / "metrics.jsonl").read_bytes().splitlines()[0], type=Metrics)


def test_a_single_step_changes_the_weights(tmp_path, run, tiny_base):
    """Also with a warmup that is not over then."""
    run("out", changed(max_steps=1, warmup_share=0.9))

    (base,) = tiny_base.glob("*model.safetensors")
    before = load_file(base)
    after = load_file(tmp_path / "out" / "model.safetensors")
    assert any(not torch.equal(after[name], before[name]) for name in after)


@pytest.mark.parametrize(("bound", "shares"), [(1e-9, [1.0] * 5), (1e9, [0.0] * 5)])
def test_the_share_of_clipped_steps_is_told(tmp_path, run, capsys, bound, shares):
    """Where each gradient was scaled down, metrics, model card and the last line say so."""
    run("out", changed(max_gradient_norm=bound))

    assert [row["clipped"] for row in rows(tmp_path / "out")] == shares
    told = "the gradient was clipped in 100 % of the steps"
    assert (told in capsys.readouterr().err) == (shares[0] == 1)
    assert (told in (tmp_path / "out" / "README.md").read_text().lower()) == (shares[0] == 1)


def test_tokens_are_counted_once_for_each_prompt(tmp_path, run, make_groups):
    """One group with a prompt of 3 bytes and completions of 1, 2, 3 and 4, each with its end: 3 + 10 + 4."""
    groups = make_groups(1, name="one", prompt="abc", completions=("a", "ab", "abc", "abcd"))

    for name, packing in (("packed", True), ("padded", False)):
        run(name, changed(batch_groups=1, epochs=1, packing=packing), groups=groups)

        assert [row["tokens"] for row in rows(tmp_path / name)] == [17]


def test_every_method_sees_the_same_groups_in_the_same_order(tmp_path, run):
    """`sft` takes as many steps over as many tokens as the others; the first step differs in its loss alone."""
    run("rloo")
    run("sft", method=methods.sft)

    ours, theirs = rows(tmp_path / "sft"), rows(tmp_path / "rloo")
    assert [row["tokens"] for row in ours] == [row["tokens"] for row in theirs]
    assert [(ours[0][name], theirs[0][name]) for name in ("accepted", "rejected")] == [
        (theirs[0][name], theirs[0][name]) for name in ("accepted", "rejected")
    ]
    assert ours[0]["loss"] != theirs[0]["loss"]


def test_the_seed_decides_and_nothing_else(tmp_path, run):
    """The same seed gives the same bits, another one another order."""
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        run(name, changed(seed=seed))

    assert bits(tmp_path / "one") == bits(tmp_path / "two") != bits(tmp_path / "three")


def test_activations_computed_anew_are_the_same(tmp_path, run):
    """Gradient checkpointing costs time and changes no bit here."""
    run("kept")
    run("recomputed", changed(gradient_checkpointing=True))

    assert bits(tmp_path / "kept") == bits(tmp_path / "recomputed")


def test_a_step_that_runs_out_of_memory_is_taken_in_parts(tmp_path, run, monkeypatch):
    """Whatever was forecast: a group at a time, with recomputed blocks, and the same losses to rounding."""
    run("whole")
    taken, backward = [], loop.Loop._backward  # noqa: SLF001 - where memory would run out

    def too_large(training, part):
        taken.append(part.rows.spans.runs)
        if len(taken) == 3:
            raise torch.OutOfMemoryError
        return backward(training, part)

    monkeypatch.setattr(loop.Loop, "_backward", too_large)
    run("parts")

    prompts = [sum(not many for *_, many in runs) for runs in taken]
    assert prompts == [2, 2, 2, 1, 1, 2, 2]
    losses, expected = ([row["loss"] for row in rows(tmp_path / name)] for name in ("parts", "whole"))
    assert losses == pytest.approx(expected, rel=1e-4)


def test_a_bfloat16_training_holds_float32_and_writes_bfloat16(tmp_path, run):
    """The state keeps every bit of small steps; the checkpoint is of the type that it is examined in."""
    options = changed(dtype="bfloat16", gradient_checkpointing=True)
    run("out", changed(options, max_hours=1e-9))
    state = torch.load(tmp_path / "out" / "state.pt", weights_only=True)

    run("out", options)

    assert {weight.dtype for weight in state["weights"].values()} == {torch.float32}
    assert {weight.dtype for weight in load_file(tmp_path / "out" / "model.safetensors").values()} == {torch.bfloat16}
    assert json.loads((tmp_path / "out" / "config.json").read_text())["dtype"] == "bfloat16"


def test_an_adapter_finds_its_base(tmp_path, run, tiny_base):
    """The layout is peft's, with the base as an absolute path; the base's weights are not in it."""
    checkpoint = run("out", LORA)

    adapter = json.loads((tmp_path / "out" / "adapter_config.json").read_text())
    assert (adapter["base_model_name_or_path"], adapter["r"], checkpoint.base) == (str(tiny_base), 4, str(tiny_base))
    base = AutoModelForCausalLM.from_pretrained(tiny_base)
    loaded = PeftModel.from_pretrained(base, tmp_path / "out")
    assert any(weight.abs().sum() > 0 for name, weight in loaded.named_parameters() if "lora_B" in name)


def test_a_checkpoint_has_a_model_card(tmp_path, run):
    """With its method and what was measured at its last step; peft writes one of its own, which says nothing."""
    run("out", LORA)

    card = ModelCard.load(tmp_path / "out" / "README.md")
    assert (card.data.library_name, card.data.tags[-1]) == ("peft", "rloo")
    assert "| steps | 5 |" in card.text


def test_policies_of_steps_are_kept_where_asked(tmp_path, run):
    """Each is a checkpoint of its own, with its record."""
    run("out", changed(keep_every_steps=2))

    kept = sorted((tmp_path / "out" / "steps").iterdir())
    assert [folder.name for folder in kept] == ["00000002", "00000004"]
    assert [json.loads((folder / "checkpoint.json").read_text())["step"] for folder in kept] == [2, 4]
