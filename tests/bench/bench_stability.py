"""Verdicts don't move: mbpp_n10 judged with 1, 2 and 8 workers, and with 2 workers beside 8 busy loops.

Every test is judged. Not one verdict, of a program or of a test, may differ from the run with 1 worker. Texts that
explain a failure (expected, actual, detail) are compared as well and only reported.
"""

import argparse
import sys
import time
from collections.abc import Sequence

from busy_loops import busy_loops
from mbpp_samples import COMPLETIONS, SANITIZED, Recorded, cases, recorded_samples, skip_without_data

from sandbox.jail import Jail
from sandbox.judgement import Judgement
from sandbox.pool import judge_all

RUNS = ((1, 0), (2, 0), (8, 0), (2, 8))
"""Workers, and busy loops beside them."""
SHOWN = 5


def main() -> int:
    """Judge the completions under every load and compare with the first run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=1, metavar="N", help="judge every Nth sample only (default: 1)")
    every = parser.parse_args().samples
    skip_without_data(SANITIZED, COMPLETIONS)
    recorded = recorded_samples(every)
    runs = {load: judge(recorded, *load) for load in RUNS}
    first = runs[RUNS[0]]
    moved = sum(compare(recorded, first, runs[load], *load) for load in RUNS[1:])
    print(f"{len(recorded)} samples, {sum(len(found.per_test) for found in first)} tests: {moved} verdicts moved")
    return 0 if moved == 0 else 1


def judge(recorded: Sequence[Recorded], workers: int, loops: int) -> list[Judgement]:
    """Judge all samples under one load."""
    started_s = time.monotonic()
    with busy_loops(loops):
        judgements = list(judge_all(cases(recorded, exhaustive=True), Jail(), workers))
    print(f"{workers} workers beside {loops} busy loops: {time.monotonic() - started_s:.1f} s")
    return judgements


def compare(
    recorded: Sequence[Recorded], first: Sequence[Judgement], other: Sequence[Judgement], workers: int, loops: int
) -> int:
    """Print what differs between two runs; return how many programs have a verdict that moved."""
    pairs = list(zip(recorded, first, other, strict=True))
    moved = [pair for pair in pairs if verdicts(pair[1]) != verdicts(pair[2])]
    reworded = [pair for pair in pairs if texts(pair[1]) != texts(pair[2])]
    print(
        f"{workers} workers beside {loops} busy loops: {len(moved)} programs with a verdict that moved, "
        f"{len(reworded)} with other texts"
    )
    for (sample, *_), one, two in moved:
        print(f"  MOVED task {sample.task_id}, {sample.policy} {sample.index}: {verdicts(one)} -> {verdicts(two)}")
    for (sample, *_), one, two in reworded[:SHOWN]:
        print(f"  reworded task {sample.task_id}, {sample.policy} {sample.index}: {texts(one)} -> {texts(two)}")
    return len(moved)


def verdicts(judgement: Judgement) -> list[str]:
    """Return the verdict on the program, then on each test."""
    return [judgement.verdict, *(outcome.verdict for outcome in judgement.per_test)]


def texts(judgement: Judgement) -> list[str]:
    """Return all that is said of failures."""
    told = [text for outcome in judgement.per_test for text in (outcome.detail, outcome.expected, outcome.actual)]
    return [judgement.detail, *told]


if __name__ == "__main__":
    sys.exit(main())
