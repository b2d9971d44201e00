"""How often 95 % intervals hold the truth, over a grid of benchmarks and models.

Each problem has a chance of being solved, drawn from a beta distribution with a + b = `spread`: the smaller, the more
problems are solved always or never. n samples of it give one value, its pass@k. Two intervals are tried: that for other
problems like these, whose truth is the mean of pass@k over all problems that could be drawn; and that for these
problems drawn again, whose truth is the mean over those that were. Where n = k only the number of problems solved
counts, so coverage of the first is summed up without simulation.

Where hardly a problem is expected on the rarer side, solved or not, no interval can cover 95 %: whether it holds the
truth hangs on one problem. Those cells are counted apart. Then the same for the difference between two policies, drawn
as bench_gate.py draws them. These are the tables of docs/statistics.md.
"""

import math
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import bench_gate
import numpy as np

from harness.scoring.clusters import family_sums
from harness.scoring.differences import mean_difference
from harness.scoring.intervals import mean_interval, redrawn_interval
from harness.scoring.passk import pass_at_k
from leaderboards.paired import ALPHA, p_value

RUNS = 1000
PAIRS = 10_000
PROBLEMS = (10, 50, 164, 500, 2572)
TRIES = ((1, 1), (10, 1), (10, 10))
"""(n, k)"""
TRUTHS = (0.005, 0.02, 0.1, 0.5, 0.9, 0.98, 0.995, 0.999)
SPREADS = (0.3, 4.0)
DENSE = 8
"""Problems expected on the rarer side, from which on coverage is promised from both sides."""
PROMISED = (0.94, 0.97)
SHAPES = ((20, 8), (60, 3), (200, 5))
"""Families, and problems of each."""
DIFFERENCES_PROMISED = (0.94, 0.96)
NOISE = 0.017
"""Two and a half standard errors of a share near 95 % of `RUNS`."""


class Cell(NamedTuple):
    """Coverage of both intervals in one place of the grid; None where an interval doesn't exist."""

    dense: bool
    other: float
    redrawn: float | None


def truth_of(a: float, b: float, k: int) -> float:
    """Return the mean of 1 - (1 - x)^k for x of a beta distribution: 1 - B(a, b + k) / B(a, b)."""
    return 1 - math.prod((b + i) / (a + b + i) for i in range(k))


def shape(truth: float, spread: float, k: int) -> tuple[float, float]:
    """Return a and b of the beta distribution with this mean of pass@k, and a + b = `spread`."""
    low, high = 0.0, 1.0
    for _ in range(100):
        middle = (low + high) / 2
        reached = truth_of(middle * spread, (1 - middle) * spread, k)
        low, high = (middle, high) if reached < truth else (low, middle)
    return low * spread, (1 - low) * spread


def exact(truth: float, problems: int) -> float:
    """Return the coverage with one sample a problem, summed over how many are solved."""
    logs = math.lgamma(problems + 1)
    covered = 0.0
    for solved in range(problems + 1):
        rest = problems - solved
        likely = math.exp(
            logs
            - math.lgamma(solved + 1)
            - math.lgamma(rest + 1)
            + solved * math.log(truth)
            + rest * math.log1p(-truth)
        )
        if likely > 1e-9:
            low, high = mean_interval([1.0] * solved + [0.0] * rest, problems)
            covered += likely * (low <= truth <= high)
    return covered


