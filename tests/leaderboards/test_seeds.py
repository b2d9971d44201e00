"""Methods by their seeds: the test by hand and by scipy, and where the variance comes from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.runs.records import Tally
from harness.scoring.intervals import mean_interval
from leaderboards.seeds import (
    sampling_of,
    seed_difference,
    seed_interval,
    values_of,
    variance_split,
)


def rows(*seeds):
    """Return the tallies of seeds: a tuple of (n, c) each."""
    return [
        [Tally(task_id=str(place), difficulty="", kind="call", n=n, c=c) for place, (n, c) in enumerate(seed)]
        for seed in seeds
    ]


def alike(scores, problems=50):
    """Return values of seeds that have the same score on every problem."""
    return np.array([[score] * problems for score in scores])


def test_the_test_on_seeds_by_hand():
    """0.1, 0.2, 0.3 against 0.4, 0.5, 0.6: 0.3 with variance 0.01/3 + 0.01/3; t = 3.674 with 4 degrees, p = 0.0213."""
    found = seed_difference(alike([0.1, 0.2, 0.3]), alike([0.4, 0.5, 0.6]))

    assert (found.value, found.standard_error, found.df) == pytest.approx((0.3, (0.02 / 3) ** 0.5, 4))
    assert found.p == pytest.approx(0.0213, abs=1e-4)
    assert (found.low, found.high) == pytest.approx((0.3 - 2.776445 * 0.081650, 0.3 + 2.776445 * 0.081650), abs=1e-5)


@given(st.lists(st.integers(0, 500), min_size=3, max_size=3, unique=True), st.integers(1, 500))
def test_with_equal_variances_and_no_differences_between_problems_it_is_welch_s(numbers, shift):
    """As scipy has it."""
    a, b = [number / 1000 for number in numbers], [(number + shift) / 1000 for number in numbers]

    found = seed_difference(alike(a, 2000), alike(b, 2000))

    assert found.p == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue, rel=1e-3, abs=1e-9)


def test_one_seed_that_is_worse_is_no_worse_method():
    """Two of three seeds equal the base, one lost 12 points: p is far from 5 %, though the checkpoint is worse."""
    found = seed_difference(alike([0.5, 0.5001, 0.4999], 500), alike([0.5, 0.5, 0.38], 500))

    assert found.p > 0.3


def test_equal_scores_do_not_make_a_difference_certain():
    """Three seeds of 2 of 4, three of 3 of 4: one problem of four says little, though no seed differs."""
    a, b = (np.array([[1.0, 1.0, third, 0.0]] * 3) for third in (0.0, 1.0))

    assert seed_difference(a, b).p > 0.05


def test_no_difference_at_all_is_p_1():
    """The same numbers on both sides."""
    values = alike([0.5, 0.5, 0.5])

    assert (seed_difference(values, values).p, seed_difference(values, values).value) == (1.0, 0.0)


def test_the_variance_of_samples_is_that_of_a_proportion():
    """It is p (1 - p) / (n - 1): of 2 in 4 it is 1/12, of 4 in 4 nothing."""
    assert sampling_of(rows([(4, 2), (4, 4)]), 1) == pytest.approx((1 / 12 + 0) / 2)


def test_the_variance_of_pass_at_2_is_that_of_pairs():
    """2 of 4: one of 6 pairs fails, and not all 4 do: (1/6)^2 - 0."""
    assert sampling_of(rows([(4, 2)]), 2) == pytest.approx(1 / 36)


def test_as_many_samples_as_tries_tell_something_where_chances_do():
    """Half of the problems with 2 of 4, half with 1 of 4: for k = 4 all are 1, and might have been 0."""
    assert 0 < sampling_of(rows([(4, 2), (4, 1)] * 50), 4) < 0.25


def test_one_sample_tells_nothing_of_its_variance():
    """A problem that is solved always looks like one that is solved sometimes."""
    assert sampling_of(rows([(1, 0), (1, 1)]), 1) is None


def test_single_checkpoints_have_problems_and_samples():
    """Differences +-1/2 over 4 problems have variance 1/3; 1/12 of samples on both sides are half of that."""
    a, b = rows([(4, 1), (4, 3), (4, 1), (4, 3)]), rows([(4, 3), (4, 1), (4, 3), (4, 1)])

    split = variance_split(values_of(a, 1), values_of(b, 1), sampling_of(a, 1), sampling_of(b, 1))

    sample = 2 * (3 / 16 / 3)
    assert (split.sample, split.problem) == pytest.approx((sample / 4, (1 / 3 - sample) / 4))
    assert split.seed is None
    assert split.standard_error(problems=4) == pytest.approx(split.standard_error() / 2)


def test_seeds_that_are_better_altogether_are_the_seed_s_part():
    """Scores 0.1, 0.2, 0.3 on every problem: all of the variance, 0.01/3 a side, and twice the seeds halve it."""
    split = variance_split(alike([0.1, 0.2, 0.3]), alike([0.3, 0.2, 0.1]), 0.0, 0.0)

    assert (split.seed, split.problem, split.sample) == pytest.approx((0.02 / 3, 0, 0))
    assert split.parts() == pytest.approx({"problem": 0, "sample": 0, "seed": 1})
    assert split.standard_error(seeds=2) == pytest.approx((0.01 / 3) ** 0.5)
    assert split.standard_error(problems=9, samples=9) == pytest.approx((0.02 / 3) ** 0.5)


def test_the_parts_are_found_again():
    """Drawn with 3, 2 and 5 points: the mean over many worlds is what was put in."""
    rng = np.random.default_rng(5)
    problems, seeds, found = 200, 3, []
    for _ in range(300):
        tastes = rng.normal(0, 0.3, size=problems)
        sides = [
            rng.normal(0, 0.02, size=(seeds, 1)) + part * tastes + rng.normal(0, 0.2, size=(seeds, problems))
            for part in (0, 1)
        ]
        split = variance_split(*sides, 0.04, 0.04)
        found.append((split.problem, split.sample, split.seed))

    means = np.mean(found, axis=0)

    assert means[0] == pytest.approx(0.09 / problems, rel=0.1)
    assert means[1] == pytest.approx(2 * 0.04 / seeds / problems, rel=1e-9)
    assert means[2] == pytest.approx(2 * 0.0004 / seeds, rel=0.2)


def test_the_interval_of_one_seed_is_that_of_the_problems():
    """It is about this checkpoint."""
    values = np.array([[1.0, 1.0, 0.0, 0.5]])

    assert seed_interval(values, trials=8) == mean_interval([1.0, 1.0, 0.0, 0.5], 8)


def test_the_interval_of_several_seeds_knows_that_they_differ():
    """Scores 0.4, 0.5, 0.6 on each of 500 problems: no less than +-0.2 around 0.5, with t = 4.3 for two degrees."""
    low, high = seed_interval(alike([0.4, 0.5, 0.6], 500), trials=15_000)

    assert 0.5 - low == pytest.approx(high - 0.5)
    assert 0.2 < high - 0.5 < 4.303 * 0.1 / 3**0.5


def test_the_interval_of_seeds_is_never_narrower_than_that_of_problems():
    """Seeds that agree don't make other problems alike, nor problems of one family."""
    values, families = np.array([[1.0, 1.0, 0.0, 0.0] * 10] * 3), [place // 10 for place in range(40)]

    for known in ((), families):
        alone = mean_interval(values[0].tolist(), 120, families=known)
        low, high = seed_interval(values, 120, families=known)
        assert low <= alone.low < alone.high <= high


@pytest.mark.slow
@pytest.mark.parametrize("seed_sd", [0.0, 0.016])
def test_false_differences_between_methods_are_5_percent(seed_sd):
    """3-7 % of 1,200 worlds with three seeds a side; tests/bench/bench_seeds.py tries more."""
    rng = np.random.default_rng(20240607)
    alarms = 0
    for _ in range(1200):
        chances = rng.beta(0.5, 0.5, size=200)
        sides = [
            rng.binomial(10, np.clip(chances + seed_sd * rng.standard_normal((3, 1)), 0, 1)) / 10 for _ in range(2)
        ]
        alarms += seed_difference(*sides).p < 0.05

    assert 0.03 <= alarms / 1200 <= 0.07
