"""Extraction costs no agreement: programs from real completions, before and after, against what was recorded of them.

    python tests/bench/bench_extraction.py [--before CHECKOUT] [--setting SETTING] [--every N]

With `--before`, another checkout of the project extracts, too. Of each set are printed the number of samples, how many
have a program, the agreement with recorded verdicts (or, of sets without tests, with the program that their own harness
extracted), before and after, and every sample whose program changed. Agreement must not be lower.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench_benchmarks import HUMANEVAL, REWRITTEN, SAMPLE, Recorded, completions, mapcoder_by_calls, mapcoder_by_stdin
from bench_mbpp_single import SINGLE, Row, recorded
from mbpp_samples import CORES, DATA, FULL, problems, recorded_samples, skip_without_data

from harness.benchmarks.humaneval import humaneval
from harness.benchmarks.starter_code import signature_of
from harness.extraction.program import SETTINGS, program_of
from harness.runs.jsonl import read_rows
from harness.runs.records import Problem, Sample
from sandbox.jail import Jail
from sandbox.pool import Case, judge_all
from sandbox.records import StdioTest, Verdict

MORE = DATA.parent / "data2"
SHOWN = 400
"""Characters of a completion whose program changed."""


class Completion(NamedTuple):
    """A completion, its problem, and what others made of it."""

    name: str
    text: str
    problem: Problem
    passed: bool | None = None
    """The recorded verdict; None where there is none."""
    program: str | None = None
    """What another harness extracted; None where the problem has tests."""
    prompt: str = ""


class Extracted(NamedTuple):
    """A program and the rule that found it."""

    rule: str
    program: str


def opened(path: Path) -> Any:
    """Return the JSON of a file."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return json.loads(data)


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a JSON Lines file."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        yield from map(json.loads, file)


def of_benchmarks(found: Iterator[Recorded]) -> Iterator[Completion]:
    """Yield completions that the bench of the benchmarks judges."""
    for place, (problem, author, program, passed, _) in enumerate(found):
        yield Completion(f"{problem.task_id} {author} {place}", program, problem, passed)


def mbpp_ten() -> Iterator[Completion]:
    """Yield the completions of mbpp_n10."""
    for sample, problem, passed, _ in recorded_samples():
        yield Completion(f"{sample.task_id} {sample.policy} {sample.index}", sample.completion, problem, passed)


def mbpp_single() -> Iterator[Completion]:
    """Yield the completions of mbpp_single."""
    known = problems(FULL)
    for place, row in read_rows(SINGLE, Row):
        (sample, problem, passed, _), _case = recorded(row, known)
        yield Completion(f"{row.task_id} {row.model} {place}", sample.completion, problem, passed)


def codegen(every: int) -> Iterator[Completion]:
    """Yield every nth body of a problem by CodeGen."""
    known = humaneval.problems(HUMANEVAL)
    for row in rows(DATA / "completions" / "humaneval_codegen16b_n100.jsonl.gz"):
        if row["sample_id"] % every == 0:
            name = f"{row['task_id']} {row['sample_id']}"
            yield Completion(name, row["completion"], known[row["task_id"]], row["passed"])


def without_tests(name: str, starter_code: str = "") -> Problem:
    """Return a problem that is never judged here."""
    signature = signature_of(starter_code) if starter_code else None
    return Problem(
        task_id=name, benchmark="", split="test", statement="", entry_point=signature.name if signature else "",
        tests=(StdioTest(stdin="", expected_stdout=""),),
    )  # fmt: skip


def codenet_repairs() -> Iterator[Completion]:
    """Yield repairs of CodeNet's programs, which are programs."""
    for place, row in enumerate(rows(DATA / "completions" / "codenet_llm_repairs.jsonl.gz")):
        text = row["program"]
        yield Completion(f"{row['problem_id']} {place}", text, without_tests("1"), row["passed"], text)


