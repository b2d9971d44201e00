"""Intervals against hand-computed numbers, scipy, an independent bootstrap, and their promised coverage."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from harness.runs.records import Tally
from harness.scoring.intervals import interval_over, mean_interval, redrawn_interval
from harness.scoring.passk import pass_at_k
from harness.scoring.proportions import proportion_interval

PART = 0.62
"""Of the number observed, in either tail."""


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_bound_is_where_a_tail_has_its_chance(case):
    """P(more) + 0.62 P(as many) is 2.5 % at the lower bound, and so is the other tail at the upper one."""
    solved, of = case
    low, high = proportion_interval(solved, of)
    tails = (
        stats.binom.sf(solved, of, low) + PART * stats.binom.pmf(solved, of, low) if solved else 0.025,
        stats.binom.cdf(solved - 1, of, high) + PART * stats.binom.pmf(solved, of, high) if solved < of else 0.025,
    )

    assert tails == pytest.approx((0.025, 0.025), abs=1e-7)
    assert 0 <= low <= solved / of <= high <= 1


def test_none_and_all_of_a_hundred():
    """0.62 (1 - p)^100 is 2.5 % where p is 1 - (0.025 / 0.62)^(1/100)."""
    bound = 1 - (0.025 / PART) ** (1 / 100)

    assert proportion_interval(0, 100) == pytest.approx((0, bound))
    assert proportion_interval(100, 100) == pytest.approx((1 - bound, 1))


@given(st.floats(0, 1), st.floats(0.5, 1e6))
def test_any_proportion_of_any_number_has_bounds_around_it(share, trials):
    """Numbers of trials need not be whole, and may be large."""
    low, high = proportion_interval(share * trials, trials)

    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1


def test_one_sample_a_problem_gives_the_interval_of_a_proportion():
    """30 of 40 problems solved: p (1 - p) / var(mean) is 40."""
    assert mean_interval([1.0] * 30 + [0.0] * 10, 40) == pytest.approx(proportion_interval(30, 40))


def test_shares_give_a_narrower_interval():
    """0.4 and 0.6 in turn, 500 problems: squares 5, p (1 - p) 500 = 125; each has 0.35 more; t for z takes 0.3 %."""
    ratio = (5 + 0.35) / (125 + 0.35)
    known = (stats.norm.ppf(0.975) / stats.t.ppf(0.975, 499)) ** 2
    n_eff = 500 * (1 + (1 / ratio - 1) * known)

    assert mean_interval([0.4, 0.6] * 250, 50_000) == pytest.approx(proportion_interval(n_eff / 2, n_eff))


def test_alike_values_are_no_more_than_their_trials():
    """The same values from 10 samples each: 5000 trials can't be as certain as 11,700."""
    assert mean_interval([0.4, 0.6] * 250, 5000) == pytest.approx(proportion_interval(2500, 5000))


def test_one_problem_is_one_trial():
    """However many samples it has: another problem could be anything."""
    assert mean_interval([0.5], 100) == proportion_interval(0.5, 1)


def test_the_first_accepted_sample_is_no_jump():
    """Of 572 problems with 10 samples, none accepted leaves up to 0.56 %; one, two, three leave hardly less or more."""
    uppers = [mean_interval([0.1] * solved + [0.0] * (572 - solved), 5720).high for solved in range(4)]

    assert uppers[0] == pytest.approx(1 - (0.025 / PART) ** (1 / 572))
    assert all(0.8 < after / before < 1.25 for before, after in pairwise(uppers))


@given(st.integers(2, 200), st.data())
def test_no_single_sample_moves_a_bound_by_much_more_than_a_problem(problems, data):
    """Whatever the counts: one more accepted sample of ten moves neither bound by more than two problems' shares."""
    counts = data.draw(st.lists(st.integers(0, 9), min_size=problems, max_size=problems))
    before = mean_interval([c / 10 for c in counts], 10 * problems)
    counts[0] += 1
    after = mean_interval([c / 10 for c in counts], 10 * problems)

    assert np.abs(np.subtract(before, after)).max() < 2 / problems


def test_more_confidence_is_wider():
    """A 99 % interval holds the 95 % one."""
    values = [1.0, 0.0, 0.5, 1.0]
    usual, wide = mean_interval(values, 8), mean_interval(values, 8, confidence=0.99)

    assert wide.low < usual.low < usual.high < wide.high


@pytest.mark.parametrize(("values", "trials"), [([], 0), ([], 5), ([1.0, 0.0], 1)])
def test_what_makes_no_sense_is_refused(values, trials):
    """There is no interval for nothing, and every value took a trial."""
    with pytest.raises(ValueError, match=f"not {len(values)} and {trials}"):
        mean_interval(values, trials)


