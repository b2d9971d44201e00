"""Compares two methods by the results of their seeds, and splits the variance of the difference by its sources.

Values are pass@k in [0, 1]: a row a seed, a column a problem, the same problems in all rows. A seed is a training, or
whatever made another checkpoint by the same method. The model is that of two crossed random effects: a value is the
mean, plus what the seed does to all problems, what the problem does to all seeds, and a rest that a seed does to one
problem, of which drawing n samples is a part.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from harness.runs.records import Tally
from harness.scoring.clusters import Families, between_families
from harness.scoring.distributions import student_cdf, student_quantile
from harness.scoring.intervals import mean_interval
from harness.scoring.passk import pass_at_k
from harness.scoring.proportions import Interval, proportion_interval
from harness.scoring.redrawn import redrawn_variance
from leaderboards.paired import ALPHA, POWER

Values = NDArray[np.float64]
SEEDS_NEEDED = 3
"""A side, for a test on seeds: with two, their variance is hardly known."""
_SMOOTHING = 1 / 3
"""How far the variances of two sides are drawn to their mean, where degrees of freedom are counted."""


class VarianceSplit(msgspec.Struct, frozen=True, kw_only=True):
    """Splits the variance of a difference between two means, in [0, 1], by its sources."""

    problem: float
    """That the methods differ by problem: more problems lower it."""
    sample: float | None
    """That the samples are random: more samples, problems or seeds lower it. None where the problem's part holds it,
    because there is one sample of a problem."""
    seed: float | None
    """That a seed is better or worse altogether: more seeds lower it. None where a side has one seed."""
    seed_by_problem: float
    """That seeds are good at different problems: more problems or seeds lower it."""

    def parts(self) -> dict[str, float]:
        """Return the share of each source in the variance; shares are 0 where there is no variance."""
        found = {"problem": self.problem, "sample": self.sample or 0.0}
        if self.seed is not None:
            found["seed"] = self.seed + self.seed_by_problem
        total = sum(found.values())
        return {name: part / total if total else 0.0 for name, part in found.items()}

    def standard_error(self, *, problems: float = 1, samples: float = 1, seeds: float = 1) -> float:
        """Return the standard error with other numbers of problems, samples and seeds.

        Args:
            problems: How many times as many.
            samples: How many times as many of each problem.
            seeds: How many times as many on each side.

        Returns:
            The standard error of the difference.
        """
        varied = self.problem + (self.seed_by_problem + (self.sample or 0.0) / samples) / seeds
        return math.sqrt(varied / problems + (self.seed or 0.0) / seeds)


class SeedDifference(NamedTuple):
    """Holds the difference between two methods by their seeds, with the interval and the p-value of Welch's test."""

    value: float
    standard_error: float
    df: float
    low: float
    high: float
    p: float

    @property
    def detectable(self) -> float:
        """Return the smallest true difference that the test would find in 80 % of cases at 5 %."""
        return self.detectable_loss(1 - ALPHA / 2)

    def detectable_loss(self, confidence: float) -> float:
        """Return the smallest true loss that a one-sided test would find in 80 % of cases.

        Args:
            confidence: Of the test, in [0.5, 1).
        """
        return (student_quantile(confidence, self.df) + student_quantile(POWER, self.df)) * self.standard_error


def values_of(rows: Sequence[Sequence[Tally]], k: int) -> Values:
    """Return pass@k of each problem for each seed.

    Args:
        rows: Tallies of the same problems, a row a seed.
        k: Tries allowed.

    Returns:
        Values of shape (seeds, problems).
    """
    return np.array([[_value(tally.n, tally.c, k) for tally in row] for row in rows])


_value = lru_cache(maxsize=1 << 14)(pass_at_k)


def sampling_of(rows: Sequence[Sequence[Tally]], k: int) -> float | None:
    """Return the mean variance of a value that drawing the samples has.

    Args:
        rows: Tallies of the same problems, a row a seed.
        k: Tries allowed.

    Returns:
        The variance; None where some problem has but one sample.
    """
    counts = [(tally.n, tally.c) for row in rows for tally in row]
    if min(n for n, _ in counts) < 2:
        return None
    return max(0.0, redrawn_variance(counts, k)) * len(counts)


def variance_split(
    a: Values, b: Values, sampled_a: float | None = None, sampled_b: float | None = None, families: Families = ()
) -> VarianceSplit:
    """Split the variance of the difference between the means of two methods.

    Args:
        a: Values of the one, of shape (seeds, problems).
        b: Values of the other, of the same problems.
        sampled_a: Variance of a value by its samples, None where it is unknown.
        sampled_b: The same of the other.
        families: Of the problems; the part of the problems is then that between families, if it is larger.

    Returns:
        The parts of the variance.
    """
    problems = a.shape[1]
    several = len(a) > 1 and len(b) > 1
    known = sampled_a is not None and sampled_b is not None
    sample = (sampled_a or 0.0) / len(a) + (sampled_b or 0.0) / len(b) if known else None
    rest = _rest(a) / len(a) + _rest(b) / len(b) if several else sample or 0.0
    if several and sample is None:
        sample = rest  # can't be told from what seeds do to single problems; drawing is the larger part of it
    by_problem = max(0.0, rest - (sample or 0.0)) if several else 0.0
    of_means = _between_seeds(a) / len(a) + _between_seeds(b) / len(b) if several else 0.0
    return VarianceSplit(
        problem=_between_problems(b.mean(axis=0) - a.mean(axis=0), rest, families),
        sample=None if sample is None else sample / problems,
        seed=max(0.0, of_means - rest / problems) if several else None,
        seed_by_problem=by_problem / problems,
    )


