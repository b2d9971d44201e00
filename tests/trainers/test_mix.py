"""Groups of several folders in one: all of them, in order, and a card that adds up."""

import json

import msgspec
import pytest
import tiny_policy

from harness.cli.main import run
from trainers.compile.data_card import Card, Recipe, write_card
from trainers.compile.rewards import PAPER, with_resource_limits
from trainers.groups import GROUPS_FILE, read_groups, write_groups


@pytest.fixture
def make(tmp_path):
    """Return a function that writes a folder of groups with a card."""

    def written(name, *groups, rewards=PAPER, licence="MIT", log_probs=False):
        folder = tmp_path / name
        folder.mkdir()
        card = Card(
            source=name, licence=licence, recipe=Recipe(rewards=rewards), proctor="1", rows=5, groups=len(groups),
            completions=4 * len(groups), prompt_tokens=10, completion_tokens=20,
            fates={"in a group": 4, "empty source": 1}, tables={"problems": {"with groups": 1}},
            groups_sha256=write_groups(folder / GROUPS_FILE, groups, log_probs=log_probs),
        )  # fmt: skip
        write_card(folder, card)
        return folder

    return written


def mix(*folders, out):
    """Run the command."""
    return run(["compile", "mix", *map(str, folders), "--out", str(out)])


def test_all_groups_are_there_and_the_card_adds_up(tmp_path, make):
    """Humans' first; the log-probabilities of own samples are kept."""
    own = tiny_policy.group(1, log_probs=(-1.0, None, -3.0, -4.0))
    folders = make("human", tiny_policy.group(0)), make("own", own, tiny_policy.group(2), log_probs=True)

    assert mix(*folders, out=tmp_path / "both") == 0

    card = msgspec.json.decode((tmp_path / "both" / "card.json").read_bytes(), type=Card)
    assert list(read_groups(tmp_path / "both")) == [tiny_policy.group(0), own, tiny_policy.group(2)]
    assert (card.source, card.licence) == ("human, and own", "MIT")
    assert (card.groups, card.completions, card.rows, card.completion_tokens) == (3, 12, 10, 40)
    assert card.fates == {"in a group": 8, "empty source": 2}
    assert card.tables == {"problems": {"with groups": 2}}
    assert sorted(path.name for path in (tmp_path / "both").iterdir()) == ["card.json", "card.md", GROUPS_FILE]


def test_several_licences_are_none(tmp_path, make):
    """The card can't name one."""
    assert mix(make("a", tiny_policy.group(0)), make("b", tiny_policy.group(1), licence=""), out=tmp_path / "c") == 0

    assert json.loads((tmp_path / "c" / "card.json").read_text())["licence"] == ""


def test_what_does_not_go_together_is_refused_in_a_line(tmp_path, make, capsys):
    """The same groups twice, other rewards, no card, no groups, a folder that is taken."""
    first = make("first", tiny_policy.group(0))
    other = make("other", tiny_policy.group(1), rewards=with_resource_limits(PAPER))
    bare = make("bare", tiny_policy.group(2))
    (bare / "card.json").unlink()

    for folders, out, message in (
        ((first, first), "out", "hold the same groups; name each once"),
        ((first, other), "out", "its rewards differ from those of"),
        ((first, bare), "out", "has no card.json of its groups"),
        ((first, tmp_path / "absent"), "out", "there is no such file"),
        ((first,), "other", "exists already"),
    ):
        assert mix(*folders, out=tmp_path / out) == 2
        err = capsys.readouterr().err
        assert message in err
        assert err.count("\n") == 1
