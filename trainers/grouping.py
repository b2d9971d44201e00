"""Accepted and rejected submissions of one problem -> groups: seeded, without replacement, both outcomes in each."""

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def rng_of(seed: int, problem_id: str) -> random.Random:
    """Return the source of chance for one problem, the same whichever worker does it and in whatever order."""
    return random.Random(f"{seed}/{problem_id}")  # noqa: S311 - drawing samples, not keys


def reservoir(items: Iterable[T], size: int, rng: random.Random) -> tuple[T, ...]:
    """Return `size` of the items, each subset with the same chance, or all if there are no more.

    Algorithm R of Vitter 1985, "Random sampling with a reservoir", ACM TOMS 11, 37-57.
    """
    kept: list[T] = []
    for seen, item in enumerate(items):
        if seen < size:
            kept.append(item)
        elif (place := rng.randrange(seen + 1)) < size:
            kept[place] = item
    return tuple(kept)


def deal(
    accepted: Sequence[T], rejected: Sequence[T], size: int, rng: random.Random, *, unbalanced: bool = False
) -> Iterator[tuple[T, ...]]:
    """Yield as many groups of `size` as there can be, nobody in two of them, in random order.

    Each group gets one accepted and one rejected; its other places are drawn from all that remain, so that groups
    have the problem's own balance as far as the supply goes.

    Args:
        accepted: Those with one outcome.
        rejected: Those with the other.
        size: Members of a group, at least two.
        rng: Decides who comes together.
        unbalanced: Deal what remains as well, into groups that then have one outcome only.
    """
    right, wrong = rng.sample(accepted, len(accepted)), rng.sample(rejected, len(rejected))
    count = min(len(right), len(wrong), (len(right) + len(wrong)) // size)
    rest = right[count:] + wrong[count:]
    rng.shuffle(rest)
    for number in range(count):
        others = rest[number * (size - 2) : (number + 1) * (size - 2)]
        yield tuple(rng.sample([right[number], wrong[number], *others], size))
    if unbalanced:
        remaining = rest[count * (size - 2) :]
        yield from zip(*[iter(remaining)] * size, strict=False)
