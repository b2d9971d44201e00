"""A vote among samples: whether the most common answers are right."""

from collections import Counter, defaultdict
from fractions import Fraction
from itertools import combinations
from math import comb

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.runs.records import Tally, Usage
from harness.scoring.consistency import consistency
from harness.scoring.report import report_markdown
from harness.scoring.score import score
from harness.scoring.votes import majority_at_k
from sandbox import records
from sandbox.records import Verdict

USAGE = defaultdict(lambda: Usage(prompt_tokens=None, tokens=None, finish_counts={}))
GROUPS = st.tuples(st.integers(0, 4), st.lists(st.integers(1, 3), max_size=3), st.integers(0, 3), st.integers(1, 9))


def enumerated(right, others, silent, k):
    """Return the share of all sets of k samples that a right answer wins, one by one."""
    samples = ["right"] * right + [place for place, size in enumerate(others) for _ in range(size)] + [None] * silent
    won = Fraction(0)
    for chosen in combinations(samples, k):
        votes = Counter(answer for answer in chosen if answer is not None)
        winners = [answer for answer, count in votes.items() if count == max(votes.values())]
        won += Fraction("right" in winners, max(1, len(winners)))
    return float(won / comb(len(samples), k))


@pytest.mark.parametrize(
    ("n", "c", "others", "k", "chance"),
    [
        (3, 1, (2,), 3, 0.0),
        (3, 2, (1,), 3, 1.0),
        (2, 1, (1,), 2, 1 / 2),
        (2, 1, (), 2, 1.0),
        (10, 3, (), 3, 1 - 35 / 120),
        (4, 2, (2,), 2, 1 / 2),
        (4, 2, (1, 1), 3, 2 / 3),
        (5, 1, (1, 1, 1, 1), 5, 1 / 5),
        (4, 0, (4,), 2, 0.0),
        (4, 0, (), 2, 0.0),
    ],
)
def test_a_vote_by_hand(n, c, others, k, chance):
    """A tie is shared; who has no answers does not vote, so of 10 with 3 right 3 draw one unless all are silent."""
    assert majority_at_k(n, c, others, k) == pytest.approx(chance, abs=1e-15)


@given(GROUPS)
def test_a_vote_is_the_share_of_all_sets_of_samples(groups):
    """Each set of k counted one by one."""
    right, others, silent, k = groups
    n = right + sum(others) + silent
    k = min(k, n)
    if k:
        assert majority_at_k(n, right, tuple(others), k) == pytest.approx(enumerated(right, others, silent, k))


@given(GROUPS)
def test_a_vote_of_one_is_pass_at_1_and_more_agreement_among_the_wrong_never_helps(groups):
    """Merging two wrong groups makes one that is harder to beat."""
    right, others, silent, k = groups
    n = right + sum(others) + silent
    if n:
        assert majority_at_k(n, right, tuple(others), 1) == pytest.approx(right / n)
    if len(others) > 1 and k <= n:
        merged = (others[0] + others[1], *others[2:])
        assert majority_at_k(n, right, merged, k) <= majority_at_k(n, right, tuple(others), k) + 1e-12


def outcome(verdict, actual=""):
    """Return an outcome of a test."""
    return records.TestOutcome(verdict=verdict, cpu_s=0.1, wall_s=0.1, peak_memory_bytes=1, actual=actual)


@pytest.fixture
def answered(make_evaluation):
    """Return five samples of two tests each: one right, two wrong alike, one wrong otherwise, one that crashed."""
    right, wrong, crashed = Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR
    per_test = [
        (right, [outcome(right), outcome(right)]),
        (wrong, [outcome(right), outcome(wrong, "3")]),
        (wrong, [outcome(right), outcome(wrong, "3")]),
        (wrong, [outcome(wrong, "3"), outcome(right)]),
        (crashed, [outcome(wrong, "3"), outcome(crashed)]),
    ]
    return [
        msgspec.structs.replace(make_evaluation("a", index, verdict), per_test=tuple(outcomes))
        for index, (verdict, outcomes) in enumerate(per_test)
    ]


def exhaustive(run):
    """Return a run that judged all tests."""
    return msgspec.structs.replace(run, conditions=msgspec.structs.replace(run.conditions, exhaustive=True))


@pytest.mark.parametrize("kind", ["stdio", "call"])
def test_an_exhaustive_run_knows_which_wrong_samples_agree(answered, make_run, make_info, kind):
    """Two and one; the one that crashed is in no group. The order of the samples does not matter."""
    run, infos = exhaustive(make_run(k=(1, 2), problems={"a": "1"})), {"a": make_info("a", kind)}

    for evaluations in (answered, answered[::-1]):
        (result,) = score(evaluations, infos, run, USAGE)
        assert (result.tallies[0].n, result.tallies[0].c, result.tallies[0].answers) == (5, 1, (2, 1))


def test_only_known_answers_vote(answered, make_run, make_info):
    """Not where judging stopped at the first failure, nor where an assertion hides what it compared."""
    run = make_run(k=(1, 2), problems={"a": "1"})
    for chosen, kind in ((run, "stdio"), (exhaustive(run), "assert"), (exhaustive(run), "mixed")):
        (result,) = score(answered, {"a": make_info("a", kind)}, chosen, USAGE)

        assert result.tallies[0].answers is None
        assert "maj@k" not in {row.metric for row in consistency(result.tallies, (2,))}


def test_the_report_has_votes_over_the_problems_whose_answers_are_known(answered, make_run, make_info):
    """Pairs of 1 right, 2 alike, 1 other and 1 silent: right wins against silent, and half of three: 2.5 of 10."""
    tallies = (
        Tally(task_id="a", difficulty="", kind="stdio", n=5, c=1, answers=(2, 1)),
        Tally(task_id="b", difficulty="", kind="assert", n=5, c=5),
    )
    (result,) = score(answered, {"a": make_info("a", "stdio")}, make_run(k=(2,), problems={"a": "1"}), USAGE)
    rows = tuple(consistency(tallies, (2,)))

    (vote,) = (row for row in rows if (row.metric, row.kind) == ("maj@k", "all"))
    assert (vote.value, vote.problems) == (0.25, 1)
    text = report_markdown([msgspec.structs.replace(result, consistency=rows)])
    assert "most answer alike, and right (maj@k, 1 problems) | 25.00" in text
