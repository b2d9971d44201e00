"""Confirmed stops, several baselines, the power of the gate, and samples that the sandbox lost."""

from xml.etree import ElementTree as ET

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli.main import run
from leaderboards.gate import judge, junit, summary
from leaderboards.regression import Demand, detectable_loss, loss_of


def solved(count, of=100):
    """Return the counts of a result that solved the first `count` of `of` problems."""
    return {str(number): (1, int(number < count)) for number in range(of)}


def with_lost(result, lost):
    """Return a result that lost samples of some problems to the sandbox: {task id: how many}."""
    tallies = (msgspec.structs.replace(tally, lost=lost.get(tally.task_id, 0)) for tally in result.tallies)
    counts = result.verdict_counts | {"sandbox_error": sum(lost.values())}
    return msgspec.structs.replace(result, tallies=tuple(tallies), verdict_counts=counts)


def test_a_stop_that_the_second_draw_does_not_confirm_passes(make_result):
    """40 of 100 alone would be stopped; the second draw solves ten more than before, so nothing is lost on average."""
    decision = judge(make_result(solved(50)), make_result(solved(40)), drawn_again=[make_result(solved(60))])

    assert decision.passed
    assert "from 50.00 to 40.00" in decision.checks[-1].message
    assert "with 1 more draws from 50.00 to 50.00" in decision.checks[-1].message


def test_a_stop_that_the_second_draw_confirms_stays(make_result):
    """40 of 100 twice."""
    decision = judge(make_result(solved(50)), make_result(solved(40)), drawn_again=[make_result(solved(40))])

    assert not decision.passed
    assert "generate again" not in decision.checks[-1].message


def test_a_candidate_that_passes_is_not_looked_at_again(make_result):
    """Else a second draw would be a second chance to be stopped."""
    decision = judge(make_result(solved(50)), make_result(solved(50)), drawn_again=[make_result(solved(20))])

    assert decision.passed
    assert "more draws" not in decision.checks[-1].message


def test_several_baselines_count_with_their_mean(make_result):
    """A best run of 60 alone would stop 55; with four of 50 beside it the mean is 52."""
    best, usual, candidate = (make_result(solved(count)) for count in (60, 50, 55))

    assert not judge(best, candidate).passed
    decision = judge(best, candidate, more_baselines=[usual] * 4)
    assert decision.passed
    assert decision.checks[-1].message.startswith("from 52.00 to 55.00")


def test_every_result_is_held_to_the_conditions_of_the_first(make_result):
    """A second baseline of another extraction, or a second draw of other problems."""
    base, other, fewer = (
        make_result(solved(5)),
        make_result(solved(5), extraction="fence"),
        make_result(solved(5, of=9)),
    )

    assert not judge(base, base, more_baselines=[other]).comparable
    assert not judge(base, base, drawn_again=[fewer]).comparable


def test_what_could_be_found_knows_flips_tolerance_and_one_side():
    """10 % of 500 problems flip: loss = 2.486 sqrt((51/502 + loss - loss^2) / 502), above 2 points with those more."""
    changes = [1.0, -1.0] * 25 + [0.0] * 450
    loss = detectable_loss(changes, Demand())

    assert loss == pytest.approx(2.486475 * ((51 / 502 + loss - loss**2) / 502) ** 0.5, abs=1e-6)
    assert detectable_loss(changes, Demand(tolerance=0.02)) == pytest.approx(
        0.02 + 2.486475 * ((51 / 502 + 0.0645 - 0.0645**2) / 502) ** 0.5, abs=2e-4
    )
    assert detectable_loss(changes, Demand(confidence=0.99)) > loss


def test_the_same_samples_twice_promise_no_more_than_a_loss_needs():
    """Where nothing flips a loss of x has x flips of its own: 1.4 points of 500 problems, not 0.5."""
    assert detectable_loss([0.0] * 500, Demand()) == pytest.approx(0.0139, abs=1e-4)


