"""Paired tests against hand-computed numbers, full enumeration, and their promised rates of error."""

import itertools
from fractions import Fraction
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scoring.differences import mean_difference
from harness.scoring.passk import exact_pass_at_k
from leaderboards.paired import detectable, holm, mcnemar, p_value, sign_flip

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("gained", "lost", "p"),
    [
        (5, 5, 1.0),  # twice the tail is more than 1
        (0, 5, 2 / 32),
        (10, 2, 2 * (1 + 12 + 66) / 4096),
    ],
)
def test_mcnemar_by_hand(gained, lost, p):
    """Twice the binomial tail, the same in both directions."""
    assert mcnemar(gained, lost) == mcnemar(lost, gained) == pytest.approx(p, rel=1e-12)


def test_mcnemar_of_thousands():
    """Large counts neither overflow nor vanish: 5000 against 4800 is z = 2.02, p = 0.0439 with continuity."""
    assert mcnemar(5000, 4800) == pytest.approx(0.0444, abs=5e-4)


TENTHS = st.lists(st.integers(-10, 10).map(lambda tenths: Fraction(tenths, 10)), min_size=1, max_size=10)
UNLIKE = st.lists(st.fractions(-1, 1, max_denominator=12), min_size=1, max_size=9)


def enumerated(differences):
    """Return the share of all choices of signs whose sum is as far from 0."""
    observed = abs(sum(differences))
    sums = [abs(sum(signed)) for signed in itertools.product(*((d, -d) for d in differences))]
    return sum(total >= observed for total in sums) / len(sums)


@given(TENTHS | UNLIKE)
def test_sign_flip_is_the_share_of_all_choices_of_signs(differences):
    """Of 2^N, whatever the magnitudes: no draws, so nothing moves with a seed."""
    assert sign_flip(differences) == pytest.approx(enumerated(differences), rel=1e-12)


@given(TENTHS)
def test_sign_flip_treats_both_policies_alike(differences):
    """And the order of the problems does not matter."""
    p = sign_flip(differences)

    assert sign_flip([-difference for difference in differences[::-1]]) == p
    assert sign_flip(list(map(float, differences))) == p


def test_sign_flip_has_no_floor():
    """All hundred of one sign: 2 of 2^100 choices, where 9,999 draws ended at 1/10,000; and it is never 0."""
    assert sign_flip([0.5, 0.25] * 50) == pytest.approx(2 / 2**100)
    assert 0 < sign_flip([0.5, 0.25] * 2000) < 1e-300


def test_sign_flip_does_not_hang_on_rounding():
    """0.1 + 0.2 and 0.3 are the same magnitude in sum, so no sum falls short of the observed one by 1e-17."""
    assert sign_flip([0.1 + 0.2, 0.3, -0.6]) == 1.0


def test_sign_flip_of_hundreds_is_a_normal_one():
    """400 problems, 1/10 to 4/10: a sum of 270 tenths, of a standard deviation of sqrt(100 (1 + 4 + 9 + 16)) = 54.8."""
    tenths = [size for size in (1, 2, 3, 4) for _ in range(100)]
    differences = [Fraction(size if place % 2 else -size, 10) for place, size in enumerate(tenths)]
    differences[0:54:2] = [-difference for difference in differences[0:54:2]]  # 27 of -1 turned: 54
    differences[300:354:2] = [-difference for difference in differences[300:354:2]]  # 27 of -4 turned: 216

    assert sum(differences) == 27
    assert sign_flip(differences) == pytest.approx(2 * NormalDist().cdf(-269 / 3000**0.5), rel=0.25)


PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23)


def test_sign_flip_without_a_common_step_rounds_and_stays_right():
    """Shares of primes have a common step of 1/223,092,870: they are rounded to a coarser one, both signs alike."""
    for signs in ((1,) * 9, (1, -1) * 4 + (1,), (-1, 1, 1) * 3):
        differences = [Fraction(sign, prime) for sign, prime in zip(signs, PRIMES, strict=True)]
        assert sign_flip(differences) == sign_flip([-one for one in differences]) == enumerated(differences)


def test_sign_flip_of_many_primes_is_bounded():
    """Their common step has thousands of digits, which nobody writes out."""
    primes = [p for p in range(2, 3000) if all(p % q for q in range(2, int(p**0.5) + 1))]

    assert 0.5 < sign_flip([Fraction(1 if place % 2 else -1, prime) for place, prime in enumerate(primes)]) <= 1


