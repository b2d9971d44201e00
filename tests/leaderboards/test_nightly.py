"""The test over many nights: its error, its state file and its delays."""

import importlib.util
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli.main import run
from harness.errors import UserError
from leaderboards.nightly import (
    Bets,
    Night,
    NightlyState,
    after,
    evidence,
    needed,
    night_of,
    nights_to_find,
    read_state,
    reference_of,
    write_state,
)

BENCH = Path(__file__).parent.parent / "bench" / "bench_gate.py"
BETS = Bets(reference="r", nights=365, alpha=0.05)


def test_the_first_night_by_hand():
    """100 sets, variance 10, 5 lost: each stakes 1/365 and wins exp(5 x - 10 (e^x - 1 - x)), x = ln(1 + 10 d)."""
    state = after(NightlyState(bets=BETS), Night(lost=5, variance=10, sets=100), "a")

    wins = []
    for effect in (0.01, 0.02, 0.04, 0.08, 0.16):
        x = math.log(1 + 100 * effect / 10)
        wins.append(math.exp(5 * x - 10 * (math.exp(x) - 1 - x)) / 365)
    assert state.wealth == pytest.approx(wins)
    assert evidence(state) == pytest.approx(sum(wins) / 5 + 364 / 365)


def test_nothing_is_won_before_the_first_night():
    """The stake is 1, and 40 times as much is needed: half of 5 % is for the baselines."""
    assert evidence(NightlyState(bets=BETS)) == 1
    assert needed(BETS) == pytest.approx(40)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=20), st.integers(0, 20))
def test_no_bet_gains_on_average_while_nothing_is_lost(problems, solved):
    """One night of a Poisson number of failures, with mean as the baselines allow: the mean of the win is at most 1."""
    mean = float(len(problems) + solved)
    win = 0.0
    for failures in range(int(mean + 40 * math.sqrt(mean) + 40)):
        chance = math.exp(failures * math.log(mean) - mean - math.lgamma(failures + 1))
        state = after(NightlyState(bets=BETS), Night(lost=failures - mean, variance=mean, sets=500), "a")
        win += chance * evidence(state)

    assert win <= 1 + 1e-9


def test_the_same_night_again_counts_once():
    """A job that is started again has no second look."""
    night = Night(lost=5, variance=10, sets=100)
    state = after(NightlyState(bets=BETS), night, "a")

    assert after(state, night, "a") is state
    assert after(state, night, "b").night == 2


def test_after_the_last_night_a_new_state_is_asked_for():
    """The error is stated for so many nights and no more."""
    state = NightlyState(bets=Bets(reference="r", nights=1, alpha=0.05), night=1, last="a")

    with pytest.raises(UserError, match="begin another state file"):
        after(state, Night(lost=0, variance=1, sets=1), "b")


def test_a_repaired_policy_passes_again_soon():
    """A month of heavy losses, then none: evidence is capped, and a few good nights are enough."""
    state = NightlyState(bets=BETS)
    for number in range(30):
        state = after(state, Night(lost=100, variance=60, sets=500), f"bad {number}")
    assert evidence(state) >= needed(BETS)
    for number in range(10):
        state = after(state, Night(lost=-10, variance=60, sets=500), f"good {number}")
    assert evidence(state) < needed(BETS)


def test_no_luck_of_the_baseline_counts_as_a_loss():
    """The least score that 5 samples each of 100 problems allow is compared, not the one that they had."""
    reference = reference_of([(5, 3)] * 100, 1, 0.05)

    assert reference.score == pytest.approx(0.6)
    assert 0.54 < reference.least < 0.57
    assert reference.variance == pytest.approx(
        0.6 * 0.4 * 5 / 4 / 100
    )  # of one sample a problem: c (n - c) / (n (n - 1))


def test_a_night_by_hand():
    """55 of 100 problems: 100 (least - 1 point - 0.55) are lost; the variance is 30 and what the least score adds."""
    reference = reference_of([(5, 3)] * 100, 1, 0.05)
    night = night_of(reference, [(1, 1)] * 55 + [(1, 0)] * 45, 1, 0.01)

    assert night.lost == pytest.approx(100 * (reference.least - 0.56))
    assert night.variance == pytest.approx(30 + 100 * (0.6 - reference.least))
    assert night.sets == 100


def test_one_sample_of_the_baseline_does_not_tell_how_it_varies():
    """Then there is no reference."""
    assert reference_of([(1, 1), (5, 3)], 1, 0.05) is None


