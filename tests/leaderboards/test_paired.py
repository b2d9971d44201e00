"""Paired tests against hand-computed numbers, full enumeration, and their promised rates of error."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboards.paired import detectable, holm, mcnemar, mean_difference, p_value, sign_flip

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


@pytest.mark.parametrize(
    "differences",
    [
        [0.3, 0.1, 0.2, 0.2, -0.1],
        [0.5, 0.4, 0.3, 0.2, 0.1, 0.6],
        [0.7, -0.6, 0.2, 0.0, 0.1, 0.1, 0.1],
        [0.01, 0.02, 0.03, 0.04],
    ],
)
def test_sign_flip_agrees_with_every_choice_of_signs(differences):
    """The sampled share is that of all 2^N choices, to three standard errors."""
    sums = [abs(np.dot(signs, differences)) for signs in itertools.product((1, -1), repeat=len(differences))]
    exact = np.mean([total >= abs(sum(differences)) - 1e-9 for total in sums])

    sampled = sign_flip(differences, resamples=20_000)

    assert sampled == pytest.approx(exact, abs=3 * (exact * (1 - exact) / 20_000) ** 0.5 + 1e-4)


def test_sign_flip_is_the_same_in_every_call():
    """The seed is part of the method."""
    differences = [0.1, 0.2, -0.3, 0.4]

    assert sign_flip(differences) == sign_flip(differences)


def test_sign_flip_is_never_zero():
    """Nothing as large was sampled, yet what was observed is one of the possible choices."""
    assert sign_flip([0.5, 0.25] * 50, resamples=99) == 1 / 100
    assert sign_flip([0.5, 0.25] * 50) == 1 / 10_000


def test_sign_flip_does_not_hang_on_rounding():
    """0.1 + 0.2 and 0.3 are the same magnitude in sum, so no sampled sum falls short of the observed one by 1e-17."""
    assert sign_flip([0.1 + 0.2, 0.3, -0.6]) == 1.0


def test_p_value_of_one_sample_a_problem_is_exact():
    """Two gained, none lost: 2 * 1/4."""
    assert p_value([1.0, 1.0, 0.0]) == 0.5


def test_p_value_of_no_change():
    """Without a flip there is no evidence."""
    assert p_value([0.0, 0.0]) == 1.0


def test_p_value_of_several_samples_is_sampled():
    """Different magnitudes go through the permutation test."""
    differences = [0.1, 0.3, 0.2, -0.1]

    assert p_value(differences) == sign_flip(differences)


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