def test_p_value_of_one_sample_a_problem_is_exact():
    """Two gained, none lost: 2 * 1/4."""
    assert p_value([1.0, 1.0, 0.0]) == 0.5


def test_p_value_of_no_change():
    """Without a flip there is no evidence."""
    assert p_value([0.0, 0.0]) == 1.0


def test_p_value_of_several_samples_is_the_permutation_test():
    """0.7 is the largest sum: 2 of 2^4 choices reach 0.5 with either sign of 0.1, 4 of 16."""
    assert p_value([0.1, 0.3, 0.2, -0.1]) == sign_flip([0.1, 0.3, 0.2, -0.1]) == 0.375


def test_equal_shares_of_other_numbers_of_samples_are_no_difference():
    """5/10 against 10/20: floats differ by 1e-17, fractions by 0."""
    differences = [exact_pass_at_k(20, 10, 1) - exact_pass_at_k(10, 5, 1)] * 100

    assert p_value(differences) == 1.0
    assert mean_difference(differences).high == pytest.approx(1.959964 / 102)


def test_two_magnitudes_are_no_single_one():
    """Four small gains never outweigh the large loss: each sum is at least 0.5, p = 1; McNemar's would be 12/32."""
    assert p_value([0.1, 0.1, 0.1, 0.1, -0.9]) == 1.0


def test_interval_without_any_change_has_a_width():
    """Two more problems, the half gained and the half lost: sqrt(1 / 102 / 102) * 1.96 = 1.96/102."""
    found = mean_difference([0.0] * 100)

    assert found == pytest.approx((0.0, 1 / 102, -1.959964 / 102, 1.959964 / 102), abs=1e-8)


def test_interval_of_several_samples_by_hand():
    """0.2, -0.1, 0.2, 0.1: centre 0.4/6, squares (0.04 + 0.01 + 0.04 + 0.01 + 0.04)/6, largest 0.2."""
    centre, square = 0.4 / 6, 0.14 / 6
    standard_error = ((square - centre**2) / 6) ** 0.5

    found = mean_difference([0.2, -0.1, 0.2, 0.1])

    assert found.value == pytest.approx(0.1)
    assert found.standard_error == pytest.approx(standard_error)
    assert found[2:] == pytest.approx((centre - 1.959964 * standard_error, centre + 1.959964 * standard_error))


def test_interval_stays_within_bounds():
    """One problem lost says little, and never more than everything."""
    assert mean_difference([-1.0]).low == -1.0


def test_no_differences_are_refused():
    """There is no mean of nothing."""
    with pytest.raises(ValueError, match="at least one"):
        mean_difference([])


def test_more_power_needs_a_larger_difference():
    """Of 0.9, z is 1.281552: (1.959964 + 1.281552) * 0.02."""
    assert detectable(0.02, power=0.9) == pytest.approx(0.06483032, abs=1e-7)


def test_holm_never_exceeds_one():
    """Many weak p-values stay p-values."""
    assert holm([0.5, 0.6, 0.9]) == (1.0, 1.0, 1.0)


@given(P_VALUES)
def test_holm_keeps_the_order_and_never_lowers(p_values):
    """What was smaller stays so, up to ties, and adjusting only makes larger."""
    adjusted = holm(p_values)
    in_order = [adjusted[i] for i in sorted(range(len(p_values)), key=p_values.__getitem__)]

    assert all(before <= after <= 1 for before, after in zip(p_values, adjusted, strict=True))
    assert in_order == sorted(in_order)


def test_holm_of_one_changes_nothing():
    """A single column needs no correction."""
    assert holm([0.04]) == (0.04,)


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 10])
@pytest.mark.parametrize("problems", [50, 500])
def test_interval_holds_the_truth(n, problems):
    """94-97 % of the 95 % intervals hold the true difference of two policies of which one is 3 points worse."""
    rng = np.random.default_rng(20240607)
    chances = rng.beta(0.3, 0.5, size=(3000, problems))
    worse = chances * 0.92  # 0.375 * 0.08 = 3 points
    differences = (rng.binomial(n, worse) - rng.binomial(n, chances)) / n

    covered = np.mean([low <= -0.03 <= high for _, _, low, high in map(mean_difference, differences.tolist())])

    assert 0.94 <= covered <= 0.97