def qwen_chat() -> Iterator[Completion]:
    """Yield answers of a chat model to HumanEval, with the verdicts of what its authors made of them."""
    known, folder = humaneval.problems(HUMANEVAL), MORE / "humaneval_runs"
    verdicts = {row["sample_id"]: row for row in rows(folder / "qwen_chat_postprocessed_n5.jsonl_results.jsonl.gz")}
    for row in rows(folder / "qwen_chat_raw_n5.jsonl.gz"):
        passed = verdicts[row["sample_id"]]["passed"]
        yield Completion(row["sample_id"], row["completion"], known[row["task_id"]], passed, prompt=row["prompt"])


def lm_eval(run: str) -> Iterator[Completion]:
    """Yield bodies that lm-evaluation-harness recorded."""
    known = humaneval.problems(HUMANEVAL)
    for path in sorted((MORE / "lm_eval" / run).glob("samples_*.jsonl")):
        for row in rows(path):
            task_id = row["doc"]["task_id"]
            yield Completion(task_id, row["resps"][0][0], known[task_id], row["pass@1"] == 1)


def qwen_mbpp(name: str) -> Iterator[Completion]:
    """Yield programs of MBPP, each with a verdict."""
    known = problems(FULL)
    for row in opened(MORE / "mbpp_runs" / f"{name}.json.gz"):
        for place, (text, passed) in enumerate(zip(row["generated_codes"], row["test_results"], strict=True)):
            yield Completion(f"{row['task_id']} {place}", text, known[str(row["task_id"])], passed)


def livecodebench(name: str) -> Iterator[Completion]:
    """Yield answers with the program that LiveCodeBench took from each, the last block, and its verdict."""
    for row in opened(MORE / "livecodebench" / "outputs" / name):
        graded = row.get("graded_list") or [None] * len(row["output_list"])
        problem = without_tests(row["question_id"], row["starter_code"])
        for place, (text, code, passed) in enumerate(zip(row["output_list"], row["code_list"], graded, strict=True)):
            yield Completion(f"{row['question_id']} {place}", text, problem, passed, code)


def taco() -> Iterator[Completion]:
    """Yield outputs for TACO, which are programs."""
    for row in opened(MORE / "taco" / "taco_generation_example_sample.json.gz"):
        for text in row["output"]:
            yield Completion(str(row["task_id"]), text, without_tests("1"), None, text)


def sets(every: int) -> Mapping[str, Iterator[Completion]]:
    """Return the sets by name."""
    return {
        "mbpp_n10": mbpp_ten(),
        "mbpp_single": mbpp_single(),
        f"humaneval_codegen16b, every {every}": codegen(every),
        "apps_rewritten_o3_o4mini": of_benchmarks(completions("apps_rewritten_o3_o4mini", REWRITTEN)),
        "apps_coderl_gen": of_benchmarks(completions("apps_coderl_gen", SAMPLE)),
        "apps_mapcoder, calls": of_benchmarks(mapcoder_by_calls()),
        "apps_mapcoder, stdin": of_benchmarks(mapcoder_by_stdin()),
        "codenet_llm_repairs": codenet_repairs(),
        "qwen chat, raw": qwen_chat(),
        **{f"lm-eval {run}": lm_eval(run) for run in ("dream_standard", "llada15_standard", "llada_standard")},
        "qwen3-0.6b base": qwen_mbpp("qwen3-0.6b-base_n10_detailed"),
        "qwen3-0.6b instruct": qwen_mbpp("qwen3-0.6b-instruct_n10_detailed"),
        "LCB o1-mini": livecodebench("o1-mini_n1_eval_all.json"),
        "LCB o1-preview": livecodebench("o1-preview_n1_eval_all.json.gz"),
        "LCB qwen2.5-7b": livecodebench("qwen2.5-7b-ins_n1_eval_all.json.gz"),
        "LCB gemma-2-9b": livecodebench("gemma-2-9b-it_n10_eval_all.json.gz"),
        "taco": taco(),
    }


def extracted(found: Iterator[Completion], setting: str) -> Iterator[Extracted]:
    """Yield the program of each completion under a setting."""
    for completion in found:
        sample = Sample(policy="", task_id="1", index=0, completion=completion.text, prompt=completion.prompt)
        it = program_of(sample, completion.problem, setting)
        yield Extracted(it.rule, it.program)


