"""Tests whether a candidate lost more of pass@k than is tolerated: pure functions over results."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import msgspec

from harness.runs.records import Result
from harness.scoring.clusters import families_of
from harness.scoring.differences import Rows, changes_of, mean_difference
from harness.scoring.passk import mean_pass_at_k
from leaderboards.paired import POWER
from leaderboards.results import shared_tallies
from leaderboards.seeds import SEEDS_NEEDED, seed_difference, values_of
from sandbox.records import Verdict


class Demand(NamedTuple):
    """Settles the comparison, and the loss that is stopped."""

    k: int = 1
    """Of pass@k."""
    tolerance: float = 0.0
    """Loss of pass@k that passes, in [0, 1]."""
    confidence: float = 0.95
    """Of the one-sided interval, in [0.5, 1)."""
    on_seeds: bool = False
    """Whether results on a side are seeds of a method: three or more on both are tested on seeds."""


class Loss(NamedTuple):
    """Holds the change from baselines to candidates, over the problems that all have."""

    before: float
    now: float
    problems: int
    families: int
    """That are the units of the test; 0 where problems are."""
    most: float
    """The largest change that is likely: the upper end of the one-sided interval."""
    stopped: bool
    """Whether even that is a larger loss than is tolerated."""
    found: float
    """The true loss of pass@k that would be stopped in 80 % of cases, given how many problems changed."""


def loss_of(baselines: Sequence[Result], candidates: Sequence[Result], demand: Demand) -> Loss | None:
    """Return the loss from the baselines to the candidates, each problem with the mean of its results.

    Args:
        baselines: Results of the policy before; several are not a choice among them, but more samples.
        candidates: Results of the policy now, each from samples of its own.
        demand: What is compared.

    Returns:
        The loss; None where no problem has k samples in all of them.
    """
    rows = shared_tallies((*baselines, *candidates), demand.k)
    if not rows[0]:
        return None
    before, now = rows[: len(baselines)], rows[len(baselines) :]
    families = families_of(rows)
    # The upper end of a two-sided interval at 2 c - 1 is the one-sided bound at c.
    two_sided = 2 * demand.confidence - 1
    if demand.on_seeds and min(len(before), len(now)) >= SEEDS_NEEDED:
        of_seeds = seed_difference(values_of(before, demand.k), values_of(now, demand.k), two_sided, families)
        most, found = of_seeds.high, demand.tolerance + of_seeds.detectable_loss(demand.confidence)
    else:
        changes = list(map(float, changes_of(before, now, demand.k)))
        of_problems, mean = mean_difference(changes, two_sided), mean_difference(changes, two_sided, families)
        inflation = (mean.standard_error / of_problems.standard_error) ** 2
        most, found = mean.high, detectable_loss(changes, demand, inflation)
    return Loss(
        before=_mean(before, demand.k),
        now=_mean(now, demand.k),
        problems=len(rows[0]),
        families=len(set(families)),
        most=most,
        stopped=most < -demand.tolerance,
        found=found,
    )


def _mean(rows: Rows, k: int) -> float:
    return float(mean_pass_at_k(((tally.n, tally.c) for row in rows for tally in row), k))


def as_if(result: Result, *, passed: bool) -> Result:
    """Return a result as if the samples that the sandbox lost had all passed, or all failed.

    Args:
        result: Of one policy.
        passed: Which of both.

    Returns:
        The result with other counts of its problems.
    """
    tallies = (msgspec.structs.replace(t, n=t.n + t.lost, c=t.c + t.lost * passed, lost=0) for t in result.tallies)
    return msgspec.structs.replace(result, tallies=tuple(tallies))


def tells_lost(result: Result) -> bool:
    """Return whether a result tells of which problems samples were lost; those of older versions don't.

    Args:
        result: Of one policy.

    Returns:
        True also where none was lost.
    """
    return sum(tally.lost for tally in result.tallies) == result.verdict_counts[Verdict.SANDBOX_ERROR]


def detectable_loss(changes: Sequence[float], demand: Demand, inflation: float = 1.0) -> float:
    """Return the smallest true loss that would be stopped in 80 % of cases.

    The tolerance, and the distance from it at which a one-sided test has this power (Bloom 1995, "Minimum detectable
    effects", Evaluation Review 19, 547-556). A loss has problems that are lost for it, besides those that changed in
    either direction; so its standard error grows with it.

    Args:
        changes: Of each problem, now less before.
        demand: The test.
        inflation: Of the variance, by families of problems that change together.

    Returns:
        The loss of pass@k, in [0, 1].

    >>> round(100 * detectable_loss([1.0, -1.0] * 25 + [0.0] * 450, Demand()), 2)  # 10 % of 500 problems flip
    4.16
    """
    problems = len(changes) + 2  # as the interval has them
    total = math.fsum(map(abs, changes))
    size = math.fsum(change**2 for change in changes) / total if total else 1.0  # of the change of a problem
    normal = NormalDist()
    needed = normal.inv_cdf(demand.confidence) + normal.inv_cdf(POWER)
    loss = demand.tolerance
    for _ in range(100):  # converges: the error grows less than the loss
        square = size * (total + size) / problems + size * loss
        loss = min(1.0, demand.tolerance + needed * math.sqrt(max(0.0, square - loss**2) * inflation / problems))
    return loss
