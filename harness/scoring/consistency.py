"""Scores the constancy of a model: metrics that want several of k samples right."""

import math
from collections.abc import Callable, Iterable, Iterator
from statistics import fmean

from harness.runs.metrics import Consistency
from harness.runs.records import Tally
from harness.scoring.intervals import interval_over
from harness.scoring.passk import at_least, mean_at_least
from harness.scoring.score import by_subset
from harness.scoring.votes import majority_at_k

MAJORITY = "maj@k"
METRICS: dict[str, Callable[[Tally, int], float]] = {
    "pass^k": lambda tally, k: at_least(tally.n, tally.c, k, k),
    "G-pass@k_0.5": lambda tally, k: at_least(tally.n, tally.c, k, math.ceil(k / 2)),
    "mG-pass@k": lambda tally, k: mean_at_least(tally.n, tally.c, k),
    MAJORITY: lambda tally, k: majority_at_k(tally.n, tally.c, tally.answers or (), k),
}
"""Functions of a problem and k by the name of their metric."""


def consistency(tallies: Iterable[Tally], ks: Iterable[int]) -> Iterator[Consistency]:
    """Yield each metric for all problems, and those of each difficulty and kind of test.

    Args:
        tallies: of the problems, in the benchmark's order.
        ks: numbers of tries; with one there is nothing that pass@1 does not say.

    Yields:
        A mean with its interval; a problem with fewer than k judged samples has none and is left out, and so is one
        whose answers are not known from maj@k.
    """
    subsets = by_subset(tallies)
    for k in ks:
        for metric, function in METRICS.items() if k > 1 else ():
            for (difficulty, kind), of_subset in subsets.items():
                judged = [t for t in of_subset if t.n >= k and (metric != MAJORITY or t.answers is not None)]
                if judged:
                    values = [function(tally, k) for tally in judged]
                    low, high = interval_over(judged, values, k)
                    yield Consistency(
                        metric=metric, difficulty=difficulty, kind=kind, k=k, value=fmean(values), low=low, high=high,
                        problems=len(values),
                    )  # fmt: skip
