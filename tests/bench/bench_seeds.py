"""How often "the methods differ" is wrong, and what is found, where trainings with other seeds differ by themselves.

Each world has 500 problems with chances to be solved from a beta distribution. A seed of a method shifts all chances of
its checkpoint, most where they are neither 0 nor 1, by an amount with mean 0; ten samples of each problem are drawn.
Two methods are the same but for a difference, 0 for false alarms. Tested are three seeds against three, on seeds, as
`proctor compare` does; and one against one, as if it said something about the methods. These are the tables of
docs/statistics.md. At last, the CPU time of a comparison of the size of APPS+.
"""

import sys
import time
from fractions import Fraction
from typing import NamedTuple

import msgspec
import numpy as np
from bench_gate import result_of

from harness.runs.records import Score
from leaderboards.compare import compare
from leaderboards.paired import p_value
from leaderboards.seeds import seed_difference, seed_interval

WORLDS = 2000
PAIRS = 500
PROBLEMS = 500
SAMPLES = 10
SEEDS = 3
SEED_SDS = (0.0, 0.005, 0.01, 0.016, 0.03)
SHAPES = ((0.5, 0.5), (0.5, 1.5), (2.0, 2.0))
DIFFERENCE = 0.04
ALPHA = 0.05
FALSE_ALARMS = (0.03, 0.07)
LARGEST = 2572
SECONDS = 1.0


class SeedRates(NamedTuple):
    """Shares of worlds."""

    alarms: float
    """In which three seeds a side differ, though the methods don't."""
    single: float
    """In which one seed a side differs, though the methods don't."""
    covered: float
    """In which the interval of a difference of 4 points holds it."""
    found: float
    """In which a difference of 4 points is found."""
    score_covered: float
    """In which the interval of one method's score holds the mean over seeds and problems."""


def drawn(chances: np.ndarray, seeds: int, seed_sd: float, shift: float, rng: np.random.Generator) -> np.ndarray:
    """Return the share of accepted samples for each seed and problem."""
    room = chances * (1 - chances)
    shifts = shift + seed_sd * rng.standard_normal(seeds)
    moved = np.clip(chances + shifts[:, None] * room / room.mean(), 0, 1)
    return rng.binomial(SAMPLES, moved) / SAMPLES


def rates(shape: tuple[float, float], seed_sd: float, worlds: int = WORLDS, pairs: int = PAIRS) -> SeedRates:
    """Return the rates over many worlds, the same in every call."""
    rng = np.random.default_rng(20240607)
    alarms = single = covered = found = score_covered = 0
    truth = shape[0] / sum(shape)
    for world in range(worlds):
        chances = rng.beta(*shape, size=PROBLEMS)
        a, b, better = (drawn(chances, SEEDS, seed_sd, shift, rng) for shift in (0.0, 0.0, DIFFERENCE))
        alarms += seed_difference(a, b).p < ALPHA
        really = seed_difference(a, better)
        covered += really.low <= DIFFERENCE <= really.high
        found += really.p < ALPHA
        low, high = seed_interval(a, trials=SEEDS * PROBLEMS * SAMPLES)
        score_covered += low <= truth <= high
        if world < pairs:
            tenths = np.rint((b[0] - a[0]) * SAMPLES).astype(int).tolist()
            single += p_value([Fraction(change, SAMPLES) for change in tenths]) < ALPHA
    return SeedRates(alarms / worlds, single / pairs, covered / worlds, found / worlds, score_covered / worlds)


def seconds_of_a_comparison() -> float:
    """Return the CPU seconds of a comparison at the size of APPS+: 2,572 problems, n = 10, pass@1 and pass@10."""
    rng = np.random.default_rng(0)
    chances = rng.beta(0.5, 0.5, size=LARGEST)
    scores = tuple(
        Score(difficulty="all", kind="all", k=k, value=0.0, low=0.0, high=1.0, problems=LARGEST) for k in (1, 10)
    )
    a, b = (
        msgspec.structs.replace(result_of(rng.binomial(SAMPLES, chances), SAMPLES), scores=scores) for _ in range(2)
    )
    started = time.process_time()
    compare(a, b)
    return time.process_time() - started


def main() -> int:
    """Print the table; fail where a promise is not kept."""
    print(f"| percent of {WORLDS} worlds | false alarms, {SEEDS} + {SEEDS} seeds | false alarms, 1 + 1 ", end="")
    print("| 4 points: covered | 4 points: found | score covered |")
    print("|---|---|---|---|---|---|")
    kept = True
    for shape in SHAPES:
        for seed_sd in SEED_SDS:
            found = rates(shape, seed_sd)
            cells = " | ".join(f"{100 * share:.1f}" for share in found)
            print(f"| beta({shape[0]:g}, {shape[1]:g}), seed sd {100 * seed_sd:g} points | {cells} |", flush=True)
            kept = kept and FALSE_ALARMS[0] <= found.alarms <= FALSE_ALARMS[1]
    seconds = seconds_of_a_comparison()
    print(f"\nfalse alarms 3-7 % with {SEEDS} + {SEEDS} seeds: {'kept' if kept else 'MISSED'}")
    print(f"a comparison of {LARGEST} problems, n = {SAMPLES}: {seconds:.2f} s of CPU")
    return 0 if kept and seconds < SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
