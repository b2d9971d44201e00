"""Training goes on from an adapter, or from the model that it makes with its base."""

import json

import msgspec
import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from harness.errors import UserError
from trainers import methods
from trainers.config import TrainingOptions

pytestmark = pytest.mark.slow

OPTIONS = TrainingOptions(learning_rate=1e-3, epochs=2, save_every_steps=2)
"""Five groups twice, two a step: five steps."""
LORA = msgspec.structs.replace(OPTIONS, lora_rank=4)


@pytest.fixture
def run(tmp_path, make_groups, tiny_base):
    """Return a function that trains; the same groups and model by default."""
    usual = make_groups()

    def train(name, options=OPTIONS, *, method=methods.rloo, groups=usual, model=tiny_base):
        return method.train(groups, str(model), tmp_path / name, options)

    return train


def changed(options=OPTIONS, **settings):
    """Return the options with some settings changed."""
    return msgspec.structs.replace(options, **settings)


def rows(folder):
    """Return the metrics without the clock's."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [{name: value for name, value in json.loads(line).items() if name != "tokens_per_s"} for line in lines]


def test_training_goes_on_from_an_adapter(tmp_path, run, make_groups):
    """Two steps, and two from their adapter, change more than two: the adapter's weights are where they were."""
    groups = make_groups(1, name="one")
    options = changed(LORA, batch_groups=1, max_steps=2, schedule="constant", warmup_share=0.0, lora_dropout=0.0)
    run("two", options, groups=groups)

    run("more", options, groups=groups, model=tmp_path / "two")

    assert rows(tmp_path / "more")[0]["loss"] < rows(tmp_path / "two")[1]["loss"]
    config = json.loads((tmp_path / "more" / "adapter_config.json").read_text())
    assert (config["r"], config["base_model_name_or_path"]) == (4, str(tmp_path_of(tmp_path / "two")))


def tmp_path_of(adapter):
    """Return the base that an adapter names."""
    return json.loads((adapter / "adapter_config.json").read_text())["base_model_name_or_path"]


def test_an_adapter_of_another_rank_is_refused_with_advice(tmp_path, run):
    """Its weights have another shape than those that are asked for."""
    run("adapter", changed(LORA, max_steps=1))

    with pytest.raises(UserError, match="has rank 4 and alpha 32; give --lora-rank 4"):
        run("out", changed(LORA, lora_rank=8), model=tmp_path / "adapter")


def test_without_lora_an_adapter_is_merged(tmp_path, run, tiny_base):
    """What is trained then is the whole model, from the adapted weights."""
    run("adapter", changed(LORA, max_steps=1))

    run("out", changed(max_steps=1, learning_rate=1e-9), model=tmp_path / "adapter")

    adapted = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_base), tmp_path / "adapter")
    expected = adapted.merge_and_unload().state_dict()
    found = AutoModelForCausalLM.from_pretrained(tmp_path / "out").state_dict()
    assert all(torch.allclose(found[name], expected[name], atol=1e-6) for name in expected)
