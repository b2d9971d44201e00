"""Samples lost to faults of the sandbox: the score is somewhere between two bounds."""

import msgspec
import pytest
from usual_conditions import conditions

from harness.runs.records import Repetition, Result, Score, Tally, Usage
from harness.scoring.lost import is_score, lost_text, score_bounds
from harness.scoring.report import report_markdown
from sandbox.records import Verdict


def result_of(*tallies, ks=(1,), samples=10):
    """Return a result with (n, c, lost) of each problem."""
    made = tuple(
        Tally(task_id=str(place), difficulty="", kind="call", n=n, c=c, lost=lost)
        for place, (n, c, lost) in enumerate(tallies)
    )
    accepted, judged, lost = (sum(getattr(tally, name) for tally in made) for name in ("c", "n", "lost"))
    return Result(
        policy="m", conditions=conditions(samples=samples), cut_off=0, extraction_counts={"whole": judged},
        usage=Usage(prompt_tokens=None, tokens=None, finish_counts={"unknown": judged}),
        repetition=Repetition(problems=0, equal=0), verdict_shares=(), tallies=made,
        verdict_counts=dict.fromkeys(Verdict, 0)
        | {Verdict.ACCEPTED: accepted, Verdict.WRONG_ANSWER: judged - accepted, Verdict.SANDBOX_ERROR: lost},
        scores=tuple(
            Score(difficulty="all", kind="all", k=k, value=0.5, low=0, high=1, problems=len(made)) for k in ks
        ),
    )  # fmt: skip


def test_bounds_are_those_of_all_failed_and_all_passed():
    """4 of 8 with two lost, and 5 of 10: (0.4 + 0.5) / 2 and (0.6 + 0.5) / 2."""
    assert score_bounds(result_of((8, 4, 2), (10, 5, 0)), 1) == pytest.approx((0.45, 0.55))


def test_a_problem_with_too_few_judged_samples_counts_in_the_bounds():
    """pass@10 of 9 unsolved samples is undefined; with the lost one it is 0 or 1."""
    assert score_bounds(result_of((9, 0, 1), (10, 10, 0)), 10) == (0.5, 1.0)


def test_an_older_result_is_taken_to_have_lost_what_is_missing():
    """It counts no lost samples by problem, but there were ten of each."""
    new = result_of((8, 4, 2), (10, 5, 0))
    old = msgspec.structs.replace(new, tallies=tuple(msgspec.structs.replace(tally, lost=0) for tally in new.tallies))

    assert score_bounds(old, 1) == score_bounds(new, 1)


def test_an_older_result_with_other_numbers_of_samples_has_no_bounds():
    """Which problems lost samples can't be told then."""
    new = result_of((8, 4, 2), (3, 1, 0))
    old = msgspec.structs.replace(new, tallies=tuple(msgspec.structs.replace(tally, lost=0) for tally in new.tallies))

    assert score_bounds(old, 1) is None
    assert "if all" not in lost_text(old)


@pytest.mark.parametrize(("lost", "scored"), [(0, True), (1, True), (2, False)])
def test_more_than_one_in_a_thousand_lost_is_no_score(lost, scored):
    """1 of 1,000 is; 2 of 1,000 are not."""
    tallies = [(10, 5, 0)] * 99 + [(10 - lost, 5, lost)]

    assert is_score(result_of(*tallies)) is scored


def test_the_report_prints_bounds_for_each_k_and_what_is_no_score():
    """50 of 1,000 samples, one on each of 50 unsolved problems; the others are always solved."""
    text = report_markdown([result_of(*[(9, 0, 1)] * 50, *[(10, 10, 0)] * 50, ks=(1, 10))])

    assert (
        "**50 of 1000 samples were lost to faults of the sandbox and are not counted; if all of them had failed or "
        "passed: pass@1 50.00 to 55.00, pass@10 50.00 to 100.00; more than 0.1 % are lost, so the numbers are not "
        "scores: judge the samples again**" in text
    )


def test_nothing_lost_is_not_mentioned():
    """The report has no line for it."""
    assert lost_text(result_of((10, 5, 0))) == ""
