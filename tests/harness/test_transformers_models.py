"""What the transformers backend says of its models, and of those that it can't load."""

import shutil

import msgspec
import pytest
from drawing import PROMPTS, SAMPLED, drawn, plan_of

from harness.errors import UserError
from harness.generation.backends.transformers import transformers
from harness.runs.records import Producer

pytestmark = pytest.mark.slow


def load(folder, **options):
    """Load a model in full precision."""
    return transformers.load(str(folder), {"dtype": "float32", "device": "cpu"} | options)


@pytest.fixture
def copy(tiny_model, tmp_path):
    """Return a copy of the tiny model's folder, to be changed."""
    return shutil.copytree(tiny_model, tmp_path / "copy")


def test_the_producer_says_who_draws(tiny_model, tiny_adapter):
    """What may move a sample is among it."""
    with load(tiny_model) as plain, load(tiny_adapter, dtype="bfloat16", batch_size=3) as adapted:
        assert (plain.producer.backend, plain.producer.model, plain.producer.dtype) == (
            "transformers",
            str(tiny_model),
            "float32",
        )
        assert plain.producer.repeatable == "yes"
        assert msgspec.json.decode(msgspec.json.encode(plain.producer), type=Producer) == plain.producer
        assert plain.producer.versions.keys() == {"peft", "tokenizers", "torch", "transformers"}
        assert adapted.producer.dtype == "bfloat16"
        assert adapted.producer.options == plain.producer.options | {"batch_size": "3", "merge": "True"}
        assert adapted.producer.weights != plain.producer.weights
        assert len(drawn(adapted, plan_of(PROMPTS), SAMPLED)) == len(PROMPTS)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"batchsize": 3},
            "there is no option 'batchsize'. Did you mean 'batch_size'? Choose from batch_size, dtype, device, merge",
        ),
        ({"batch_size": 0}, "batch_size"),
        ({"dtype": "int8"}, "int8"),
        ({"device": "tpu"}, "device"),
        ({"device": "cuda:99"}, "--option device=cuda:99: there"),
    ],
)
def test_options_are_read_strictly(tiny_model, options, told):
    """What is unknown, makes no sense or isn't there is told in one line."""
    with pytest.raises(UserError) as caught, load(tiny_model, **options):
        pass

    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def broken_weights(folder):
    """Cut the file of weights off."""
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])


def missing_weights(folder):
    """Leave one matrix out, which the library would fill with random numbers."""
    from safetensors.numpy import load_file, save_file  # noqa: PLC0415

    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def no_weights(folder):
    """Leave all out."""
    (folder / "model.safetensors").unlink()


def unknown_architecture(folder):
    """Name a kind of model that nobody knows."""
    (folder / "config.json").write_text('{"model_type": "abacus"}')


@pytest.mark.parametrize("breaking", [broken_weights, missing_weights, no_weights, unknown_architecture])
def test_a_folder_that_is_no_whole_model_is_told(copy, breaking):
    """In one line, with the folder."""
    breaking(copy)

    with pytest.raises(UserError) as caught, load(copy):
        pass

    assert str(caught.value).startswith(f"{copy}: can't be loaded: ")
    assert "\n" not in str(caught.value)


def test_an_adapter_that_fits_another_model_is_told(tiny_adapter, tmp_path):
    """Half an adapter would pass for the whole."""
    from safetensors.numpy import load_file, save_file  # noqa: PLC0415

    shutil.copytree(tiny_adapter, tmp_path / "half")
    path = tmp_path / "half" / "adapter_model.safetensors"
    save_file({name: value for name, value in load_file(path).items() if "layers.0" in name}, path)

    with pytest.raises(UserError, match="missing adapter keys"), load(tmp_path / "half"):
        pass
