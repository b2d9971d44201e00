"""Which groups make up which step: a shuffle for each epoch, decided by the seed and by nothing else."""

import random

from trainers.options import TrainingOptions


def total_steps(groups: int, options: TrainingOptions) -> int:
    """Return how many steps a training on so many groups takes.

    >>> total_steps(115, TrainingOptions(epochs=1, batch_groups=2))
    58
    """
    if options.max_steps is not None:
        return options.max_steps
    return -(-groups * options.epochs // options.batch_groups)


def batch(step: int, groups: int, options: TrainingOptions) -> tuple[int, ...]:
    """Return the numbers of the groups of a step, counted from 0.

    The shuffles of the epochs follow one another without a gap, so every step has `batch_groups` groups: one may hold
    the end of an epoch and the start of the next, and the last of all is filled from the shuffle that would follow.

    Args:
        step: Counted from 0.
        groups: How many there are, at least one.
        options: `seed` and `batch_groups` count.

    >>> sorted(batch(0, 4, TrainingOptions()) + batch(1, 4, TrainingOptions()))
    [0, 1, 2, 3]
    """
    places = range(step * options.batch_groups, (step + 1) * options.batch_groups)
    shuffled = {epoch: _shuffle(epoch, groups, options.seed) for epoch in {place // groups for place in places}}
    return tuple(shuffled[place // groups][place % groups] for place in places)


def _shuffle(epoch: int, groups: int, seed: int) -> list[int]:
    order = list(range(groups))
    random.Random(f"{seed}/{epoch}").shuffle(order)  # noqa: S311 - no secret
    return order
