"""Scores in a model card: as the hub reads them, as readers do, and of this model only."""

import msgspec
import pytest
from huggingface_hub import ModelCard
from usual_conditions import conditions

from harness.cli.main import run
from harness.generation.models import find_weights
from harness.runs.records import Producer, Repetition, Result, Score, Usage
from sandbox.records import Verdict
from trainers.model_index import scored_card

CARD = '---\nlicense: mit\nmodel-index:\n- name: "m"\n  results: []\n---\n\n# m\n\nOwn words.\n'
PRODUCER = Producer(backend="b", model="m", weights="w", dtype="", versions={}, options={}, repeatable="yes")


def result(*scores, producer=PRODUCER, benchmark="toy"):
    """Return a result with (difficulty, kind, k, value) each."""
    return Result(
        policy="m", conditions=conditions(producer=producer, benchmark=benchmark),
        usage=Usage(prompt_tokens=None, tokens=None, finish_counts={}), verdict_counts=dict.fromkeys(Verdict, 0),
        extraction_counts={}, cut_off=0, repetition=Repetition(problems=0, equal=0), verdict_shares=(), tallies=(),
        scores=tuple(
            Score(difficulty=difficulty, kind=kind, k=k, value=value, low=0.125, high=0.5, problems=8)
            for difficulty, kind, k, value in scores
        ),
    )  # fmt: skip


def test_the_hub_reads_each_score():
    """By benchmark, difficulty and k, over all kinds of tests."""
    found = scored_card(
        CARD,
        "m",
        [result(("all", "all", 1, 0.25), ("all", "all", 10, 0.5), ("easy", "all", 1, 0.75), ("all", "call", 1, 1))],
    )

    scores = [
        (one.task_type, one.dataset_type, one.dataset_config, one.metric_type, one.metric_value)
        for one in ModelCard(found).data.eval_results
    ]
    assert scores == [
        ("text-generation", "toy", "all", "pass@1", 0.25),
        ("text-generation", "toy", "all", "pass@10", 0.5),
        ("text-generation", "toy", "easy", "pass@1", 0.75),
    ]


def test_readers_see_scores_with_intervals_and_protocol():
    """Percent."""
    found = scored_card(CARD, "m", [result(("all", "all", 1, 0.25))])

    assert "| toy | all | 8 | n = 1, unknown | 1 | 25.00 (12.5-50.0) |" in found
    assert "toy: prompt card unknown; sampling unknown;" in found


def test_new_scores_take_the_place_of_old_ones():
    """All else stays, and to write them twice changes nothing."""
    first = scored_card(CARD, "m", [result(("all", "all", 1, 0.25))])
    second = scored_card(first, "m", [result(("all", "all", 1, 0.5), ("easy", "all", 1, 0.5))])

    assert second == scored_card(CARD, "m", [result(("all", "all", 1, 0.5), ("easy", "all", 1, 0.5))])
    assert second.count("Own words.") == second.count("model-index:") == second.count("## Scores") == 1
    assert "license: mit\n" in second


@pytest.fixture
def checkpoint(tmp_path):
    """Write the folder of a model with a card, and return it with the identity of its weights."""
    folder = tmp_path / "sft"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "README.md").write_text(CARD)
    return folder, find_weights(str(folder)).identity


def write_run(place, *results):
    """Write the folder of a run."""
    place.mkdir()
    (place / "result.json").write_bytes(msgspec.json.encode(results))
    return str(place)


def test_the_command_writes_the_card(checkpoint, tmp_path):
    """The card doesn't change the identity of the model: the run can be resumed."""
    folder, identity = checkpoint
    path = write_run(
        tmp_path / "run", result(("all", "all", 1, 0.25), producer=msgspec.structs.replace(PRODUCER, weights=identity))
    )

    assert run(["card", str(folder), path]) == 0

    assert ModelCard((folder / "README.md").read_text()).data.model_name == "sft"
    assert find_weights(str(folder)).identity == identity


@pytest.mark.parametrize(("producer", "named"), [(PRODUCER, "of m, not"), (None, "whose model isn't recorded")])
def test_scores_of_another_model_are_refused(checkpoint, tmp_path, capsys, producer, named):
    """The card stays as it was."""
    folder, _ = checkpoint
    path = write_run(tmp_path / "run", result(("all", "all", 1, 0.25), producer=producer))

    assert run(["card", str(folder), path]) == 2

    assert named in capsys.readouterr().err
    assert (folder / "README.md").read_text() == CARD


def test_what_is_no_card_is_refused(checkpoint, tmp_path, capsys):
    """A file without a head, and a folder without a file."""
    folder, identity = checkpoint
    path = write_run(
        tmp_path / "run", result(("all", "all", 1, 0.25), producer=msgspec.structs.replace(PRODUCER, weights=identity))
    )
    (folder / "README.md").write_text("# m\n")

    assert run(["card", str(folder), path]) == 2
    assert "has no YAML head" in capsys.readouterr().err
    (folder / "README.md").unlink()
    assert run(["card", str(folder), path]) == 2
    assert "README.md: there is no such file" in capsys.readouterr().err
