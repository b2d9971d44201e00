"""Training goes on from an adapter as if it had never ended, or from the model that it makes."""

import json
import shutil

import msgspec
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from harness.cli.main import run as command
from harness.errors import UserError
from trainers import methods
from trainers.config import TrainingOptions

pytestmark = pytest.mark.slow

LORA = TrainingOptions(learning_rate=1e-3, lora_rank=4, max_steps=1)
STEADY = TrainingOptions(
    learning_rate=1e-3, lora_rank=4, lora_dropout=0.0, schedule="constant", warmup_share=0.0, batch_groups=1
)


@pytest.fixture
def run(tmp_path, make_groups, tiny_base):
    """Return a function that trains with so many steps; the same groups and model by default."""
    usual = make_groups(1)

    def train(name, options=LORA, *, model=tiny_base, **settings):
        folder = tmp_path / name
        methods.rloo.train(usual, str(model), folder, msgspec.structs.replace(options, **settings))
        return folder

    return train


def test_fifty_steps_and_fifty_from_their_adapter_are_a_hundred(run):
    """AdamW's moments come with the adapter: without them the fifty-first step would be another."""
    whole = load_file(run("whole", STEADY, max_steps=100) / "adapter_model.safetensors")
    half = run("half", STEADY, max_steps=50)

    found = load_file(run("more", STEADY, max_steps=50, model=half) / "adapter_model.safetensors")

    assert all(torch.allclose(found[name], whole[name], rtol=1e-5, atol=1e-7) for name in whole)
    (half / "optimizer.pt").unlink()
    anew = load_file(run("anew", STEADY, max_steps=50, model=half) / "adapter_model.safetensors")
    assert not all(torch.allclose(anew[name], whole[name], rtol=1e-3, atol=1e-5) for name in whole)
    config = json.loads((half.parent / "more" / "adapter_config.json").read_text())
    assert (
        config["base_model_name_or_path"]
        == json.loads((half / "adapter_config.json").read_text())["base_model_name_or_path"]
    )


def test_a_whole_model_comes_without_moments(run):
    """They are twice its size, and an adapter's are small."""
    assert not (run("out", lora_rank=0) / "optimizer.pt").exists()


@pytest.mark.parametrize(
    ("moments", "told"), [(b"no moments", "no moments of AdamW"), ({0: {"exp_avg": torch.zeros(3)}}, "another adapter")]
)
def test_moments_of_something_else_are_refused(run, moments, told):
    """One line, which says how to do without."""
    adapter = run("adapter")
    if isinstance(moments, bytes):
        (adapter / "optimizer.pt").write_bytes(moments)
    else:
        torch.save(moments, adapter / "optimizer.pt")

    with pytest.raises(UserError, match=f"{told}.*remove it to begin with new"):
        run("out", model=adapter)


def test_another_adapters_moments_are_another_training(run):
    """They decide the weights, so a folder is not resumed with others."""
    adapter = run("adapter", STEADY, max_steps=2)
    run("out", STEADY, max_steps=2, max_hours=1e-9, model=adapter)
    (adapter / "optimizer.pt").unlink()

    with pytest.raises(UserError, match="its base_weights was"):
        run("out", STEADY, max_steps=2, model=adapter)


def test_contradictory_settings_of_sampling_stay_in_every_checkpoint(run, tiny_base, tmp_path):
    """Published models have such, and the library refuses to save a changed one: at the very end of a training."""
    model = shutil.copytree(tiny_base, tmp_path / "model")
    settings = {"do_sample": False, "temperature": 0.7, "eos_token_id": [10, 256]}
    (model / "generation_config.json").write_text(json.dumps(settings))

    adapter = run("adapter", model=model)
    assert command(["merge-adapter", str(adapter), "--out", str(tmp_path / "merged")]) == 0

    for folder in (run("whole", lora_rank=0, model=model), adapter, tmp_path / "merged"):
        found = json.loads((folder / "generation_config.json").read_text())
        assert {name: found[name] for name in settings} == settings


def test_an_adapter_of_another_rank_is_refused_with_advice(run):
    """Its weights have another shape than those that are asked for."""
    adapter = run("adapter")

    with pytest.raises(UserError, match="has rank 4 and alpha 32; give --lora-rank 4"):
        run("out", lora_rank=8, model=adapter)


def test_without_lora_an_adapter_is_merged(run, tiny_base):
    """What is trained then is the whole model, from the adapted weights."""
    adapter = run("adapter")

    out = run("out", lora_rank=0, learning_rate=1e-9, model=adapter)

    adapted = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_base), adapter)
    expected = adapted.merge_and_unload().state_dict()
    found = AutoModelForCausalLM.from_pretrained(out).state_dict()
    assert all(torch.allclose(found[name], expected[name], atol=1e-6) for name in expected)
