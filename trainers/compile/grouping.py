"""Deals groups from accepted and rejected submissions of one problem: seeded, without replacement, of both outcomes."""

import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def rng_of(seed: int, problem_id: str) -> random.Random:
    """Return the random generator of one problem, the same in every worker and order.

    Args:
        seed: Base seed of the compilation.
        problem_id: Id of the problem.

    Returns:
        A generator that nothing else uses.
    """
    return random.Random(f"{seed}/{problem_id}")  # noqa: S311 - sampling members, not keys


def reservoir(items: Iterable[T], size: int, rng: random.Random) -> tuple[T, ...]:
    """Return `size` of the items, each subset with the same chance, or all where there are fewer.

    Algorithm R of Vitter 1985, "Random sampling with a reservoir", ACM TOMS 11, 37-57.

    Args:
        items: Any number; read once.
        size: The most to keep.
        rng: Decides which are kept.

    Returns:
        min(size, number of items) of them.
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
    """Yield as many groups of `size` as there can be, in random order, no member in two of them.

    Each group gets one accepted and one rejected; its other places are sampled from all that remain, so that groups
    have the problem's own balance as far as the supply goes.

    Args:
        accepted: Those with one outcome.
        rejected: Those with the other.
        size: Members of a group, at least two.
        rng: Decides the members of each group.
        unbalanced: Deal what remains as well, into groups that then have one outcome only.

    Yields:
        `size` members in random order.
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


def without(left_out: Collection[T], kept: Sequence[T], every: Sequence[T], rng: random.Random) -> tuple[T, ...]:
    """Return those kept, with others in the places of those left out.

    Args:
        left_out: Some of all.
        kept: From `reservoir`, of all.
        every: All there are.
        rng: Decides the order in which others come, whatever is left out.

    Returns:
        As many as were kept, or all that are not left out where there are fewer.

    >>> without({"b"}, "ab", "abc", random.Random(0))
    ('a', 'c')
    """
    spare = [item for item in every if item not in kept]
    rng.shuffle(spare)
    return tuple(islice((item for item in (*kept, *spare) if item not in left_out), len(kept)))