def _between_seeds(values: Values) -> float:
    """Return the variance of the seeds' means."""
    return float(values.mean(axis=1).var(ddof=1))


def _rest(values: Values) -> float:
    """Return the variance of a value that neither its seed nor its problem explains."""
    seeds, problems = values.shape
    if problems == 1:
        return 0.0
    centred = values - values.mean(axis=0) - values.mean(axis=1, keepdims=True) + values.mean()
    return float((centred**2).sum() / ((seeds - 1) * (problems - 1)))


def _between_problems(by_problem: Values, rest: float, families: Families = ()) -> float:
    """Return the variance of a mean over problems that other problems would cause, over and above the rest."""
    problems = len(by_problem)
    if problems == 1:
        return 0.0
    varied = float(by_problem.var(ddof=1))
    if families:
        apart, _ = between_families((by_problem - by_problem.mean()).tolist(), families)
        varied = max(varied, apart / problems)
    return max(0.0, varied - rest) / problems


def seed_difference(a: Values, b: Values, confidence: float = 0.95, families: Families = ()) -> SeedDifference:
    """Return the difference of two methods, tested on their seeds.

    Welch 1947, "The generalization of Student's problem when several different population variances are involved",
    Biometrika 34, 28-35: the seeds' means vary by seed and by sample, on each side as they do. To it comes what other
    problems would change, with the degrees of freedom of Satterthwaite 1946, Biometrics Bulletin 2, 110-114. For these
    degrees alone the two variances are drawn towards each other: three seeds guess their ratio so badly that the test
    would raise 3.4 % of false alarms, not 5, where they are equal. Now it is 4.1, and 6.2 where one sd is thrice the
    other.

    Args:
        a: Values of the one, of shape (seeds, problems), two seeds or more.
        b: Values of the other, of the same problems.
        confidence: Of the two-sided interval, in (0, 1).
        families: Of the problems; one family tells nothing of others.

    Returns:
        B's mean less A's, with interval and p-value.
    """
    changes = b.mean(axis=0) - a.mean(axis=0)
    value, problems = float(changes.mean()), len(changes)
    units = len(set(families)) or problems
    if families and units == 1:
        return SeedDifference(value, 1.0, 1.0, -1.0, 1.0, 1.0)
    rest = _rest(a) / len(a) + _rest(b) / len(b)
    of_problems = _between_problems(changes, rest, families), max(1.0, units - 1.0)
    of_seeds = [_between_seeds(side) for side in (a, b)]
    sizes = [len(side) for side in (a, b)]
    variance = of_problems[0] + sum(part / size for part, size in zip(of_seeds, sizes, strict=True))
    pooled = sum(part * (size - 1) for part, size in zip(of_seeds, sizes, strict=True)) / (sum(sizes) - 2)
    smoothed = [part + _SMOOTHING * (pooled - part) for part in of_seeds]
    terms = [(part / size, size - 1.0) for part, size in zip(smoothed, sizes, strict=True)]
    _, df = _satterthwaite([*terms, of_problems])
    # Few values make equal means likely. As for single runs, half a problem gained and half a one lost are possible.
    least = ((float(np.abs(changes).max()) or 1.0) / (problems + 2)) ** 2
    standard_error = math.sqrt(max(variance, least))
    half = student_quantile((1 + confidence) / 2, df) * standard_error
    p = 2 * student_cdf(-abs(value) / standard_error, df)
    return SeedDifference(value, standard_error, df, max(-1.0, value - half), min(1.0, value + half), p)


def _satterthwaite(terms: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the sum of variances, and its degrees of freedom, from each variance with its own."""
    total = sum(variance for variance, _ in terms)
    if not total:
        return 0.0, min(df for _, df in terms)
    return total, total**2 / math.fsum(variance**2 / df for variance, df in terms)


def seed_interval(values: Values, trials: int, confidence: float = 0.95, families: Families = ()) -> Interval:
    """Return an interval for the mean that a method has on problems like these with seeds like these.

    That of a proportion, with the effective sample size of the variance over seeds and problems, and the quantile of
    Student's t. It holds that over problems alone, which knows families and what few accepted samples can't say.

    Args:
        values: Of shape (seeds, problems); of one seed the interval is `mean_interval`, and for that checkpoint.
        trials: Sum of n // k over seeds and problems.
        confidence: Of the two-sided interval, in (0, 1).
        families: Of each problem, as for `mean_interval`.

    Returns:
        The bounds, within [0, 1].
    """
    seeds, problems = values.shape
    by_problem = values.mean(axis=0)
    p, alone = float(values.mean()), mean_interval(by_problem.tolist(), trials, confidence, families)
    if seeds == 1 or not 0 < p < 1:
        return alone
    units = len(set(families)) or problems
    of_problems = _between_problems(by_problem, _rest(values) / seeds, families), max(1.0, units - 1.0)
    variance, df = _satterthwaite([(_between_seeds(values) / seeds, seeds - 1.0), of_problems])
    if not variance:
        return alone
    # A smaller n stands for t in place of z, as Korn and Graubard have it.
    t, z = student_quantile((1 + confidence) / 2, df), NormalDist().inv_cdf((1 + confidence) / 2)
    n_eff = min(trials, p * (1 - p) / variance) * (z / t) ** 2
    low, high = proportion_interval(p * n_eff, n_eff, confidence)
    return Interval(min(low, alone.low), max(high, alone.high))
