"""Where a model's files lie, and which they are."""

import json

import pytest

from harness.errors import UserError
from harness.generation.models import find_weights

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def folder_of(path, **files):
    """Write files into a new folder."""
    path.mkdir(parents=True)
    for name, text in files.items():
        (path / name.replace("__", ".")).write_text(text)
    return path


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Return a cache of the hub's library, which asks nothing but that."""
    constants = pytest.importorskip("huggingface_hub.constants", reason="needs the extra transformers")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def model(tmp_path):
    """Return the folder of a model, as far as its files are looked at here."""
    return folder_of(tmp_path / "model", config__json="{}", tokenizer__json="{}", model__safetensors="weights")


def adapter_over(base, path):
    """Return the folder of an adapter."""
    config = json.dumps({"base_model_name_or_path": base, "r": 8})
    return folder_of(path, adapter_config__json=config, adapter_model__safetensors="more")


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors", "chat_template.jinja"])
def test_what_decides_the_text_decides_the_identity(model, name):
    """Another file is another model."""
    before = find_weights(str(model)).identity

    (model / name).write_text("other")

    assert find_weights(str(model)).identity != before


@pytest.mark.parametrize("name", ["README.md", "optimizer.bin", "trainer_state.json", "training_args.bin"])
def test_what_lies_beside_it_doesn_t(model, name):
    """Training leaves files that say nothing to the reader of the weights."""
    before = find_weights(str(model)).identity

    (model / name).write_text("other")

    assert find_weights(str(model)).identity == before


def test_a_copy_is_the_same_model(model, tmp_path):
    """Wherever it lies."""
    copy = folder_of(tmp_path / "b", tokenizer__json="{}", model__safetensors="weights", config__json="{}")

    assert find_weights(str(copy)).identity == find_weights(str(model)).identity


def test_an_adapter_leads_to_its_base(model, tmp_path):
    """It is told by both."""
    adapter = adapter_over(str(model), tmp_path / "adapter")

    found = find_weights(str(adapter))

    assert (found.base, found.adapter) == (model, adapter)
    assert found.identity.endswith(f" over {find_weights(str(model)).identity}")


@pytest.mark.parametrize("base", ["model", "../model"])
def test_a_base_may_be_named_from_here_or_from_the_adapter(model, tmp_path, monkeypatch, base):
    """As `peft` writes what it was given, and as folders are moved together."""
    monkeypatch.chdir(tmp_path)
    adapter = adapter_over(base, tmp_path / "adapter")

    assert find_weights(str(adapter)).base.resolve() == model


@pytest.mark.parametrize(
    ("base", "told"), [("gone/away", "gone/away"), ("", "base_model_name_or_path"), (None, "base_model_name_or_path")]
)
@pytest.mark.usefixtures("cache")
def test_an_adapter_without_its_base_is_told(tmp_path, base, told):
    """With the file that names it."""
    adapter = adapter_over(base, tmp_path / "adapter")

    with pytest.raises(UserError, match=told) as caught:
        find_weights(str(adapter))

    assert str(caught.value).startswith(f"{adapter}/adapter_config.json: ")
    assert "\n" not in str(caught.value)


def test_an_adapter_over_an_adapter_is_told(model, tmp_path):
    """No library would apply both."""
    first = adapter_over(str(model), tmp_path / "first")

    with pytest.raises(UserError, match="is an adapter itself"):
        find_weights(str(adapter_over(str(first), tmp_path / "second")))


def test_a_folder_without_a_model_is_told(tmp_path):
    """Such as the one above."""
    with pytest.raises(UserError, match=r"config\.json is missing"):
        find_weights(str(tmp_path))


def test_a_model_of_the_hub_is_told_by_its_commit(cache):
    """Read from the cache, as the hub's own library lays it out, without a network."""
    cached = cache / "models--some--model"
    folder_of(cached / "refs", main=COMMIT)
    snapshot = folder_of(cached / "snapshots" / COMMIT, config__json="{}")

    found = find_weights("some/model")

    assert (found.base, found.adapter, found.identity) == (snapshot, None, COMMIT)


@pytest.mark.parametrize("name", ["some/unknown", "no/such/folder", "two words"])
@pytest.mark.usefixtures("cache")
def test_a_model_that_is_nowhere_is_told(name):
    """It is no folder, and the hub has none of that name, or can't be asked."""
    with pytest.raises(UserError, match=f"there is no folder {name}, and the hub") as caught:
        find_weights(name)

    assert "\n" not in str(caught.value)
