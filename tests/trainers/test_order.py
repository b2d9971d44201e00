"""Which groups make up which step."""

from hypothesis import given
from hypothesis import strategies as st

from trainers.config import TrainingOptions
from trainers.dataset import batch, total_steps

GROUPS, BATCH, EPOCHS, SEED = st.integers(1, 30), st.integers(1, 7), st.integers(1, 4), st.integers(0, 9)


@given(GROUPS, BATCH, EPOCHS, SEED)
def test_each_epoch_has_every_group_once(groups, batch_groups, epochs, seed):
    """Over all steps the order is one shuffle after another; only the last step may reach beyond the last epoch."""
    options = TrainingOptions(batch_groups=batch_groups, epochs=epochs, seed=seed)
    steps = total_steps(groups, options)

    seen = [number for step in range(steps) for number in batch(step, groups, options)]

    assert 0 <= len(seen) - groups * epochs < batch_groups
    for epoch in range(epochs):
        assert sorted(seen[epoch * groups : (epoch + 1) * groups]) == list(range(groups))


def test_epochs_and_seeds_have_their_own_order():
    """Ten groups in one step: another order with another seed, and in the next epoch."""
    orders = {batch(step, 10, TrainingOptions(batch_groups=10, seed=seed)) for step in (0, 1) for seed in (0, 1)}

    assert len(orders) == 4


def test_a_number_of_steps_can_be_asked_for():
    """Under any number of epochs."""
    assert total_steps(115, TrainingOptions(epochs=3, max_steps=7)) == 7
    assert total_steps(115, TrainingOptions(epochs=3)) == 173