def test_a_loss_below_what_the_baselines_can_tell_is_never_found():
    """And a large one in a night."""
    reference = reference_of([(5, 3)] * 100, 1, 0.05)
    night = night_of(reference, [(1, 1)] * 60 + [(1, 0)] * 40, 1, 0.0)

    assert nights_to_find(reference, night, BETS, 0.04) == math.inf
    assert 1 <= nights_to_find(reference, night, BETS, 0.5) < 3


def test_the_state_goes_through_its_file(tmp_path):
    """Equal states, and a first one where there is no file."""
    state = after(NightlyState(bets=BETS), Night(lost=5, variance=10, sets=100), "a")
    write_state(tmp_path / "state.json", state)

    assert read_state(tmp_path / "state.json", BETS) == state
    assert read_state(tmp_path / "none.json", BETS) == NightlyState(bets=BETS)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"wealth": [1.0]}, "not a state file"), ({"wealth": [-1.0, 0, 0, 0, 0]}, "not a state file"),
        ({"night": 366}, "not a state file"), ({"schema": 2}, "not a state file"),
        ({"bets": {"reference": "other", "nights": 365, "alpha": 0.05}}, "is of other baselines"),
    ],
)  # fmt: skip
def test_another_state_is_refused(tmp_path, changes, reason):
    """A test that changes on its way has no stated error."""
    state = {"schema": 1, "bets": {"reference": "r", "nights": 365, "alpha": 0.05}, "night": 1, "last": "a"}
    (tmp_path / "state.json").write_text(json.dumps(state | {"wealth": [0, 0, 0, 0, 0]} | changes))

    with pytest.raises(UserError, match=reason):
        read_state(tmp_path / "state.json", BETS)


@given(st.binary(max_size=100))
def test_any_file_is_a_state_or_refused(tmp_path_factory, content):
    """Nothing but a refusal."""
    path = tmp_path_factory.mktemp("any") / "state.json"
    path.write_bytes(content)

    with pytest.raises(UserError):
        read_state(path, BETS)


@pytest.fixture
def nights(make_result, write_run):
    """Return a function that writes a run of 200 problems: so many samples of each, and the accepted ones."""

    def write(name, n, accepted):
        counts = {str(number): (n, accepted(number)) for number in range(200)}
        return write_run(name, make_result(counts, samples=5))

    return write


def test_the_command_gathers_evidence_over_nights(nights, tmp_path, capsys):
    """Half of the problems are solved before; some nights of 30 points less are stopped, and equal ones are not."""
    base = nights("base", 5, lambda number: 5 * (number % 2))
    state = tmp_path / "state.json"
    command = ["gate", "--baseline", base, "--state", str(state)]

    same = nights("same", 5, lambda number: 5 * (number % 2))
    assert run([*command, "--candidate", same]) == 0
    assert "night 1 of 365" in capsys.readouterr().out
    assert run([*command, "--candidate", same]) == 0  # the same night again
    assert json.loads(state.read_text())["night"] == 1
    worse = nights("worse", 5, lambda number: (4 if number % 5 else 0) * (number % 2))
    assert run([*command, "--candidate", worse]) == 1
    assert "evidence of a loss" in capsys.readouterr().out
    assert json.loads(state.read_text())["night"] == 2


def test_the_command_wants_more_than_one_sample_of_the_baseline(nights, tmp_path, capsys):
    """And writes no state then."""
    single = nights("single", 1, lambda number: number % 2)

    code = run(["gate", "--baseline", single, "--candidate", single, "--state", str(tmp_path / "state.json")])

    assert code == 2
    assert "two results or more as --baseline" in capsys.readouterr().err
    assert not (tmp_path / "state.json").exists()


def test_the_command_refuses_the_state_of_another_test(nights, tmp_path, capsys):
    """Another tolerance is another test."""
    base = nights("base", 5, lambda number: number % 6)
    command = ["gate", "--baseline", base, "--candidate", base, "--state", str(tmp_path / "state.json")]
    assert run(command) == 0

    assert run([*command, "--tolerance", "1"]) == 2
    assert "is of other baselines, or of another --k, --tolerance" in capsys.readouterr().err


@pytest.fixture(scope="module")
def bench():
    """Import the benchmark."""
    spec = importlib.util.spec_from_file_location("bench_gate", BENCH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_years_without_a_loss_have_few_alarms_and_losses_are_found(bench):
    """Of 40 years of 150 nights at most 5 have an alarm; 8 points are found in 10 nights in 9 of 10."""
    found = bench.years(bench.Nightly(5, 1), worlds=40, nights=150)

    assert found.alarms <= 5 / 40
    assert sum(delay <= 10 for delay in found.delays[2]) >= 0.9 * len(found.delays[2])
