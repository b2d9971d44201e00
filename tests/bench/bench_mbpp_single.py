"""Our verdicts agree with the recorded outcomes of the 2,631 completions of mbpp_single on at least 99.5 %.

Nine models and methods, one sample a task: 1,047 are put to MBPP's own tests, the others to tests that their source
embeds, after the imports that it puts before every program. Every disagreement is listed with its reason, or as
unexplained.
"""

import sys
import time
from collections.abc import Mapping

import msgspec
from bench_agreement import listed
from mbpp_samples import CORES, DATA, FULL, Outcome, Recorded, problems, skip_without_data

from harness.extraction.program import SETTINGS, program_of
from harness.runs.jsonl import read_rows
from harness.runs.records import Problem, Sample
from sandbox.jail import Jail
from sandbox.pool import Case, judge_all
from sandbox.records import AssertTest, Verdict

SINGLE = DATA / "completions" / "mbpp_single.jsonl.gz"
PRELUDE = "from typing import *\nimport math, itertools, re, typing, heapq\nfrom heapq import *\n"
FLOOR = 0.995


class Row(Outcome, frozen=True, kw_only=True):
    """A completion with what was recorded of it; `test` defines a function `check` and calls it."""

    completion: str
    test: str = ""


def recorded(row: Row, known: Mapping[str, Problem]) -> tuple[Recorded, Case]:
    """Return a completion as the data has it, and what the judge takes."""
    task_id = str(row.task_id)
    problem, before = known[task_id], ""
    if row.test:
        entry_point = row.test.partition("    check(")[2].partition(")")[0]
        test = AssertTest(code=row.test, setup=PRELUDE, names=(entry_point,))
        problem, before = msgspec.structs.replace(problem, tests=(test,)), PRELUDE
    sample = Sample(policy=row.model, task_id=task_id, index=row.sample_id, completion=before + row.completion)
    program = program_of(sample, problem, SETTINGS[0]).program
    return Recorded(sample, problem, row.passed, row.outcome), Case(
        program=program, tests=problem.tests, limits=problem.limits
    )


def main() -> int:
    """Judge every completion, list the disagreements and print the share of agreement."""
    skip_without_data(FULL, SINGLE)
    known = problems(FULL)
    found = [recorded(row, known) for _, row in read_rows(SINGLE, Row)]
    started_s = time.monotonic()
    judgements = list(judge_all((case for _, case in found), Jail(), CORES))
    seconds = time.monotonic() - started_s
    disagreeing = [
        (row, judgement)
        for (row, _), judgement in zip(found, judgements, strict=True)
        if row.passed is not (judgement.verdict is Verdict.ACCEPTED)
    ]
    for row, judgement in disagreeing:
        print(listed(row, judgement))
    agreement = 1 - len(disagreeing) / len(found)
    print(
        f"{len(found)} samples in {seconds:.1f} s on {CORES} workers: {agreement:.3%} agree (at least {FLOOR:.1%}), "
        f"{len(disagreeing)} disagree"
    )
    return 0 if agreement >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
