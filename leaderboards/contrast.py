"""Tests the difference between two sides, each one checkpoint or several seeds of a method, on shared problems."""

from typing import NamedTuple

from harness.scoring.clusters import families_of, family_sums
from harness.scoring.differences import Rows, changes_of, mean_difference
from leaderboards.paired import detectable, p_value
from leaderboards.seeds import SEEDS_NEEDED, seed_difference, values_of


class Contrast(NamedTuple):
    """Holds the difference between two sides, with a 95 % interval and the p-value of "there is none"."""

    value: float
    low: float
    high: float
    p: float
    detectable: float
    on_seeds: bool
    """Whether it is about the methods, by their seeds; if not, about these checkpoints."""
    families: int
    """That are the units of test and interval; 0 where problems are."""


def contrast(a: Rows, b: Rows, k: int) -> Contrast:
    """Return the difference of mean pass@k: tested on seeds where both sides have enough of them, else on problems.

    Problems of a family count as one unit: where a benchmark names families, signs are turned family by family.

    Args:
        a: Tallies of the one side.
        b: Tallies of the other, of the same problems.
        k: Tries allowed.

    Returns:
        B less A.
    """
    families = families_of((*a, *b))
    units = len(set(families))
    if min(len(a), len(b)) >= SEEDS_NEEDED:
        found = seed_difference(values_of(a, k), values_of(b, k), families=families)
        return Contrast(found.value, found.low, found.high, found.p, found.detectable, on_seeds=True, families=units)
    changes = changes_of(a, b, k)
    mean = mean_difference(changes, families=families)
    return Contrast(
        value=mean.value,
        low=mean.low,
        high=mean.high,
        p=p_value(family_sums(changes, families)),
        detectable=min(1.0, detectable(mean.standard_error)),
        on_seeds=False,
        families=units,
    )
