"""All references are accepted, three runs in a row: MBPP's 974, its 427, HumanEval's 164, MBPP+'s 399."""

import sys
import time
from collections.abc import Sequence

from mbpp_samples import CORES, DATA, FULL, PLUS, SANITIZED, skip_without_data

from harness.benchmarks.humaneval import humaneval
from harness.benchmarks.mbpp import mbpp
from harness.benchmarks.mbpp_plus import mbpp_plus
from harness.runs.records import Problem
from sandbox.jail import Jail, probe
from sandbox.pool import Case, judge_all
from sandbox.records import Verdict

EXPECTED = {
    FULL: (mbpp, 974),
    SANITIZED: (mbpp, 427),
    DATA / "HumanEval.jsonl.gz": (humaneval, 164),
    PLUS: (mbpp_plus, 399),
}
RUNS = 3


def main() -> int:
    """Judge every reference and print what was not accepted."""
    skip_without_data(*EXPECTED)
    print(f"isolation: {', '.join(f'{layer} {how}' for layer, how in probe(Jail()).layers.items())}")
    known = {path: tuple(benchmark.problems(path).values()) for path, (benchmark, _) in EXPECTED.items()}
    complete = [
        accepts_all(chosen, f"run {run}, {path.name}", EXPECTED[path][1])
        for run in range(1, RUNS + 1)
        for path, chosen in known.items()
    ]
    return 0 if all(complete) else 1


def accepts_all(chosen: Sequence[Problem], name: str, expected: int) -> bool:
    """Judge the references of some problems and say how many of them were accepted."""
    started_s = time.monotonic()
    accepted = judge_references([problem for problem in chosen if problem.reference])
    seconds = time.monotonic() - started_s
    print(f"{name}: {accepted} of {expected} references accepted in {seconds:.1f} s", flush=True)
    return accepted == expected


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
