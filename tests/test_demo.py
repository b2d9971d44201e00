"""The whole loop in miniature at a tiny size: interrupted, gone on with, and its tables."""

import importlib.util
import re
import shutil

import pytest
from huggingface_hub import DatasetCard, ModelCard

from harness.cli.main import INTERRUPTED, run
from trainers import loop
from trainers.cli import demo
from trainers.demo.stages import METHODS, POLICIES, Sizes, stages

pytestmark = pytest.mark.slow

TINY = ("--problems", "12", "--steps", "4", "--tests", "3")
STEPS_BEFORE_THE_INTERRUPTION = 2


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Carry out a demo whose first training is interrupted; return its folder, exit codes, and what was told."""
    out = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        append, rows = loop.append, []

        def interrupted(file, row):
            append(file, row)
            rows.append(row)
            if len(rows) == STEPS_BEFORE_THE_INTERRUPTION:
                raise KeyboardInterrupt

        patch.setattr(loop, "append", interrupted)
        first = run(["demo", *TINY, "--out", str(out)])
    groups = (out / "groups" / "groups.parquet").stat().st_mtime_ns
    return out, (first, run(["demo", *TINY, "--out", str(out)])), groups


def test_an_interrupted_demo_goes_on(told):
    """The second run ends well and has made nothing again that was there."""
    out, codes, groups = told

    assert codes == (INTERRUPTED, 0)
    assert (out / "groups" / "groups.parquet").stat().st_mtime_ns == groups
    assert all(stage.outcome.exists() for stage in stages(out, Sizes(), ()))


def test_a_finished_demo_says_its_tables_again(told, capsys):
    """The third run does nothing but print: five rows in the paper's layout, the greedy table, and where things are."""
    out, _, _ = told

    assert run(["demo", *TINY, "--out", str(out)]) == 0

    shown = capsys.readouterr()
    heads = [line.split("|")[1].strip() for line in shown.out.splitlines() if line.startswith("| ")]
    assert heads == ["method", "---------", *POLICIES] * 2
    assert "pass@10" in shown.out
    assert str(out / "page") in shown.out
    assert shown.err.count("done before") == len(stages(out, Sizes(), ()))


def test_the_tables_regenerate_byte_for_byte(told):
    """From the folders of the runs alone."""
    out, _, _ = told
    ledger, page = out / "runs" / "LEADERBOARD.md", out / "page" / "index.html"
    before = ledger.read_bytes(), page.read_bytes()
    ledger.unlink()
    shutil.rmtree(page.parent)

    assert run(["demo", *TINY, "--out", str(out)]) == 0
    assert (ledger.read_bytes(), page.read_bytes()) == before
    assert run(["table", str(out / "runs"), "--check"]) == 0


def test_the_model_cards_tell_the_truth(told):
    """Licence, scores, and the origin of the data; no folder of this machine, and no word of CodeNet."""
    out, _, _ = told

    cards = {policy: ModelCard((out / "models" / policy / "README.md").read_text()) for policy in POLICIES}

    assert {card.data.license for card in cards.values()} == {"apache-2.0"}
    assert [str(out) in card.content or "CodeNet" in card.content for card in cards.values()] == [False] * len(POLICIES)
    scores = {policy: {one.metric_type for one in card.data.eval_results} for policy, card in cards.items()}
    assert set(map(frozenset, scores.values())) == {frozenset({"pass@1", "pass@10"})}
    assert all("compiled from generated submissions (" in cards[method].text for method in METHODS)


def test_the_data_card_tells_the_truth(told):
    """The same of the groups."""
    out, _, _ = told

    card = DatasetCard((out / "groups" / "card.md").read_text())

    assert card.data.license == "apache-2.0"
    assert "# Groups of generated submissions (proctor miniature, seed 0)" in card.text
    assert str(out) not in card.content
    assert str(out) not in (out / "groups" / "card.json").read_text()


def test_another_demo_needs_another_folder(told, capsys):
    """What lies there is named by its options."""
    out, _, _ = told

    assert run(["demo", *TINY, "--seed", "1", "--out", str(out)]) == 2
    assert "--seed 0 --problems 12 --steps 4 --tests 3" in capsys.readouterr().err


def test_a_missing_library_is_named(tmp_path, monkeypatch, capsys):
    """One line says what to install, before anything is written."""
    find = importlib.util.find_spec
    monkeypatch.setattr(demo.importlib.util, "find_spec", lambda name: None if name == "torch" else find(name))

    assert run(["demo", "--out", str(tmp_path / "out")]) == 2
    assert re.search(r"needs torch; .*pip install 'proctor\[train\]'", capsys.readouterr().err)
    assert not (tmp_path / "out").exists()
