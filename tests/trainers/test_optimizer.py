"""The optimizer and its schedule: no step at rate 0, and decay for matrices only."""

import pytest
import torch

from trainers.config import TrainingOptions
from trainers.optimizer import make_optimizer, make_schedule


def rates(steps, **settings):
    """Return the learning rates of a training's steps, at a peak of 1."""
    options = TrainingOptions(learning_rate=1.0, **settings)
    optimizer = make_optimizer([torch.nn.Parameter(torch.ones(2, 2))], options)
    schedule = make_schedule(optimizer, steps, options)
    found = []
    for _ in range(steps):
        found.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return found


def test_the_cosine_schedule_by_hand():
    """Two steps of warmup, then (1 + cos(pi k / 4)) / 2 for k = 1, 2, 3."""
    assert rates(5, warmup_share=0.4) == pytest.approx([0.5, 1.0, 0.853553, 0.5, 0.146447], abs=1e-6)


def test_the_linear_schedule_by_hand():
    """Without a warmup four steps are at 4/5, 3/5, 2/5 and 1/5 of the peak."""
    assert rates(4, warmup_share=0.0, schedule="linear") == pytest.approx([0.8, 0.6, 0.4, 0.2])


def test_the_constant_schedule_by_hand():
    """It stays at its peak after the warmup."""
    assert rates(4, warmup_share=0.5, schedule="constant") == pytest.approx([0.5, 1.0, 1.0, 1.0])


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant"])
@pytest.mark.parametrize("share", [0.0, 0.03, 0.5, 0.99])
@pytest.mark.parametrize("steps", [1, 2, 3, 100])
def test_no_step_is_at_rate_0(schedule, share, steps):
    """Every step changes the policy, and none is beyond the peak."""
    found = rates(steps, schedule=schedule, warmup_share=share)

    assert min(found) > 0
    assert max(found) <= 1


def test_matrices_decay_and_norms_and_biases_do_not():
    """With a gradient of 0, a step of AdamW at rate 0.1 and decay 0.5 takes a 20th of a matrix and nothing else."""
    matrix, vector = (torch.nn.Parameter(torch.ones(shape)) for shape in ((2, 2), (2,)))
    optimizer = make_optimizer([vector, matrix], TrainingOptions(learning_rate=0.1, weight_decay=0.5))
    for weight in (matrix, vector):
        weight.grad = torch.zeros_like(weight)

    optimizer.step()

    assert torch.equal(vector, torch.ones(2))
    assert torch.allclose(matrix, torch.full((2, 2), 0.95))
