"""Our verdicts agree with the recorded ones on references and real completions of APPS, HumanEval and MBPP+.

References: 164 of HumanEval, 399 of MBPP+, 45 of apps_sample, 546 of apps_rewritten_call. Completions: o3 and o4-mini
on apps_rewritten_call, CodeRL on apps_sample, MapCoder's on apps_sample both by standard input (where they were asked
to read it) and by calls, CodeGen-16B on HumanEval (20 a task, or all 100). Every disagreement is listed with its
reason, or as unexplained; none may be unexplained. LiveCodeBench's programs are those that its own judge accepted: by
the public tests, which are at hand, they must be accepted too.
"""

import argparse
import gzip
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from mbpp_samples import CORES, DATA, skip_without_data

from harness.benchmarks.apps import apps_plus
from harness.benchmarks.humaneval import humaneval
from harness.benchmarks.livecodebench import livecodebench
from harness.benchmarks.mbpp_plus import mbpp_plus
from harness.benchmarks.problem_info import prepare_problems
from harness.benchmarks.starter_code import complete_program
from harness.benchmarks.time_limits import calibrated_limits
from harness.extraction.program import prelude_of
from harness.runs.records import Problem
from sandbox.jail import Jail
from sandbox.judge import Judge
from sandbox.pool import Case, judge_all
from sandbox.records import Judgement, StdioTest, Verdict

SAMPLE, REWRITTEN = DATA / "apps_sample.jsonl.gz", DATA / "apps_rewritten_call.jsonl.gz"
HUMANEVAL, MBPP_PLUS = DATA / "HumanEval.jsonl.gz", DATA / "mbpp_plus.jsonl.gz"
COMPLETIONS = DATA / "completions"
LIVECODEBENCH = DATA.parent / "data2" / "livecodebench"
RELEASE_V1 = LIVECODEBENCH / "lcb_release_v1_public_only.jsonl.gz"
SHADOWED_POW = (
    "ours is right: the recorded runner put `from math import *` before the program, and math.pow takes no modulus"
)
TEXT_KEYS = "ours is right: the answer has integer keys, of which JSON made texts in the data"
SHORT_LIMIT = (
    "ours is right: each test is within 4 s of CPU time; the recorded runner's limit, from 2 s on, was shorter"
)
SHALLOW = "ours is right: as deep as plain Python recurses; the recorded runner presumably stood on frames of its own"
ABSENT_PACKAGE = "the examined interpreter lacks a package that the recorded runner's had"
REASONS = {
    ("apps-rw-train_3955", "wrong"): TEXT_KEYS,
    ("apps-train-2183", "timeout"): SHORT_LIMIT,
    ("apps-train-3856", "timeout"): SHORT_LIMIT,
    ("apps-train-2771", "error:RecursionError"): SHALLOW,
}
"""(task id, recorded outcome of a program that we accept) -> why."""


class Recorded(NamedTuple):
    """A program, who wrote it, what it is put to, and what was recorded of it."""

    problem: Problem
    author: str
    program: str
    passed: bool
    outcome: str


def main() -> int:
    """Judge everything and print the shares of agreement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=5, metavar="N", help="every Nth of CodeGen's samples (default: 5)")
    every = parser.parse_args().every
    skip_without_data(SAMPLE, REWRITTEN, HUMANEVAL, MBPP_PLUS, COMPLETIONS, RELEASE_V1)
    recorded: dict[str, Callable[[], Iterator[Recorded]]] = {
        "references of HumanEval": lambda: references(humaneval.problems(HUMANEVAL)),
        "references of MBPP+": lambda: references(mbpp_plus.problems(MBPP_PLUS)),
        "references of apps_sample": lambda: references(apps_plus.problems(SAMPLE)),
        "references of apps_rewritten_call": rewritten_references,
        "o3 and o4-mini on apps_rewritten_call": lambda: completions("apps_rewritten_o3_o4mini", REWRITTEN),
        "CodeRL on apps_sample": lambda: completions("apps_coderl_gen", SAMPLE),
        "MapCoder on apps_sample, by calls": mapcoder_by_calls,
        "MapCoder on apps_sample, by standard input": mapcoder_by_stdin,
        "CodeGen-16B on HumanEval": lambda: codegen(every),
        "o1-mini on LiveCodeBench": lambda: graded("o1-mini_n1_eval_all.json"),
        "o1-preview on LiveCodeBench": lambda: graded("o1-preview_n1_eval_all.json.gz"),
        "Qwen2.5-7B on LiveCodeBench": lambda: graded("qwen2.5-7b-ins_n1_eval_all.json.gz"),
    }
    unexplained = [agreement(name, list(samples())) for name, samples in recorded.items()]
    return 1 if any(unexplained) else 0


def rows(name: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file of completions."""
    with gzip.open(COMPLETIONS / f"{name}.jsonl.gz") as file:
        yield from map(json.loads, file)


def references(problems: Mapping[str, Problem]) -> Iterator[Recorded]:
    """Yield the references that there are; they are known to pass."""
    prepare_problems(problems, problems)
    for problem in problems.values():
        if problem.reference:
            yield Recorded(problem, "reference", problem.reference, passed=True, outcome="passed")


def rewritten_references() -> Iterator[Recorded]:
    """Yield the references that a model rewrote as functions; 25 of them are known to fail."""
    with gzip.open(REWRITTEN) as file:
        outcomes = {row["problem_id"]: row for row in map(json.loads, file)}
    for recorded in references(apps_plus.problems(REWRITTEN)):
        row = outcomes[recorded.problem.task_id]
        yield recorded._replace(passed=row["canonical_verified"], outcome=row["canonical_outcome"])


