"""Rewards: the paper's table, tables of the user's own, extra terms."""

import pytest

from harness.errors import UserError
from sandbox.records import Verdict
from trainers.compile.pipeline import Candidate
from trainers.compile.rewards import (
    JUDGE_SIDE,
    OF_VERDICT,
    PAPER,
    RewardTable,
    RewardTerms,
    Status,
    read_table,
    reward_of,
    usual,
    with_resource_limits,
)


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a table from a text."""

    def read_text(text):
        path = tmp_path / "rewards.toml"
        path.write_text(text)
        return read_table(path)

    return read_text


def program(cpu_time_ms=None, memory_kb=None, code_size_bytes=None):
    """Return an accepted program with these measures."""
    return Candidate(
        source_id="s000000001",
        completion="",
        status=Status.ACCEPTED,
        cpu_time_ms=cpu_time_ms,
        memory_kb=memory_kb,
        code_size_bytes=code_size_bytes,
    )


def test_the_papers_table():
    """Row 11 of the protocol, by the names that CodeNet's metadata use."""
    assert {str(status): reward for status, reward in PAPER.rewards.items()} == {
        "Accepted": 1.0,
        "Wrong Answer": -0.1,
        "WA: Presentation Error": -0.1,
        "Time Limit Exceeded": -0.5,
        "Runtime Error": -0.6,
        "Compile Error": -1.0,
    }
    assert list(PAPER.reasons_against()) == []


def test_resource_limits_on_demand():
    """-0.6 for memory and output limit, and nothing else changes."""
    added = with_resource_limits(PAPER).rewards.items() - PAPER.rewards.items()

    assert added == {(Status.MEMORY_LIMIT, -0.6), (Status.OUTPUT_LIMIT, -0.6)}


def test_every_verdict_has_a_status():
    """A fault of ours is judge-side, so it never teaches anything."""
    assert set(OF_VERDICT) == set(Verdict)
    assert {verdict for verdict, status in OF_VERDICT.items() if status in JUDGE_SIDE} == {Verdict.SANDBOX_ERROR}


def test_a_table_of_ones_own_stands_alone(read):
    """What it does not name has no reward."""
    table = read('[rewards]\nAccepted = 2\n"Wrong Answer" = 0\n[terms]\ncpu_time = 0.5\n')

    assert table == RewardTable(
        rewards={Status.ACCEPTED: 2.0, Status.WRONG_ANSWER: 0.0}, terms=RewardTerms(cpu_time=0.5)
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("rewards = 1", "Expected `object`"),
        ("[rewards", "see `\\[rewards\\]`"),
        ("[rewards]\nPerfect = 1", "Invalid enum value 'Perfect'"),
        ('[rewards]\n"Wrong Answer" = -1', "Accepted must have a reward above 0"),
        ("[rewards]\nAccepted = 1", "at least one other status"),
        ('[rewards]\nAccepted = 1\n"Wrong Answer" = 0.5', "Wrong Answer must have a reward of at most 0"),
        ('[rewards]\nAccepted = 1\n"Internal Error" = -1', "Internal Error says nothing of the program"),
        ('[rewards]\nAccepted = inf\n"Wrong Answer" = -1', "finite"),
        (
            '[rewards]\nAccepted = 1\n"Wrong Answer" = -1\n[terms]\ncpu_time = 0.6\nmemory = -0.4',
            "less than the reward",
        ),
        ('[rewards]\nAccepted = 1\n"Wrong Answer" = -1\n[terms]\nbeauty = 1', "unknown field `beauty`"),
    ],
)
def test_senseless_tables_are_refused(read, text, complaint):
    """One line says what is wrong with the file."""
    with pytest.raises(UserError, match=complaint):
        read(text)


def test_a_missing_table_is_told(tmp_path):
    """The path is in the message."""
    with pytest.raises(UserError, match=r"none\.toml"):
        read_table(tmp_path / "none.toml")


def test_terms_by_hand():
    """Medians 100 ms and 2000 KB: 50 ms gain half of 0.2; 3000 KB lose half of 0.1; an unknown size gives nothing."""
    table = RewardTable(rewards=PAPER.rewards, terms=RewardTerms(cpu_time=0.2, memory=0.1, code_size=0.3))
    accepted = [program(50, 3000), program(100, 2000), program(400, 1000)]
    medians = usual(accepted)

    assert medians == {"cpu_time": 100, "memory": 2000}
    assert reward_of(Status.ACCEPTED, accepted[0], table, medians) == pytest.approx(1 + 0.1 - 0.05)
    assert reward_of(Status.ACCEPTED, accepted[2], table, medians) == pytest.approx(1 - 0.2 + 0.05)


def test_rejected_programs_get_no_terms():
    """Their measures are often invalid, and a fast wrong answer is not better."""
    table = RewardTable(rewards=PAPER.rewards, terms=RewardTerms(cpu_time=0.9))

    assert reward_of(Status.WRONG_ANSWER, program(1), table, {"cpu_time": 100.0}) == -0.1