def dump(setting: str, every: int) -> None:
    """Print the programs of all sets as JSON."""
    json.dump({name: [*extracted(found, setting)] for name, found in sets(every).items()}, sys.stdout)


def dumped(checkout: Path, setting: str, every: int) -> dict[str, list[Extracted]]:
    """Return the programs that a checkout extracts."""
    command = [sys.executable, __file__, "--dump", "--every", str(every), *(["--setting", setting] if setting else [])]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment).stdout)
    return {name: [Extracted(*it) for it in programs] for name, programs in found.items()}


def verdicts(found: list[Completion], *programs: list[Extracted]) -> list[list[bool]]:
    """Return whether each program is accepted; equal ones are judged once."""
    wanted = [(it.problem, program.program) for of_side in programs for it, program in zip(found, of_side, strict=True)]
    distinct = {(problem.task_id, program): (problem, program) for problem, program in wanted}
    ordered = dict(sorted(distinct.items(), key=lambda item: item[0][0]))
    cases = (Case(program=program, tests=it.tests, limits=it.limits) for it, program in ordered.values())
    accepted = [judgement.verdict is Verdict.ACCEPTED for judgement in judge_all(cases, Jail(), CORES)]
    by_program = dict(zip(ordered, accepted, strict=True))
    sides = [
        [(it.problem.task_id, program.program) for it, program in zip(found, side, strict=True)] for side in programs
    ]
    return [[by_program[key] for key in side] for side in sides]


def agreements(found: list[Completion], *programs: list[Extracted]) -> list[int]:
    """Return on how many samples each side agrees with what was recorded."""
    if found[0].program is not None:
        return [
            sum(it.program.strip() == got.program.strip() for it, got in zip(found, side, strict=True))
            for side in programs
        ]
    return [sum(it.passed is got for it, got in zip(found, side, strict=True)) for side in verdicts(found, *programs)]


def main() -> int:
    """Print the table and the changed samples."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="another checkout, to compare with")
    parser.add_argument("--setting", default=SETTINGS[0], help=f"of extraction (default: {SETTINGS[0]})")
    parser.add_argument("--every", type=int, default=5, help="every Nth of CodeGen's samples (default: 5)")
    parser.add_argument("--only", default="", metavar="TEXT", help="sets with this text in their name")
    parser.add_argument("--dump", action="store_true", help="print the programs as JSON and end")
    options = parser.parse_args()
    skip_without_data(FULL, SINGLE, MORE)
    if options.dump:
        dump(options.setting, options.every)
        return 0
    before = dumped(options.before, "", options.every) if options.before else {}
    lower = 0
    print("| set | samples | without a program | agree before | agree after | changed |\n|---|---|---|---|---|---|")
    for name, iterator in sets(options.every).items():
        if options.only not in name:
            continue
        found = list(iterator)
        after = list(extracted(iter(found), options.setting))
        sides = [before[name], after] if before else [after]
        agreed = agreements(found, *sides)
        changed = [
            number for number, pair in enumerate(zip(*sides, strict=True)) if len({it.program for it in pair}) > 1
        ]
        failed = [sum(it.rule.endswith(("none", "thought")) for it in side) for side in sides]
        lower += agreed[-1] < agreed[0]
        print(
            f"| {name} | {len(found)} | {failed[0]} -> {failed[-1]} | {agreed[0] if before else ''} | {agreed[-1]} "
            f"| {len(changed)} |", flush=True,
        )  # fmt: skip
        for number in changed:
            it, (old, new) = found[number], (side[number] for side in sides)
            print(
                f"    {it.name}: recorded {it.passed}, {old.rule} -> {new.rule}\n"
                f"        {it.text[:SHOWN]!r}\n        {new.program[:SHOWN]!r}", file=sys.stderr, flush=True,
            )  # fmt: skip
    return 1 if lower else 0


if __name__ == "__main__":
    sys.exit(main())