def completions(name: str, data: Any) -> Iterator[Recorded]:
    """Yield completions of problems as the benchmark has them."""
    problems = apps_plus.problems(data)
    for row in rows(name):
        problem = problems[row["problem_id"]]
        yield Recorded(problem, row["model"], row["program"], passed=row["passed"], outcome=row["outcome"])


def mapcoder_by_calls() -> Iterator[Recorded]:
    """Yield the completions of call-based problems that have arguments."""
    problems = apps_plus.problems(SAMPLE)
    for row in by_problem(rows("apps_mapcoder")):
        if row["passed_call"] is not None and row["problem_id"] in problems:
            problem = problems[row["problem_id"]]
            yield Recorded(problem, row["model"], row["program"], row["passed_call"], row["outcome_call"])


def mapcoder_by_stdin() -> Iterator[Recorded]:
    """Yield all of them, put to the tests on standard input that the arguments were taken from."""
    with gzip.open(SAMPLE) as file:
        flat = {row["problem_id"]: row["tests_flat"] for row in map(json.loads, file) if row.get("tests_flat")}
    problems = {task_id: stdio_problem(task_id, tests) for task_id, tests in flat.items()}
    for row in by_problem(rows("apps_mapcoder")):
        problem = problems[row["problem_id"]]
        yield Recorded(problem, row["model"], row["program"], row["passed_stdin"], row["outcome_stdin"])


def by_problem(found: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with those of a problem one after the other, as the judge likes them."""
    return sorted(found, key=lambda row: row["problem_id"])


def stdio_problem(task_id: str, flat: list[dict[str, Any]]) -> Problem:
    """Return a problem on standard input: the input's text in, the text of the one answer out."""
    tests = tuple(StdioTest(stdin=test["input"], expected_stdout=str(test["output"][0])) for test in flat)
    return Problem(task_id=task_id, benchmark="apps-plus", split="test", statement="", tests=tests)


def codegen(every: int) -> Iterator[Recorded]:
    """Yield every nth body that CodeGen-16B wrote, after its prompt."""
    problems = humaneval.problems(HUMANEVAL)
    for row in rows("humaneval_codegen16b_n100"):
        if row["sample_id"] % every == 0:
            problem = problems[row["task_id"]]
            program = problem.starter_code + row["completion"]
            yield Recorded(problem, f"sample {row['sample_id']}", program, row["passed"], row["outcome"])


def graded(name: str) -> Iterator[Recorded]:
    """Yield the programs of an output file of LiveCodeBench that its own judge accepted, under four times the limit."""
    problems = livecodebench.problems(RELEASE_V1)
    path = LIVECODEBENCH / "outputs" / name
    with gzip.open(path) if path.suffix == ".gz" else path.open() as file:
        found = json.load(file)
    for row in found:
        if row["question_id"] in problems:
            problem = problems[row["question_id"]]
            wide = msgspec.structs.replace(problem, limits=calibrated_limits(problem.limits, 4 * problem.limits.cpu_s))
            for program, is_right in zip(row["code_list"], row["graded_list"], strict=True):
                if is_right:
                    yield Recorded(wide, name.partition("_")[0], program, passed=True, outcome="passed")


def agreement(name: str, recorded: list[Recorded]) -> int:
    """Judge, print the share of agreement and every disagreement; return how many of these are unexplained."""
    started_s = time.monotonic()
    judgements = judge_all(map(case, recorded), Jail(), CORES)
    disagreeing = [
        (sample, judgement)
        for sample, judgement in zip(recorded, judgements, strict=True)
        if sample.passed is not (judgement.verdict is Verdict.ACCEPTED)
    ]
    share = 1 - len(disagreeing) / len(recorded)
    seconds = time.monotonic() - started_s
    print(f"{name}: {len(recorded)} judged in {seconds:.1f} s, {share:.3%} agree, {len(disagreeing)} disagree")
    reasons = [reason(sample, judgement) for sample, judgement in disagreeing]
    for (sample, judgement), why in zip(disagreeing, reasons, strict=True):
        ours = f"{judgement.verdict} {judgement.detail}".rstrip()
        told = f"recorded {sample.outcome}, ours {ours} | {why or 'UNEXPLAINED'}"
        print(f"  {sample.problem.task_id}, {sample.author}: {told}", flush=True)
    return reasons.count(None)


def case(sample: Recorded) -> Case:
    """Return what the judge takes."""
    program = complete_program(sample.program, sample.problem)
    prelude = prelude_of(program, sample.problem)
    return Case(program=program, tests=sample.problem.tests, limits=sample.problem.limits, prelude=prelude)


def reason(sample: Recorded, judgement: Judgement) -> str | None:
    """Return why the two differ, where we know."""
    if judgement.verdict is not Verdict.ACCEPTED:
        return ABSENT_PACKAGE if judgement.detail.startswith("ModuleNotFoundError: ") else None
    known = REASONS.get((sample.problem.task_id, sample.outcome))
    return known or (SHADOWED_POW if fails_with_pow_shadowed(sample) else None)


def fails_with_pow_shadowed(sample: Recorded) -> bool:
    """Repeat what the recorded runner did, if the program calls `pow`."""
    if "pow(" not in sample.program:
        return False
    shadowed = msgspec.structs.replace(case(sample), program=f"from math import *\n{sample.program}")
    with Judge(Jail()) as judge:
        judgement = judge.judge(shadowed.program, shadowed.tests, shadowed.limits)
    kind = sample.outcome.removeprefix("error:")
    return judgement.verdict is Verdict.RUNTIME_ERROR and judgement.detail.startswith(kind)


if __name__ == "__main__":
    sys.exit(main())
