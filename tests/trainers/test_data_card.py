"""The data card: order of its tables, and what readers see."""

import msgspec
import pytest
from huggingface_hub import DatasetCard

from trainers.compile.data_card import (
    KEPT,
    ROWS,
    Card,
    Counts,
    Recipe,
    Rule,
    card_markdown,
    read_card,
    tables_of,
    write_card,
)
from trainers.compile.decontamination import Match
from trainers.compile.rewards import PAPER, RewardTable, RewardTerms


@pytest.fixture
def card():
    """Return a card with nothing special."""
    return Card(
        source="CodeNet",
        recipe=Recipe(rewards=PAPER),
        proctor="0",
        groups_sha256="abc",
        rows=5,
        groups=1,
        completions=4,
        prompt_tokens=7,
        completion_tokens=9,
        fates={KEPT: 4, Rule.TOO_LONG: 1},
        tables={},
    )


def test_the_hub_reads_the_licence_of_the_data(card, tmp_path):
    """In the head of card.md, and readers in its list; what is no identifier is unknown."""
    for licence, on_the_hub in (
        ("CDLA-Permissive-2.0", "cdla-permissive-2.0"),
        ("", "unknown"),
        ("a\nb: c", "unknown"),
    ):
        write_card(tmp_path, msgspec.structs.replace(card, licence=licence, source='a "b"'))
        written = DatasetCard((tmp_path / "card.md").read_text())
        assert written.data.license == on_the_hub
        assert written.data.pretty_name == 'Groups of a "b"'
    assert "- licence of the submissions: CDLA-Permissive-2.0" in card_markdown(
        msgspec.structs.replace(card, licence="CDLA-Permissive-2.0")
    )


def test_tables_are_in_a_readers_order():
    """Rules in order of application, bins by number, everything else by name; what never happened is left out."""
    counts = Counts(
        {
            (ROWS, Rule.TOO_LONG): 1,
            (ROWS, Rule.MALFORMED_ROW): 2,
            (ROWS, Rule.NO_SOURCE): 0,
            (ROWS, KEPT): 3,
            ("bins", "16-31"): 1,
            ("bins", "2-3"): 1,
            ("bins", "128-255"): 1,
            ("names", "b"): 1,
            ("names", "a"): 1,
        }
    )

    found = tables_of(counts)

    assert {name: list(table) for name, table in found.items()} == {
        "bins": ["2-3", "16-31", "128-255"],
        ROWS: [KEPT, "malformed row", "too many tokens"],
        "names": ["a", "b"],
    }


def test_readers_see_every_number(card):
    """Rows, tokens, rewards, options and terms."""
    terms = msgspec.structs.replace(
        card.recipe, rewards=RewardTable(rewards=PAPER.rewards, terms=RewardTerms(memory=0.2))
    )
    text = card_markdown(
        msgspec.structs.replace(card, recipe=terms, rejudged={"Accepted": {"accepted": 3, "time_limit": 1}})
    )

    assert "1 groups with 4 completions of 5 rows" in text
    assert "7 in prompts, 9 in completions" in text
    assert "Wrong Answer -0.1" in text
    assert "extra terms: memory +0.2" in text
    assert "| too many tokens | 1 |" in text
    assert "| Accepted | 3 | 1 |" in text


def test_a_long_list_of_overlaps_is_cut(card):
    """The rest is in card.json, and card.md says how many."""
    matches = tuple(Match(what=f"s{number}", benchmark="toy", task_id="1", overlap=1.0) for number in range(130))

    text = card_markdown(msgspec.structs.replace(card, contaminated=matches))

    assert text.count("| toy | 1 | 1.00 |") == 100
    assert "30 more are in card.json." in text


def test_a_card_survives_its_file(card):
    """What is written is read."""
    assert msgspec.json.decode(msgspec.json.encode(card), type=Card) == card


def test_a_card_is_read_beside_its_groups(card, tmp_path):
    """In the folder, or beside the file; not where the groups are others, or there is none."""
    write_card(tmp_path, card)

    assert read_card(tmp_path, "abc") == read_card(tmp_path / "groups.parquet", "abc") == card
    assert read_card(tmp_path, "bb") is None
    assert read_card(tmp_path / "elsewhere" / "groups.parquet", "abc") is None
