"""All references are accepted, three runs in a row: MBPP, HumanEval, and both of EvalPlus in each version and form."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path

from mbpp_samples import CORES, DATA, FULL, PLUS, SANITIZED, skip_without_data

from harness.benchmarks.benchmark import Benchmark
from harness.benchmarks.humaneval import humaneval
from harness.benchmarks.humaneval_plus import humaneval_plus
from harness.benchmarks.mbpp import mbpp
from harness.benchmarks.mbpp_plus import mbpp_plus
from harness.benchmarks.problem_info import prepare_problems
from harness.runs.records import Problem
from sandbox.jail import Jail, probe
from sandbox.pool import Case, judge_all
from sandbox.records import Verdict

EVALPLUS = DATA.parent / "data2" / "evalplus"
EXPECTED = {
    FULL: (mbpp, 974),
    SANITIZED: (mbpp, 427),
    DATA / "HumanEval.jsonl.gz": (humaneval, 164),
    PLUS: (mbpp_plus, 399),
    EVALPLUS / "mbppplus_v0.2.0.jsonl.gz": (mbpp_plus, 378),
    EVALPLUS / "mbppplus_v0.2.0_originfmt.jsonl.gz": (mbpp_plus, 378),
    EVALPLUS / "humanevalplus_v0.1.10.jsonl.gz": (humaneval_plus, 164),
    EVALPLUS / "humanevalplus_v0.1.10_originfmt.jsonl.gz": (humaneval_plus, 164),
    EVALPLUS / "humanevalplus_v0.1.10_mini.jsonl.gz": (humaneval_plus, 164),
}
RUNS = 3


def main() -> int:
    """Judge every reference and print what was not accepted."""
    skip_without_data(*EXPECTED)
    print(f"isolation: {', '.join(f'{layer} {how}' for layer, how in probe(Jail()).layers.items())}")
    complete = [
        accepts_all(benchmark, path, f"run {run}", expected)
        for run in range(1, RUNS + 1)
        for path, (benchmark, expected) in EXPECTED.items()
    ]
    return 0 if all(complete) else 1


def accepts_all(benchmark: Benchmark, path: Path, run: str, expected: int) -> bool:
    """Judge the references of a file and say how many of them were accepted."""
    problems = benchmark.problems(path)
    prepare_problems(problems, problems)
    started_s = time.monotonic()
    accepted = judge_references(problems)
    seconds = time.monotonic() - started_s
    print(f"{run}, {path.name}: {accepted} of {expected} references accepted in {seconds:.1f} s", flush=True)
    return accepted == expected


def judge_references(problems: Mapping[str, Problem]) -> int:
    """Return how many references were accepted; print the others."""
    cases = (Case(program=it.reference, tests=it.tests, limits=it.limits) for it in problems.values())
    accepted = 0
    for task_id, judgement in zip(problems, judge_all(cases, Jail(), CORES), strict=True):
        accepted += judgement.verdict is Verdict.ACCEPTED
        if judgement.verdict is not Verdict.ACCEPTED:
            print(f"  task {task_id}: {judgement.verdict}: {judgement.detail}")
    return accepted


if __name__ == "__main__":
    sys.exit(main())
