"""The weights of the methods: worked sums, properties, and what is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainers.config import TrainingOptions
from trainers.methods import accepted_only, exponential, leave_one_out, standardised

REWARD = st.sampled_from((1.0, -0.1, -0.5, -0.6, -1.0))
DEFAULT = TrainingOptions()
GROUPS = st.lists(REWARD, min_size=2, max_size=8).filter(lambda rewards: len(set(rewards)) > 1)


def test_rloo_by_hand():
    """Rewards 1, -0.1, -0.6, -1: the others' means are -17/30, -0.2, -1/30 and 0.1."""
    assert leave_one_out((1.0, -0.1, -0.6, -1.0), DEFAULT) == pytest.approx((1 + 17 / 30, 0.1, -0.6 + 1 / 30, -1.1))


def test_rloo_grpo_by_hand():
    """Rewards 1, -1: mean 0, standard deviation sqrt(2), so each is 1 / (1.41421356 + 0.0001) away."""
    assert standardised((1.0, -1.0), DEFAULT) == pytest.approx((0.70705678, -0.70705678))


def test_rloo_exp_by_hand():
    """The weights are e to the advantages above, and lambda divides the exponent."""
    assert exponential((1.0, -1.0), DEFAULT) == pytest.approx((2.02801359, 0.49309334))
    assert exponential((1.0, -1.0), TrainingOptions(exp_lambda=0.5)) == pytest.approx((4.11283910, 0.24314105))


def test_sft_takes_the_accepted():
    """Every accepted member weighs 1, with any extra terms, and all others nothing."""
    assert accepted_only((1.2, -0.1, 0.9, -1.0), DEFAULT) == (1.0, 0.0, 1.0, 0.0)


@given(GROUPS)
def test_advantages_sum_to_nothing(rewards):
    """What one member gains the others lose, before and after the division by the deviation."""
    assert math.isclose(sum(leave_one_out(rewards, DEFAULT)), 0.0, abs_tol=1e-9)
    assert math.isclose(sum(standardised(rewards, DEFAULT)), 0.0, abs_tol=1e-9)


@given(GROUPS)
def test_leave_one_out_is_what_it_says(rewards):
    """Each advantage is the reward less the mean of the other rewards."""
    others = [(sum(rewards) - reward) / (len(rewards) - 1) for reward in rewards]

    assert leave_one_out(rewards, DEFAULT) == pytest.approx([r - mean for r, mean in zip(rewards, others, strict=True)])


@given(GROUPS, st.floats(0.1, 10))
def test_exponential_weights_are_positive_and_in_the_order_of_rewards(rewards, lambda_):
    """A higher reward never weighs less."""
    weights = exponential(rewards, TrainingOptions(exp_lambda=lambda_))

    assert min(weights) > 0
    ranked = sorted(zip(rewards, weights, strict=True))
    assert [weight for _, weight in ranked] == sorted(weights)


@given(GROUPS, st.floats(0.01, 2))
def test_clipping_bounds_advantages_and_leaves_small_ones(rewards, bound):
    """Those within the bound stay as they are."""
    for method in (leave_one_out, standardised):
        for free, clipped in zip(method(rewards, DEFAULT), method(rewards, TrainingOptions(clip=bound)), strict=True):
            assert clipped == max(-bound, min(bound, free))
    assert max(exponential(rewards, TrainingOptions(clip=bound))) <= math.exp(bound)


@pytest.mark.parametrize("method", [standardised, exponential])
def test_a_group_without_spread_is_refused(method):
    """Its standard deviation is 0; 0.1 is not exact in binary, and must not slip through by rounding."""
    with pytest.raises(ValueError, match="standard deviation is 0"):
        method((-0.1,) * 7, DEFAULT)


@pytest.mark.parametrize("method", [leave_one_out, standardised, exponential, accepted_only])
@pytest.mark.parametrize("rewards", [(), (1.0,), (1.0, math.nan), (1.0, math.inf)])
def test_what_is_no_group_is_refused(method, rewards):
    """Fewer than two rewards, or one that is not a finite number."""
    with pytest.raises(ValueError, match="two or more finite rewards"):
        method(rewards, DEFAULT)


def test_senseless_options_are_refused():
    """A bound or temperature of 0 or less, and a group with nothing to imitate."""
    with pytest.raises(ValueError, match="bound of the advantages must be above 0"):
        leave_one_out((1.0, -1.0), TrainingOptions(clip=0.0))
    with pytest.raises(ValueError, match="lambda must be above 0"):
        exponential((1.0, -1.0), TrainingOptions(exp_lambda=0.0))
    with pytest.raises(ValueError, match="nothing to imitate"):
        accepted_only((-0.1, -1.0), DEFAULT)
