"""How often a 95 % interval holds the truth: ours, and the percentiles of a bootstrap over problems.

Each problem has a chance of being solved, drawn from a beta distribution; n samples of it give one value, its pass@k.
The truth is the mean of pass@k over all problems that could be drawn. Then the same for the difference between two
policies, drawn as bench_gate.py draws them. These are the tables of docs/papers.md.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple

import bench_gate
import numpy as np

from harness.scoring.intervals import mean_interval
from harness.scoring.passk import pass_at_k
from leaderboards.paired import mean_difference

RUNS = 2000
PAIRS = 10_000
DRAWS = 1000
PROBLEMS = (10, 50, 500, 2000)
CHANCES = ((2.0, 2.0), (0.3, 3.0), (4.0, 1.0))
PROMISED = (0.94, 0.96)
TRIES = ((1, 1), (10, 1), (10, 10), (20, 10))
"""(n, k)"""


class Coverage(NamedTuple):
    """Shares of intervals that held the truth."""

    ours: float
    bootstrap: float


def truth_of(a: float, b: float, k: int) -> float:
    """Return the mean of 1 - (1 - x)^k for x of a beta distribution: 1 - B(a, b + k) / B(a, b)."""
    return float(1 - np.prod([(b + i) / (a + b + i) for i in range(k)]))


def bootstrap(values: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """Return the 2.5 and 97.5 percentiles of the mean over problems resampled; equal values are drawn as one lot."""
    distinct, counts = np.unique(values, return_counts=True)
    means = rng.multinomial(len(values), counts / len(values), size=DRAWS) @ distinct / len(values)
    low, high = np.percentile(means, [2.5, 97.5])
    return low, high


def coverage(a: float, b: float, n: int, k: int, problems: int) -> Coverage:
    """Return the coverage of both intervals over many runs, the same in every call."""
    rng = np.random.default_rng(0)
    truth, value_of = truth_of(a, b, k), np.array([pass_at_k(n, c, k) for c in range(n + 1)])
    ours = theirs = 0
    for _ in range(RUNS):
        values = value_of[rng.binomial(n, rng.beta(a, b, size=problems))]
        low, high = mean_interval(values.tolist(), problems * (n // k))
        ours += low <= truth <= high
        low, high = bootstrap(values, rng)
        theirs += low <= truth <= high
    return Coverage(ours / RUNS, theirs / RUNS)


def rows() -> Iterator[tuple[str, list[Coverage]]]:
    """Yield the name of each setting with its coverage for every number of problems."""
    for a, b in CHANCES:
        for n, k in TRIES:
            name = f"beta({a:g}, {b:g}), n = {n}, pass@{k} = {100 * truth_of(a, b, k):.1f}"
            yield name, [coverage(a, b, n, k, problems) for problems in PROBLEMS]


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
        kept = kept and all(PROMISED[0] <= share <= PROMISED[1] for share in found)
    return kept


def main() -> int:
    """Print the tables; fail where pass@1 at 500 problems, or a difference, is not covered as promised."""
    print("| percent covered, ours / bootstrap | " + " | ".join(f"{problems} problems" for problems in PROBLEMS) + " |")
    print("|" + "---|" * (len(PROBLEMS) + 1))
    kept = True
    for name, found in rows():
        cells = " | ".join(f"{100 * both.ours:.1f} / {100 * both.bootstrap:.1f}" for both in found)
        print(f"| {name} | {cells} |", flush=True)
        if "n = 10, pass@1 " in name:
            kept = kept and PROMISED[0] <= found[PROBLEMS.index(500)].ours <= PROMISED[1]
    kept = differences() and kept
    print(f"\n500 problems, pass@1 of n = 10 and differences: 94-96 % {'kept' if kept else 'MISSED'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
