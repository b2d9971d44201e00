"""Evaluations -> results, with the sums done by hand."""

import msgspec
import pytest

from harness.errors import UserError
from harness.intervals import wilson
from harness.records import Run, Tally
from harness.score import refuse_short, score
from sandbox.limits import Limits
from sandbox.verdict import Verdict

RUN = Run(
    samples_sha256="s",
    benchmark="toy",
    splits=("test",),
    problems_sha256="p",
    k=(1, 2),
    limits=Limits(),
    exhaustive=False,
    isolation={"seccomp": "in force"},
    preload=(),
    python="3.11.7",
    proctor="0",
)


@pytest.fixture
def problems(make_problem):
    """Return two easy problems and a hard one."""
    return {
        task_id: make_problem(task_id, difficulty=d) for task_id, d in (("a", "easy"), ("b", "easy"), ("c", "hard"))
    }


@pytest.fixture
def evaluations(make_evaluation):
    """Return two samples a problem: a has 2 right, b has 1, c has none."""
    wrong = Verdict.WRONG_ANSWER
    return [
        make_evaluation("a", 0),
        make_evaluation("a", 1),
        make_evaluation("b", 0, wrong),
        make_evaluation("b", 1),
        make_evaluation("c", 0, Verdict.TIME_LIMIT),
        make_evaluation("c", 1, wrong),
    ]


def test_scores_by_hand(evaluations, problems):
    """pass@1 is (1 + 1/2 + 0) / 3, pass@2 is (1 + 1 + 0) / 3; easy: 3/4 and 1; hard: 0 and 0."""
    (result,) = score(evaluations, problems, RUN)

    assert [(s.difficulty, s.k, s.value, s.problems) for s in result.scores] == [
        ("all", 1, 1 / 2, 3),
        ("easy", 1, 3 / 4, 2),
        ("hard", 1, 0.0, 1),
        ("all", 2, 2 / 3, 3),
        ("easy", 2, 1.0, 2),
        ("hard", 2, 0.0, 1),
    ]
    assert (result.scores[3].low, result.scores[3].high) == pytest.approx(wilson(2 / 3, 3))


def test_tallies_and_verdicts(evaluations, problems):
    """Tasks are tallied in the benchmark's order, and every verdict is counted, those that never came too."""
    (result,) = score(evaluations[::-1], problems, RUN)

    assert result.tallies == (
        Tally(task_id="a", difficulty="easy", n=2, c=2),
        Tally(task_id="b", difficulty="easy", n=2, c=1),
        Tally(task_id="c", difficulty="hard", n=2, c=0),
    )
    assert result.verdict_counts == dict.fromkeys(Verdict, 0) | {
        Verdict.ACCEPTED: 3,
        Verdict.WRONG_ANSWER: 2,
        Verdict.TIME_LIMIT: 1,
    }


def test_order_does_not_matter(evaluations, problems):
    """The same evaluations in another order give the same bytes."""
    assert msgspec.json.encode(score(evaluations, problems, RUN)) == msgspec.json.encode(
        score(evaluations[::-1], problems, RUN)
    )


def test_one_result_a_policy(make_evaluation, problems):
    """Policies are scored apart from each other and sorted."""
    rows = [make_evaluation("a", i, policy=policy) for policy in ("z", "b") for i in (0, 1)]

    assert [result.policy for result in score(rows, problems, RUN)] == ["b", "z"]


def test_sandbox_errors_count_against_nobody(evaluations, make_evaluation, problems):
    """They are left out of n; b then has one sample, all right, and is left out of pass@2 only: (1 + 0) / 2."""
    evaluations[2] = make_evaluation("b", 0, Verdict.SANDBOX_ERROR)

    (result,) = score(evaluations, problems, RUN)

    assert result.tallies[1] == Tally(task_id="b", difficulty="easy", n=1, c=1)
    assert result.verdict_counts[Verdict.SANDBOX_ERROR] == 1
    assert [(s.k, s.value, s.problems) for s in result.scores if s.difficulty == "all"] == [
        (1, 2 / 3, 3),
        (2, 1 / 2, 2),
    ]


def test_nothing_but_sandbox_errors_is_no_score(make_evaluation, problems):
    """An undefined mean is left out, not rounded to a number."""
    rows = [make_evaluation("a", i, Verdict.SANDBOX_ERROR) for i in (0, 1)]

    (result,) = score(rows, problems, RUN)

    assert result.scores == ()


def test_too_few_samples_are_refused(evaluations, problems):
    """A refusal names the task, n and k, for evaluations and for samples that are not judged yet."""
    with pytest.raises(UserError, match=r"task c has n = 1 samples by m, too few for pass@k with k = 2"):
        score(evaluations[:-1], problems, RUN)
    with pytest.raises(UserError, match=r"task a has n = 2 .* k = 10"):
        refuse_short(evaluations, (1, 10))