def simulated(truth: float, spread: float, n: int, k: int, problems: int) -> tuple[float, float]:
    """Return the coverage of both intervals over many runs, the same in every call."""
    rng = np.random.default_rng(0)
    (a, b), value_of = shape(truth, spread, k), [pass_at_k(n, c, k) for c in range(n + 1)]
    other = redrawn = 0
    for _ in range(RUNS):
        chances = rng.beta(a, b, size=problems)
        accepted = rng.binomial(n, chances).tolist()
        values = [value_of[c] for c in accepted]
        low, high = mean_interval(values, problems * (n // k))
        other += low <= truth <= high
        low, high = redrawn_interval([(n, c) for c in accepted], k, sum(values) / problems)
        redrawn += low <= float((1 - (1 - chances) ** k).mean()) <= high
    return other / RUNS, redrawn / RUNS


def cells(n: int, k: int, problems: int) -> Iterator[Cell]:
    """Yield the places of the grid for some samples, tries and problems."""
    for truth in TRUTHS:
        dense = problems * min(truth, 1 - truth) >= DENSE - 1e-9
        if n == 1:
            yield Cell(dense, exact(truth, problems), None)
            continue
        for spread in SPREADS:
            other, redrawn = simulated(truth, spread, n, k, problems)
            yield Cell(dense, exact(truth, problems) if n == k else other, redrawn)


def extent(shares: list[float]) -> str:
    """Return the least and the largest share in percent."""
    return f"{100 * min(shares):.1f}-{100 * max(shares):.1f}" if shares else ""


def grid() -> bool:
    """Print the table of the grid, and return whether coverage is as promised from 50 problems on."""
    print("| percent covered, least and most over the grid | other problems | rare cells | drawn again | rare cells |")
    print("|---|---|---|---|---|")
    kept = True
    for n, k in TRIES:
        for problems in PROBLEMS:
            found = list(cells(n, k, problems))
            dense, rare = ([cell for cell in found if cell.dense is wanted] for wanted in (True, False))
            columns = [
                [share for cell in part if (share := getattr(cell, name)) is not None]
                for name in ("other", "redrawn")
                for part in (dense, rare)
            ]
            print(f"| n = {n}, pass@{k}, {problems} problems | {' | '.join(map(extent, columns))} |", flush=True)
            kept = kept and (problems < 50 or _is_kept(columns, n, k))
    return kept


def _is_kept(columns: list[list[float]], n: int, k: int) -> bool:
    """Say whether coverage is as promised; drawn again it may be higher where n < 2k, as the variance is a guess."""
    noise = NOISE if n > 1 else 0.0
    least, most = PROMISED[0] - noise, PROMISED[1] + noise
    bounded = columns[0] + columns[2] * (n >= 2 * k)
    return max(bounded) <= most and min(share for column in columns for share in column) >= least


def family_coverage(families: int, size: int, alike: float) -> tuple[float, float]:
    """Return the coverage with and without families: problems of one share a part of their chance."""
    rng = np.random.default_rng(0)
    plain = clustered = 0
    names = [family for family in range(families) for _ in range(size)]
    for _ in range(RUNS):
        shared = np.repeat(rng.beta(1, 1, size=families), size)
        chances = np.where(rng.random(families * size) < alike, shared, rng.beta(1, 1, size=families * size))
        values = (rng.binomial(10, chances) / 10).tolist()
        for with_families in (False, True):
            low, high = mean_interval(values, 10 * len(values), families=names if with_families else ())
            held = low <= 0.5 <= high
            clustered, plain = clustered + held * with_families, plain + held * (not with_families)
    return plain / RUNS, clustered / RUNS


def family_difference(families: int, size: int, alike: float) -> list[float]:
    """Return the share of false alarms of the paired test, and the coverage of the interval, without and with families.

    The policies have other chances, of one distribution; so neither is better, but problems of a family go together.
    """
    rng = np.random.default_rng(0)
    names = [family for family in range(families) for _ in range(size)]
    found = np.zeros(4)
    for _ in range(RUNS):
        chances = [
            np.where(rng.random(families * size) < alike, np.repeat(rng.beta(1, 1, size=families), size), own)
            for own in rng.beta(1, 1, size=(2, families * size))
        ]
        a, b = (rng.binomial(10, side) for side in chances)
        changes = [Fraction(int(tenths), 10) for tenths in b - a]
        for place, units in enumerate(((), names)):
            interval = mean_difference(changes, families=units)
            found[place] += p_value(family_sums(changes, units)) < ALPHA
            found[2 + place] += interval.low <= 0 <= interval.high
    return (found / RUNS).tolist()


def family_differences() -> bool:
    """Print the table of differences by family, and return whether they are as promised."""
    print("\n| n = 10, half of the problems as their family | false alarms | by family | covered | by family |")
    print("|---|---|---|---|---|")
    kept = True
    for families, size in SHAPES:
        found = family_difference(families, size, alike=0.5)
        cells = " | ".join(f"{100 * share:.1f}" for share in found)
        print(f"| {families} families of {size} problems | {cells} |", flush=True)
        kept = kept and found[1] <= ALPHA + NOISE and found[3] >= PROMISED[0] - NOISE
    return kept


def difference_coverage(setting: bench_gate.Setting, drop: float) -> float:
    """Return the coverage of the interval for a difference of -drop, the same in every call."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(PAIRS):
        baseline, candidate = bench_gate.drawn(setting, drop, rng)
        found = mean_difference(((candidate - baseline) / setting.n).tolist())
        held += found.low <= -drop <= found.high
    return held / PAIRS


def differences() -> bool:
    """Print the table of differences, and return whether all are covered as promised."""
    print(f"\n| percent covered, {bench_gate.PROBLEMS} problems | no change | {100 * bench_gate.DROP:g} points worse |")
    print("|---|---|---|")
    kept = True
    for setting in bench_gate.SETTINGS:
        found = [difference_coverage(setting, drop) for drop in (0.0, bench_gate.DROP)]
        print(f"| {setting.name} | {' | '.join(f'{100 * share:.1f}' for share in found)} |", flush=True)
        kept = kept and all(DIFFERENCES_PROMISED[0] <= share <= DIFFERENCES_PROMISED[1] for share in found)
    return kept


def main() -> int:
    """Print the tables; fail where coverage is not as promised."""
    kept = grid()
    print("\n| percent covered, n = 10, half of the problems as their family | without families | with families |")
    print("|---|---|---|")
    for families, size in SHAPES:
        plain, clustered = family_coverage(families, size, alike=0.5)
        print(f"| {families} families of {size} problems | {100 * plain:.1f} | {100 * clustered:.1f} |", flush=True)
        kept = kept and clustered >= PROMISED[0] - 2 * NOISE
    kept = family_differences() and kept
    kept = differences() and kept
    print(f"\n94-97 % from 50 problems on, never below 94 %; differences 94-96 %: {'kept' if kept else 'MISSED'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