@pytest.mark.parametrize("k", [1, 10])
def test_agrees_with_a_bootstrap_over_problems(k):
    """With 500 problems, far from 0 and 1, the percentiles of 10,000 draws of problems are the same to 0.5 points."""
    rng = np.random.default_rng(7)
    solved = rng.binomial(10, rng.beta(0.5, 1.5, size=500))
    values = np.array([pass_at_k(10, int(c), k) for c in solved])

    drawn = values[rng.integers(500, size=(10_000, 500))].mean(axis=1)

    assert mean_interval(values.tolist(), 5000 // k) == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=0.005)


def test_problems_of_a_family_that_fall_together_count_as_one():
    """20 families of 5 equal problems, half of them solved: hardly more is known than of 20 problems."""
    values = ([1.0] * 5 + [0.0] * 5) * 10
    families = [number // 5 for number in range(100)]

    alone, together = mean_interval(values, 100), mean_interval(values, 100, families=families)
    twenty = mean_interval([1.0, 0.0] * 10, 20)

    assert alone == pytest.approx(proportion_interval(50, 100))
    assert together.high - together.low == pytest.approx(twenty.high - twenty.low, rel=0.1)


def test_families_that_differ_within_only_change_nothing():
    """Each family has one problem solved and one not, so families are all alike: the problems' own variance stays."""
    values, families = [1.0, 0.0] * 50, [number // 2 for number in range(100)]

    assert mean_interval(values, 100, families=families) == mean_interval(values, 100)


def test_one_family_says_no_more_than_one_problem():
    """Another family could be anything."""
    assert mean_interval([0.5, 0.5, 1.0, 0.0], 40, families=["a"] * 4) == proportion_interval(0.5, 1)


def test_tallies_without_families_are_families_of_their_own():
    """A benchmark without families is treated as if there were no such thing."""
    alone = [Tally(task_id=str(number), difficulty="", kind="call", n=1, c=number % 2) for number in range(10)]

    assert interval_over(alone, [0.0, 1.0] * 5, 1) == mean_interval([0.0, 1.0] * 5, 10)


def test_the_tries_of_an_interval_are_whole_sets_of_k():
    """Two tries from five samples are had twice, so 100 problems hold 200, not 250, however alike their values are."""
    tallies = [Tally(task_id=str(number), difficulty="", kind="call", n=5, c=3) for number in range(100)]

    assert interval_over(tallies, [0.7, 0.9] * 50, 2) == pytest.approx(proportion_interval(160, 200))


def test_drawn_again_counts_the_samples_own_variance_only():
    """50 problems, 5 of 10 accepted each: the unbiased variance of the 500 is 50 * 10 * 5 * 5 / (10 * 9) = 138.9.

    Half of 500 has a variance of 125: n_eff can't be less than the 500 samples.
    """
    assert redrawn_interval([(10, 5)] * 50, 1, 0.5) == pytest.approx(proportion_interval(250, 500))


def test_problems_solved_always_or_never_vary_hardly_when_drawn_again():
    """25 problems with 10 of 10 and 25 with none: variance 0, one set assumed of 126: n_eff is 500 * 126."""
    assert redrawn_interval([(10, 10), (10, 0)] * 25, 1, 0.5) == pytest.approx(proportion_interval(31_500, 63_000))


def test_one_sample_of_a_problem_does_not_tell_how_it_varies():
    """So there is no such interval."""
    assert redrawn_interval([(10, 5), (1, 1)], 1, 0.75) is None


@pytest.mark.slow
@pytest.mark.parametrize(("a", "b"), [(2.0, 2.0), (0.3, 3.0), (4.0, 1.0)])
@pytest.mark.parametrize("k", [1, 10])
def test_coverage_is_what_it_says(a, b, k):
    """With 200 problems, n = 10, the truths lie in at least 94 % of 1000 intervals of either kind, give or take 1.7."""
    rng = np.random.default_rng(20240607)
    truth = 1 - math.prod((b + i) / (a + b + i) for i in range(k))
    held = np.zeros(2)
    for _ in range(1000):
        chances = rng.beta(a, b, size=200)
        accepted = rng.binomial(10, chances).tolist()
        values = [pass_at_k(10, c, k) for c in accepted]
        other = mean_interval(values, 2000 // k)
        again = redrawn_interval([(10, c) for c in accepted], k, sum(values) / 200)
        held += other.low <= truth <= other.high, again.low <= (1 - (1 - chances) ** k).mean() <= again.high

    assert np.all((held >= 923) & (held <= 994))
