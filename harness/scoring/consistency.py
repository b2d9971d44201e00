"""Scores how surely a model solves what it can solve: metrics that want several of k samples right."""

import math
from collections.abc import Callable, Iterable, Iterator
from statistics import fmean

from harness.runs.records import Consistency, Tally
from harness.scoring.intervals import interval_over
from harness.scoring.passk import at_least, mean_at_least
from harness.scoring.score import by_subset

METRICS: dict[str, Callable[[int, int, int], float]] = {
    "pass^k": lambda n, c, k: at_least(n, c, k, k),
    "G-pass@k_0.5": lambda n, c, k: at_least(n, c, k, math.ceil(k / 2)),
    "mG-pass@k": mean_at_least,
}
"""Functions of n, c and k by the name of their metric."""


def consistency(tallies: Iterable[Tally], ks: Iterable[int]) -> Iterator[Consistency]:
    """Yield each metric for all problems, and those of each difficulty and kind of test.

    Args:
        tallies: of the problems, in the benchmark's order.
        ks: numbers of tries; with one there is nothing that pass@1 does not say.

    Yields:
        A mean with its interval; a problem with fewer than k judged samples has none and is left out.
    """
    subsets = by_subset(tallies)
    for k in ks:
        for metric, function in METRICS.items() if k > 1 else ():
            for (difficulty, kind), of_subset in subsets.items():
                if judged := [tally for tally in of_subset if tally.n >= k]:
                    values = [function(tally.n, tally.c, k) for tally in judged]
                    low, high = interval_over(judged, values, k)
                    yield Consistency(
                        metric=metric, difficulty=difficulty, kind=kind, k=k, value=fmean(values), low=low, high=high,
                        problems=len(values),
                    )  # fmt: skip
