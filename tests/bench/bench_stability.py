"""Verdicts don't move: 1,000 MBPP samples and long tests, with 1, 2 and 8 workers, alone and beside 8 busy loops.

The samples are spread over mbpp_n10, and every test is judged. The long tests do the work themselves, or ask an idle
program for it 40,000 times. Not one verdict, of a program or of a test, may differ from the run with 1 worker alone.
Texts that explain a failure (expected, actual, detail) are compared as well and only reported.
"""

import argparse
import sys
import time
from collections.abc import Sequence

from busy_loops import busy_loops
from mbpp_samples import COMPLETIONS, SANITIZED, cases, recorded_samples, skip_without_data

from sandbox.jail import Jail
from sandbox.pool import Case, judge_all
from sandbox.records import AssertTest, Judgement, Limits

RUNS = ((1, 0), (2, 0), (8, 0), (1, 8), (2, 8), (8, 8))
"""Workers, and busy loops beside them."""
SHOWN = 5
LONG = {
    "adds 90 million numbers in the test": "n = 0\nfor i in range(90_000_000): n += i\nassert f(1) == 1",
    "asks for 40,000 calls in one test": "assert sum(f(i) for i in range(40_000)) == 799_980_000",
}
IDLE = "def f(x):\n    return x\n"
COPIES = 4
"""So many of each long test: some are judged at the same time."""


def main() -> int:
    """Judge everything under every load and compare with the first run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=1000, metavar="N", help="so many samples (default: 1000)")
    count = parser.parse_args().samples
    skip_without_data(SANITIZED, COMPLETIONS)
    named = [*long_cases(), *sample_cases(count)]
    runs = {load: judge([case for _, case in named], *load) for load in RUNS}
    first = runs[RUNS[0]]
    names = [name for name, _ in named]
    refused = [name for name, judgement in zip(names, first, strict=True) if name in LONG and judgement.detail]
    print(f"long tests that fail alone: {', '.join(refused) or 'none'}")
    moved = sum(compare(names, first, runs[load], *load) for load in RUNS[1:])
    print(f"{len(named)} programs, {sum(len(found.per_test) for found in first)} tests: {moved} verdicts moved")
    return 0 if moved == 0 and not refused else 1


def long_cases() -> list[tuple[str, Case]]:
    """Return tests that take long although the program is idle."""
    limits = Limits()
    return [
        (name, Case(program=IDLE, tests=(AssertTest(code=code, names=("f",)),), limits=limits))
        for name, code in LONG.items()
        for _ in range(COPIES)
    ]


def sample_cases(count: int) -> list[tuple[str, Case]]:
    """Return so many samples, spread over the file."""
    recorded = recorded_samples()
    recorded = recorded[:: max(1, len(recorded) // count)][:count]
    names = [f"task {sample.task_id}, {sample.policy} {sample.index}" for sample, *_ in recorded]
    return list(zip(names, cases(recorded, exhaustive=True), strict=True))


def judge(judged: Sequence[Case], workers: int, loops: int) -> list[Judgement]:
    """Judge all programs under one load."""
    started_s = time.monotonic()
    with busy_loops(loops):
        judgements = list(judge_all(judged, Jail(), workers))
    print(f"{workers} workers beside {loops} busy loops: {time.monotonic() - started_s:.1f} s", flush=True)
    return judgements


def compare(
    names: Sequence[str], first: Sequence[Judgement], other: Sequence[Judgement], workers: int, loops: int
) -> int:
    """Print what differs between two runs; return how many programs have a verdict that moved."""
    pairs = list(zip(names, first, other, strict=True))
    moved = [pair for pair in pairs if verdicts(pair[1]) != verdicts(pair[2])]
    reworded = [pair for pair in pairs if texts(pair[1]) != texts(pair[2])]
    print(
        f"{workers} workers beside {loops} busy loops: {len(moved)} programs with a verdict that moved, "
        f"{len(reworded)} with other texts"
    )
    for name, one, two in moved:
        print(f"  MOVED {name}: {verdicts(one)} -> {verdicts(two)}")
    for name, one, two in reworded[:SHOWN]:
        print(f"  reworded {name}: {texts(one)} -> {texts(two)}")
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
