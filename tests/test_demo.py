"""The whole loop in miniature, `make demo`, at a tiny size: its tables, page and cards, made in two goes."""

import re
from pathlib import Path

import pytest
from huggingface_hub import DatasetCard, ModelCard
from miniature import SMALLER, STUDY, write_miniature

from harness.cli.main import run

pytestmark = pytest.mark.slow

POLICIES = ("base", "sft", "rloo", "rloo-grpo", "rloo-exp")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Make the groups and a run, and later the rest; return the folder of the outcomes."""
    folder = tmp_path_factory.mktemp("demo")
    study, out = str(write_miniature(folder, SMALLER)), folder / "out"
    first = [word for step in ("base", "submissions", "groups", "base-run") for word in ("--only", step)]
    assert run(["study", study, *first, "--out", str(out)]) == 0
    (groups,) = out.glob("made/compile-*")
    before = groups.stat().st_mtime_ns
    assert run(["study", study, "--out", str(out)]) == 0
    assert groups.stat().st_mtime_ns == before
    return out


def readme(place):
    """Return the README of the study."""
    return (place / "miniature" / "README.md").read_text()


def made(place, name):
    """Return the outcomes of the steps of a name, in the order of the README."""
    return [
        place / "miniature" / path
        for path in re.findall(rf"^\| {name}(?: \([^)]*\))? \| \[.*?\]\((.*?)\)", readme(place), re.MULTILINE)
    ]


def test_the_demo_ends_with_its_tables(place):
    """Five rows in the paper's layout, twice: ten samples a problem, and the likeliest program."""
    tables = [part for part in readme(place).split("\n## ") if part.startswith(("Ten samples", "The likeliest"))]

    heads = [[line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")] for table in tables]
    assert [head[-5:] for head in heads] == [list(POLICIES)] * 2
    assert "pass@10" in tables[0]


def test_a_page_shows_every_policy(place):
    """Of the run with ten samples a problem."""
    (page,) = made(place, "page")

    assert all(policy in (page / "index.html").read_text() for policy in POLICIES)


def test_what_is_left_is_told_with_each_step(place):
    """Beside its number, in the log as on the terminal."""
    log = (place / "miniature" / "log.txt").read_text()

    assert len(re.findall(r"^step \d+ of \d+, about \d+:\d\d:\d\d left: ", log, re.MULTILINE)) == log.count("$ proctor")


def test_the_model_cards_tell_the_truth(place):
    """Licence, scores, and the origin of the data; no folder of this machine, and no word of CodeNet."""
    cards = [
        ModelCard((path / "README.md").read_text()) for name in ("base-card", "card") for path in made(place, name)
    ]

    assert len(cards) == len(POLICIES)
    assert {card.data.license for card in cards} == {"apache-2.0"}
    assert [str(place) in card.content or "CodeNet" in card.content for card in cards] == [False] * len(cards)
    assert {frozenset(one.metric_type for one in card.data.eval_results) for card in cards} == {
        frozenset({"pass@1", "pass@10"})
    }
    assert all("compiled from generated submissions (" in card.text for card in cards[1:])


def test_the_data_card_tells_the_truth(place):
    """The same of the groups."""
    (groups,) = made(place, "groups")

    card = DatasetCard((groups / "card.md").read_text())

    assert card.data.license == "apache-2.0"
    assert "# Groups of generated submissions (proctor miniature, seed 0)" in card.text
    assert str(place) not in card.content
    assert str(place) not in (groups / "card.json").read_text()


def test_make_demo_runs_this_study():
    """And nothing else."""
    root = STUDY.parents[1]
    recipe = re.search(r"^demo: .*\n\t(.*)$", (root / "Makefile").read_text(), re.MULTILINE)[1]

    assert recipe == f".venv/bin/proctor study {STUDY.relative_to(root)} --out runs/demo"
    assert Path(root, "studies").is_dir()
