"""The example that calls another library is a trainer like ours: `proctor train` runs it, and its checkpoint loads."""

from pathlib import Path

import msgspec
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from harness.cli.main import run
from trainers.trainer import CHECKPOINT_FILE, Checkpoint

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "examples" / "other_trainer.py"


@pytest.fixture
def train(tmp_path, make_groups, tiny_base):
    """Return a function that runs the example by the command line."""
    groups = make_groups()

    def command(*options):
        given = ["--groups", groups, "--model", tiny_base, "--out", tmp_path / "out", *options]
        return run(["train", f"{EXAMPLE}:trl_sft", *map(str, given)])

    return command


@pytest.mark.filterwarnings("default")  # another library's
def test_the_example_trains_a_checkpoint_that_loads(train, tmp_path, tiny_base):
    """Two steps change the weights, and the folder has the layout that every backend reads."""
    assert train("--max-steps", 2, "--learning-rate", 0.01) == 0

    checkpoint = msgspec.json.decode((tmp_path / "out" / CHECKPOINT_FILE).read_bytes(), type=Checkpoint)
    weights = [
        AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).get_input_embeddings().weight
        for folder in (tiny_base, tmp_path / "out")
    ]
    assert (checkpoint.method, checkpoint.step) == ("trl-sft", 2)
    assert not torch.equal(*weights)
    assert AutoTokenizer.from_pretrained(tmp_path / "out")("a")["input_ids"]


@pytest.mark.filterwarnings("default")
def test_what_the_other_library_cannot_do_is_refused(train, tmp_path, capsys):
    """One line says which option, and nothing is written."""
    assert train("--token-mean", "on") == 2
    assert "--token-mean" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_example_is_short():
    """Less than a page, or it would not be an example."""
    assert len(EXAMPLE.read_text().splitlines()) < 80
