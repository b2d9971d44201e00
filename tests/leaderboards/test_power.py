"""What a question needs: by hand, by simulation, and from the command line."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli.main import run
from harness.errors import UserError
from leaderboards.power import Noise, detectable_with, noise_of_pilot, noise_of_score, noise_of_sides, problems_needed
from leaderboards.results import Found, Side
from leaderboards.seeds import seed_difference


def test_two_checkpoints_by_hand():
    """(1.959964 + 0.841621)^2 (0.05 + 2 * 0.1 / 10) / 0.02^2 = 1373.5 problems; with 1374 two points are found."""
    noise = Noise(problem=0.05, sample=0.1, seed=None)

    assert problems_needed(noise, 0.02, samples=10, seeds=1) == 1374
    assert detectable_with(noise, 1374, samples=10, seeds=1) == pytest.approx(0.02, rel=1e-3)


def test_methods_need_seeds_whatever_the_problems():
    """Three seeds with sd 2 points: the error is 2 sqrt(2/3) = 1.63, times 2.776 + 0.941 = 6.07 points at least."""
    noise = Noise(problem=0.05, sample=0.1, seed=0.02**2)

    assert problems_needed(noise, 0.06, samples=10, seeds=3) is None
    assert detectable_with(noise, 10**9, samples=10, seeds=3) == pytest.approx(0.0607, abs=1e-4)
    assert problems_needed(noise, 0.06, samples=10, seeds=10) < 1000


def test_a_score_alone_is_taken_as_a_beta_distribution():
    """Of 40 %: 0.24 in all, half of it between problems, half within; two policies share 0.9 of the first."""
    noise = noise_of_score(0.4, 0.9, 0.01)

    assert (noise.sample, noise.problem, noise.seed) == pytest.approx((0.12, 0.024, 0.0001))


def test_a_pilot_is_split_into_problems_and_samples(make_result):
    """0/4 and 4/4 have no variance within, 1/2 between; 2/4 each has 1/3 within and none between."""
    apart = noise_of_pilot(make_result({"1": (4, 0), "2": (4, 4)}), 0.5, None)
    within = noise_of_pilot(make_result({"1": (4, 2), "2": (4, 2)}), 0.5, None)

    assert (apart.sample, apart.problem, apart.seed) == pytest.approx((0, 0.5, None))
    assert (within.sample, within.problem) == pytest.approx((1 / 3, 0))


def test_two_pilots_measure_how_differently_they_do(make_result):
    """Always the one or always the other: differences +-1 have variance 4/3, and samples none."""
    a, b = (
        make_result({str(i): (4, 4 * (i % 2)) for i in range(4)}),
        make_result({str(i): (4, 4 - 4 * (i % 2)) for i in range(4)}),
    )
    sides = [Side("m", (Found("", result),)) for result in (a, b)]

    noise = noise_of_sides(*sides, None)

    assert (noise.problem, noise.sample, noise.seed) == pytest.approx((4 / 3, 0, None))


def test_too_small_a_pilot_is_refused(make_result):
    """One problem has no spread."""
    with pytest.raises(UserError, match="has fewer than two problems with samples"):
        noise_of_pilot(make_result({"1": (4, 2)}), 0.9, None)


@given(st.floats(0, 0.5), st.floats(0, 0.25), st.floats(0, 0.05), st.integers(1, 50), st.sampled_from([1, 3, 5, 10]))
def test_more_of_anything_never_needs_more_problems(problem, sample, seed_sd, samples, seeds):
    """But for 2 %: with fewer degrees of freedom a t-test needs a little more."""
    noise = Noise(problem=problem, sample=sample, seed=seed_sd**2)
    found = detectable_with(noise, 500, samples, seeds)

    assert detectable_with(noise, 1000, samples, seeds) <= found * 1.02
    assert detectable_with(noise, 500, samples + 1, seeds) <= found * 1.02
    assert seeds == 1 or detectable_with(noise, 500, samples, seeds + 1) <= found * 1.02


@pytest.mark.slow
def test_the_plan_is_kept():
    """Of 600 worlds with the numbers that the plan asks for, 75-85 % find the difference."""
    rng = np.random.default_rng(7)
    noise = Noise(problem=0.02, sample=0.1, seed=0.01**2)
    problems = problems_needed(noise, 0.04, samples=10, seeds=5)
    found = 0
    for _ in range(600):
        tastes = rng.normal(0, 0.02**0.5, size=problems)
        a, b = (
            shift + rng.normal(0, 0.01, size=(5, 1)) + rng.normal(0, 0.1, size=(5, problems)) for shift in (0, 0.04)
        )
        found += seed_difference(a, b + tastes).p < 0.05

    assert 0.75 <= found / 600 <= 0.85


def test_the_command_answers_from_a_score(capsys):
    """A row for each number of samples and seeds, and what a method needs beyond."""
    assert run(["power", "--difference", "2", "--score", "40", "--problems", "500"]) == 0
    out = capsys.readouterr().out

    assert out.startswith("To find a difference of 2 points of pass@1 in 80 % of cases,\nat 5 %, two-sided, paired")
    assert out.count("two checkpoints") == 2
    assert "A question about methods needs the last: --seed-sd POINTS" in out


def test_the_command_answers_from_seeds_in_json(make_result, write_run, capsys):
    """Six runs of two methods: rows about methods, too."""
    runs = [
        f"{method}={write_run(f'{method}-{count}', make_result({str(i): (4, int(i < count)) for i in range(100)}))}"
        for method, counts in {"base": (48, 50, 52), "sft": (58, 60, 62)}.items()
        for count in counts
    ]

    assert run(["power", *runs, "--difference", "5", "--n", "4", "--seeds", "3,5", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)

    assert [(row["samples"], row["seeds"], row["on_seeds"]) for row in rows] == [(4, 3, True), (4, 5, True)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give results to measure how much they vary, or --score"),
        (["--score", "40", "--seeds", "2"], "give 1, for two checkpoints, or 3 and more, for methods"),
        (["--score", "40", "--seeds", "3"], "seeds a side need --seed-sd POINTS"),
        (["--score", "40", "--n", "x"], "is not a list of numbers"),
        (["--score", "nan"], "nan"),
    ],
)
def test_what_is_no_question_is_refused(capsys, arguments, message):
    """In one line."""
    assert run(["power", "--difference", "2", *arguments]) == 2
    assert message in capsys.readouterr().err
