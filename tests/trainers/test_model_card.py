"""A checkpoint's README.md has method, base, data, commit and options, with metadata for the hub."""

import msgspec
import pytest
from huggingface_hub import ModelCard

from trainers.compile.data_card import Card, Recipe
from trainers.compile.rewards import PAPER
from trainers.config import TrainingOptions
from trainers.model_card import checkpoint_card
from trainers.trainer import Checkpoint

CHECKPOINT = Checkpoint(
    path="checkpoints/mine",
    base="Qwen/Qwen2.5-Coder-0.5B",
    method="rloo-grpo",
    step=120,
    config=TrainingOptions(seed=7),
    groups_sha256="5f" * 32,
    commit="c0ffee",
)
GROUPS = Card(
    source="CodeNet",
    licence="CDLA-Permissive-2.0",
    recipe=Recipe(rewards=PAPER, against=("mbpp",)),
    proctor="0.1.0",
    groups_sha256="5f" * 32,
    rows=100,
    groups=12,
    completions=48,
    prompt_tokens=4000,
    completion_tokens=6000,
    fates={},
    tables={},
)
ADAPTER = msgspec.structs.replace(CHECKPOINT, config=TrainingOptions(lora_rank=16))


def card(checkpoint=CHECKPOINT, groups=GROUPS, **metrics):
    """Return the card as the hub's own library reads it."""
    return ModelCard(checkpoint_card(checkpoint, groups=groups, metrics=metrics))


def test_the_hub_reads_the_head():
    """Base, relation to it, library, task and tags."""
    assert card().data.to_dict() == {
        "base_model": "Qwen/Qwen2.5-Coder-0.5B",
        "base_model_relation": "finetune",
        "license": "other",
        "license_name": "that-of-the-base-model",
        "license_link": "https://huggingface.co/Qwen/Qwen2.5-Coder-0.5B",
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["code", "offline-rl", "proctor", "rloo-grpo"],
        "model-index": [{"name": "mine", "results": []}],
    }


def test_an_adapter_says_so():
    """The hub shows it with its base, and loads it with peft."""
    data = card(ADAPTER).data.to_dict()

    assert (data["base_model_relation"], data["library_name"]) == ("adapter", "peft")


@pytest.mark.parametrize(
    ("base", "name"), [("/home/me/models/base", "base"), ("base", "base"), ("a/b/c", "c"), ('odd "name"/x: y', "x: y")]
)
def test_a_base_that_is_not_on_the_hub_is_told_to_readers_only(base, name):
    """The hub refuses such a name in the head, and nobody else has that folder."""
    written = card(msgspec.structs.replace(CHECKPOINT, base=base))

    assert "base_model" not in written.data.to_dict()
    assert f"| base | {name} |" in written.text
    assert base == name or base not in written.content


def test_no_path_of_this_machine_is_in_the_card(tmp_path):
    """Neither that of the base nor that of the checkpoint."""
    folders = {name: str(tmp_path / name) for name in ("base", "path")}
    written = checkpoint_card(msgspec.structs.replace(CHECKPOINT, **folders), groups=GROUPS, metrics={})

    assert str(tmp_path) not in written
    assert written.splitlines().count("# path") == 1


def test_a_folder_is_not_on_the_hub(tmp_path, monkeypatch):
    """Even if it is called like a model there."""
    (tmp_path / "models" / "base").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    assert "base_model" not in card(msgspec.structs.replace(CHECKPOINT, base="models/base")).data.to_dict()


@pytest.mark.parametrize(
    "line",
    [
        "| method | rloo-grpo |",
        "| steps | 120 |",
        f"| SHA-256 of the groups | {'5f' * 32} |",
        "| commit of proctor | c0ffee |",
        "| seed | 7 |",
        "| clip | - |",
        "12 groups with 48 completions, compiled from CodeNet.",
        "4000 tokens in prompts and 6000 in completions.",
        "What overlaps mbpp was dropped: 0 texts.",
        "| Wrong Answer | -0.1 |",
        "| margin | 1.25 |",
    ],
)
def test_the_card_tells(line):
    """What a reader needs to judge the checkpoint or to make it again."""
    assert line in card(margin=1.25, accepted=None).text.splitlines()


def test_licences_are_those_of_base_and_data():
    """CodeNet's is known; of other data only that they have one."""
    assert "The submissions are under CDLA-Permissive-2.0." in card().text
    unknown = card(groups=msgspec.structs.replace(GROUPS, source="judged samples of mine", licence="")).text
    assert "The submissions are under a licence that isn't recorded." in unknown
    assert "The licences of the data and of `Qwen/Qwen2.5-Coder-0.5B` apply." in card(groups=None).text


@pytest.mark.parametrize(
    ("readme", "licence"),
    [
        ("---\nlicense: apache-2.0\ntags: []\n---\n# base\n", "apache-2.0"),
        ("---\ntags: []\n---\nlicense: mit\n", "unknown"),
        ("license: mit\n", "unknown"),
        ("---\nlicense: [a, b]\n---\n", "unknown"),
        (None, "unknown"),
    ],
)
def test_the_licence_of_a_local_base_is_the_one_in_its_card(tmp_path, readme, licence):
    """In the head of its README.md; without one it is unknown."""
    if readme is not None:
        (tmp_path / "README.md").write_text(readme)

    assert card(msgspec.structs.replace(CHECKPOINT, base=str(tmp_path))).data.license == licence


def test_generated_submissions_are_not_called_codenets():
    """The source and the licence are those of the data card."""
    groups = msgspec.structs.replace(GROUPS, source="generated submissions (seed 0)", licence="Apache-2.0")
    written = card(groups=groups)

    assert "12 groups with 48 completions, compiled from generated submissions (seed 0)." in written.text
    assert "The submissions are under Apache-2.0." in written.text
    assert "CodeNet" not in written.content


def test_every_option_is_told():
    """None is left out."""
    rows = [line.split("|")[1].strip() for line in card().text.splitlines() if line.startswith("| ")]

    assert set(TrainingOptions.__struct_fields__) <= set(rows)


def test_unmeasured_is_left_out():
    """A step without rejected code has no mean of it, and a card without metrics no such table."""
    assert "| rejected |" not in card(rejected=None, margin=1.0).text
    assert "last step" not in card().text
