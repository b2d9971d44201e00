"""All 974 references of MBPP and all 427 of its sanitized half are accepted, fully isolated, three runs in a row."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mbpp_samples import CORES, FULL, SANITIZED, problems, skip_without_data

from harness.runs.records import Problem
from sandbox.jail import Jail, probe
from sandbox.pool import Case, judge_all
from sandbox.records import Verdict

EXPECTED = {FULL: 974, SANITIZED: 427}
RUNS = 3


def main() -> int:
    """Judge every reference and print what was not accepted."""
    skip_without_data(*EXPECTED)
    print(f"isolation: {', '.join(f'{layer} {how}' for layer, how in probe(Jail()).layers.items())}")
    complete = [accepts_all(path, run) for run in range(1, RUNS + 1) for path in EXPECTED]
    return 0 if all(complete) else 1


def accepts_all(path: Path, run: int) -> bool:
    """Judge the references of one file and say how many of them were accepted."""
    chosen = list(problems(path).values())
    started_s = time.monotonic()
    accepted = judge_references(chosen)
    seconds = time.monotonic() - started_s
    print(f"run {run}, {path.name}: {accepted} of {EXPECTED[path]} references accepted in {seconds:.1f} s")
    return accepted == len(chosen) == EXPECTED[path]


def judge_references(chosen: Sequence[Problem]) -> int:
    """Return how many references were accepted; print the others."""
    cases = (Case(program=problem.reference, tests=problem.tests, limits=problem.limits) for problem in chosen)
    accepted = 0
    for problem, judgement in zip(chosen, judge_all(cases, Jail(), CORES), strict=True):
        accepted += judgement.verdict is Verdict.ACCEPTED
        if judgement.verdict is not Verdict.ACCEPTED:
            print(f"  task {problem.task_id}: {judgement.verdict}: {judgement.detail}")
    return accepted


if __name__ == "__main__":
    sys.exit(main())
