"""Rows of JSON as TRL has them: groups out and in again, and whatever else a file may hold."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.benchmarks.mini import mini
from harness.cli.main import run
from trainers.compile.data_card import Counts, Rule
from trainers.compile.pipeline import Candidate
from trainers.compile.rows import read_rewarded_row, read_row_places
from trainers.exchange import FORMATS
from trainers.groups import GROUPS_FILE, Group, read_groups, write_groups

pytestmark = pytest.mark.slow

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda one: st.lists(one) | st.dictionaries(st.text(), one),
)
FIELDS = (
    "prompt",
    "completion",
    "completions",
    "reward",
    "rewards",
    "label",
    "chosen",
    "rejected",
    "statuses",
    "source_ids",
)


@st.composite
def groups(draw):
    """Draw a group of accepted and rejected members, no two of the same text."""
    completions = tuple(draw(st.lists(TEXT, min_size=2, max_size=5, unique=True)))
    finite = st.floats(allow_nan=False, allow_infinity=False)
    rewards = tuple(draw(st.lists(finite, min_size=len(completions), max_size=len(completions))))
    return Group(
        problem_id=draw(TEXT), prompt=draw(TEXT), completions=completions, rewards=rewards,
        statuses=tuple("Accepted" if reward > 0 else "Runtime Error" for reward in rewards),
        source_ids=tuple(f"s{place}" for place in range(len(rewards))),
    )  # fmt: skip


def found_in(row):
    """Return the members of a row by their texts, and what drops others."""
    read = read_rewarded_row(json.loads(json.dumps(row)), "file/0")
    return read if isinstance(read, Rule) else {member.completion: member for member in read.members}


@given(groups())
def test_rewards_come_back_as_they_went(group):
    """Every field of a group, in its order."""
    (row,) = FORMATS["rewards"](group)

    read = read_rewarded_row(json.loads(json.dumps(row)), "file/0")

    assert (read.problem_id, read.prompt) == (group.problem_id, group.prompt)
    assert tuple(member.completion for member in read.members) == group.completions
    assert tuple(member.reward for member in read.members) == group.rewards
    assert tuple(str(member.status) for member in read.members) == group.statuses
    assert tuple(member.source_id for member in read.members) == group.source_ids


@given(groups())
def test_labels_keep_the_rewards(group):
    """A row a completion."""
    found = {}
    for row in FORMATS["unpaired-preference"](group):
        assert row["label"] is (row["reward"] > 0)
        found |= found_in(row)

    assert {text: one.reward for text, one in found.items()} == dict(zip(group.completions, group.rewards, strict=True))


@given(groups())
def test_pairs_keep_who_is_accepted(group):
    """All pairs of an accepted and a rejected completion; in the prompt-completion rows are the accepted alone."""
    accepted = {text for text, reward in zip(group.completions, group.rewards, strict=True) if reward > 0}
    rejected = set(group.completions) - accepted

    pairs = [*FORMATS["preference"](group)]

    assert {(row["chosen"], row["rejected"]) for row in pairs} == {(a, b) for a in accepted for b in rejected}
    assert all({text: one.reward for text, one in found_in(row).items()}
               == {row["chosen"]: 1.0, row["rejected"]: 0.0} for row in pairs)  # fmt: skip
    assert [row["completion"] for row in FORMATS["prompt-completion"](group)] == [
        text for text in group.completions if text in accepted
    ]


@given(st.dictionaries(st.sampled_from(FIELDS), JSON) | JSON)
def test_any_row_is_read_or_dropped_by_a_rule(row):
    """None raises, and what is read is sound."""
    read = read_rewarded_row(row, "file/0")

    members = () if isinstance(read, Rule) else read.members
    for member in members:
        if isinstance(member, Candidate):
            assert member.completion.strip()
            assert abs(member.reward) < float("inf")
            assert (member.status == "Accepted") == (member.reward > 0)
        else:
            assert isinstance(member, Rule)


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ([], Rule.MALFORMED_ROW),
        ({"completion": "a", "reward": 1}, Rule.NO_PROMPT),
        ({"prompt": "", "completion": "a", "reward": 1}, Rule.NO_PROMPT),
        ({"prompt": [{"role": "user", "content": "x"}], "completion": "a", "reward": 1}, Rule.CHAT),
        ({"prompt": "\ud800", "completion": "a", "reward": 1}, Rule.WRONG_ENCODING),
        ({"prompt": "x"}, Rule.MALFORMED_ROW),
        ({"prompt": "x", "completions": ["a"], "rewards": [1, 2]}, Rule.MALFORMED_ROW),
        ({"prompt": "x", "completions": "a", "rewards": [1]}, Rule.MALFORMED_ROW),
        ({"prompt": "x", "completions": [], "rewards": []}, Rule.MALFORMED_ROW),
        ({"prompt": "x", "completion": "a"}, Rule.MALFORMED_ROW),
    ],
)
def test_rows_that_drop_out_as_a_whole(row, rule):
    """The first rule that applies."""
    assert read_rewarded_row(row, "file/0") == rule


@pytest.mark.parametrize(
    ("completion", "reward", "rule"),
    [
        ("a", None, Rule.NO_REWARD),
        ("a", True, Rule.MALFORMED_ROW),
        ("a", "1", Rule.MALFORMED_ROW),
        ("a", float("nan"), Rule.MALFORMED_ROW),
        ("a", float("inf"), Rule.MALFORMED_ROW),
        ("a", 10**400, Rule.MALFORMED_ROW),
        (1, 1.0, Rule.MALFORMED_ROW),
        ([{"role": "assistant", "content": "a"}], 1.0, Rule.CHAT),
        (" \n", 1.0, Rule.EMPTY_SOURCE),
        ("a" * (1 << 20), 1.0, Rule.TOO_LARGE),
        ("\udfff", 1.0, Rule.WRONG_ENCODING),
    ],
)
def test_members_that_drop_out_alone(completion, reward, rule):
    """The others of the row stay."""
    read = read_rewarded_row({"prompt": "x", "completions": [completion, "b"], "rewards": [reward, 0.5]}, "file/0")

    assert read.members[0] == rule
    assert (read.members[1].completion, read.members[1].reward, read.members[1].source_id) == ("b", 0.5, "file/0/1")


def test_rows_of_a_prompt_come_together(tmp_path):
    """From several files, wherever they are; a row without a prompt is counted."""
    first, second = tmp_path / "first.jsonl", tmp_path / "second.json"
    first.write_text(
        '{"prompt": "x", "completion": "a", "reward": 1}\n{"prompt": "y", "completion": "a", "reward": 1}\n[]\n'
    )
    second.write_text('[{"prompt": "x", "completion": "b", "label": false}]')
    counts = Counts()

    places = read_row_places((first, second), counts)

    assert [[(one.file, one.number) for one in of_prompt] for of_prompt in places] == [[(0, 0), (1, 0)], [(0, 1)]]
    assert sum(counts.values()) == 1


def members(folder):
    """Return prompt, completion and reward of all members of groups."""
    return {
        (group.prompt, completion, reward)
        for group in read_groups(folder)
        for completion, reward in zip(group.completions, group.rewards, strict=True)
    }


@pytest.mark.parametrize("kind", ["rewards", "unpaired-preference", "preference"])
def test_groups_go_out_and_come_in(make_groups, tmp_path, kind):
    """The same members; pairs have no rewards, so theirs are 1 and 0."""
    groups, out = make_groups(3), tmp_path / "rows.jsonl"

    assert run(["export-groups", str(groups), "--format", kind, "--out", str(out)]) == 0
    assert run(["compile", "rows", str(out), "--workers", "1", "--out", str(tmp_path / "again")]) == 0

    expected = members(groups)
    if kind == "preference":
        expected = {(prompt, text, float(reward > 0)) for prompt, text, reward in expected}
    assert members(tmp_path / "again") == expected
    card = json.loads((tmp_path / "again" / "card.json").read_text())
    assert sum(card["fates"].values()) == card["rows"]
    assert "those of the rows" in (tmp_path / "again" / "card.md").read_text()


def test_rows_are_a_data_set(make_groups, tmp_path):
    """Read by the library that TRL reads them with, with the columns of its kinds of data sets."""
    datasets = pytest.importorskip("datasets", reason="needs datasets, of the extra train")
    groups = make_groups(2)
    columns = {
        "prompt-completion": {"prompt", "completion"},
        "preference": {"prompt", "chosen", "rejected"},
        "unpaired-preference": {"prompt", "completion", "label", "reward"},
        "rewards": {"prompt", "completions", "rewards", "problem_id", "statuses", "source_ids"},
    }
    for kind, expected in columns.items():
        out = tmp_path / f"{kind}.jsonl"
        assert run(["export-groups", str(groups), "--format", kind, "--out", str(out)]) == 0
        read = datasets.load_dataset("json", data_files=str(out), split="train", cache_dir=str(tmp_path / "cache"))
        assert set(read.column_names) == expected


def test_rows_have_rewards_of_their_own(tmp_path, capsys):
    """A table of rewards would be of no use."""
    (tmp_path / "rows.jsonl").write_text('{"prompt": "x", "completion": "a", "reward": 1}\n')

    code = run(
        ["compile", "rows", str(tmp_path / "rows.jsonl"), "--reward-resource-limits", "--out", str(tmp_path / "out")]
    )

    assert code == 2
    assert "rows have rewards of their own" in capsys.readouterr().err


def test_a_mistake_in_a_file_is_told_in_one_line(tmp_path, capsys):
    """With its place."""
    (tmp_path / "rows.jsonl").write_text('{"prompt": "x", "completion": "a", "reward": 1}\n{"prompt"\n')

    assert run(["compile", "rows", str(tmp_path / "rows.jsonl"), "--out", str(tmp_path / "out")]) == 2
    assert "rows.jsonl:2: is not JSON" in capsys.readouterr().err


def test_no_groups_are_no_rows(tmp_path):
    """An empty file."""
    groups = tmp_path / "none"
    groups.mkdir()
    write_groups(groups / GROUPS_FILE, [])

    assert run(["export-groups", str(groups), "--format", "rewards", "--out", str(tmp_path / "rows.jsonl")]) == 0
    assert (tmp_path / "rows.jsonl").read_bytes() == b""


def test_prompts_that_overlap_a_benchmark_are_dropped(tmp_path):
    """As statements of CodeNet are."""
    statement = max((problem.statement for problem in mini.problems(None).values()), key=len)
    row = {"prompt": statement, "completions": ["a = 1", "b = 2"], "rewards": [1, -1]}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    out = tmp_path / "out"

    code = run(
        ["compile", "rows", str(tmp_path / "rows.jsonl"), "--against", "mini", "--workers", "1", "--out", str(out)]
    )

    assert code == 2  # no group is left
    assert json.loads((out / "card.json").read_text())["fates"] == {"statement overlaps a benchmark": 2}