@pytest.mark.parametrize(("n", "churn"), [(1, 0.1), (10, 0.0)])
def test_a_loss_of_what_could_be_found_is_stopped_in_four_of_five(make_result, n, churn):
    """Of 150 candidates with that true loss 80 % are stopped, give or take 11."""
    rng = np.random.default_rng(3)
    chances = rng.beta(0.5, 0.5, size=400) if n > 1 else rng.choice([0.0, 1.0], size=400)
    loss = np.mean([_loss(make_result, rng, chances, n, churn=churn, loss=0.0).found for _ in range(10)])
    stopped = [_loss(make_result, rng, chances, n, churn=churn, loss=loss).stopped for _ in range(150)]

    assert 0.69 <= np.mean(stopped) <= 0.95


def _loss(make_result, rng, chances, n, *, churn, loss):
    """Return what is found where a share of the chances is turned round, and all are lower by a loss."""
    turned = np.where(rng.random(len(chances)) < churn, 1 - chances, chances)
    before, now = (
        make_result({str(number): (n, int(c)) for number, c in enumerate(rng.binomial(n, of))})
        for of in (chances, turned * (1 - loss / turned.mean()))
    )
    return loss_of([before], [now], Demand())


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=50), st.floats(0, 1), st.floats(0.5, 0.999))
def test_what_could_be_found_is_never_less_than_the_tolerance(changes, tolerance, confidence):
    """Nor more than everything, whatever changed."""
    assert tolerance - 1e-9 <= detectable_loss(changes, Demand(1, tolerance, confidence)) <= 1


def test_one_lost_sample_that_cannot_matter_stops_nothing(make_result):
    """50 of 100 before and now: whether it passed or failed, nothing is worse than chance allows."""
    decision = judge(make_result(solved(50)), with_lost(make_result(solved(50)), {"7": 1}))

    assert decision.passed
    assert "the verdict would be the same had all of them passed or failed" in decision.checks[2].message


def test_a_regression_stays_one_in_spite_of_lost_samples(make_result):
    """20 problems lost are a regression, whatever became of the sample."""
    decision = judge(make_result(solved(50)), with_lost(make_result(solved(30)), {"7": 1}))

    assert (decision.passed, decision.decided) == (False, True)


def test_lost_samples_that_may_decide_are_their_own_reason(make_result):
    """Two problems of 100 lost pass; with five half lost, if samples that the sandbox lost failed, they would not."""
    lost = {str(number): 1 for number in range(5)}
    decision = judge(make_result(solved(50)), with_lost(make_result(solved(48)), lost))

    assert (decision.passed, decision.decided) == (False, False)
    assert summary(decision).startswith("## UNDECIDED: ")
    suite = ET.fromstring(junit(decision))  # noqa: S314 - our own
    assert (suite.get("failures"), suite.get("errors")) == ("0", "1")
    assert suite.find("testcase/error").get("type") == "sandbox"


def test_the_command_tells_undecided_from_worse(make_result, write_run, capsys):
    """Exit code 3: it is our fault, and the same score again retries."""
    lost = {str(number): 1 for number in range(5)}
    before = write_run("before", make_result(solved(50)))
    now = write_run("now", with_lost(make_result(solved(48)), lost))

    assert run(["gate", "--baseline", before, "--candidate", now]) == 3
    assert "the same proctor score again retries them" in capsys.readouterr().out


def test_the_command_confirms_a_stop(make_result, write_run, capsys):
    """Exit code 1 alone, 0 where the second draw does not confirm it."""
    names = {count: write_run(str(count), make_result(solved(count))) for count in (50, 40, 60)}
    command = ["gate", "--baseline", names[50], "--candidate", names[40]]

    assert run(command) == 1
    assert "add --confirm" in capsys.readouterr().out
    assert run([*command, "--confirm", names[60]]) == 0


@pytest.mark.parametrize("option", ["--confidence", "--tolerance"])
@pytest.mark.parametrize("number", ["nan", "NaN", "-nan", "inf"])
def test_the_command_refuses_what_is_not_a_number(make_result, write_run, capsys, option, number):
    """Every comparison with it is false, so a gate would pass whatever comes."""
    name = write_run("run", make_result(solved(5)))

    assert run(["gate", "--baseline", name, "--candidate", name, f"{option}={number}"]) == 2
    assert option in capsys.readouterr().err
