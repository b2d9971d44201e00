"""Runs to look into: programs of known verdict that ship with the benchmark `mini`, as samples of three methods.

Nothing is judged: the verdicts are known, and the outcomes of tests are made up to go with them.
"""

import hashlib
from collections import Counter, defaultdict

import msgspec
from usual_conditions import conditions

from harness.benchmarks.mini import known_samples, mini
from harness.benchmarks.problem_info import info_of
from harness.extraction.program import program_of
from harness.runs.jsonl import as_row
from harness.runs.records import Evaluation, Run, Sample, Source, Usage
from harness.scoring.score import score
from sandbox import records
from sandbox.records import Verdict

METHODS = ("base", "sft", "rloo")
SAMPLES = 4
PROBLEMS = 24
RIGHT, WRONG = "right", "wrong"
BROKEN, FIXED, NEVER = 0, 1, 2
"""Numbers of problems: rloo solves the first no more, the second at last, nobody the third."""
TIMED_OUT = "introductory/longest_even_run"


def problems():
    """Return the first problems of the benchmark."""
    found = mini.problems(None)
    return [found[task_id] for task_id in list(found)[:PROBLEMS]]


def kinds_of(method, number):
    """Return which of a method's samples for the problem of a number are right."""
    if number == NEVER or (number, method) in {(BROKEN, "rloo"), (FIXED, "base")}:
        return [WRONG] * SAMPLES
    right = {"base": number % 4, "sft": (number + 1) % 4, "rloo": 1 + number % 4}[method]
    return [RIGHT] * max(right, 1) + [WRONG] * (SAMPLES - max(right, 1))


def write_runs(home):
    """Write a run for each method; return their folders by method."""
    programs = defaultdict(lambda: defaultdict(list))
    for known in known_samples():
        kind = RIGHT if known.verdict is Verdict.ACCEPTED else WRONG
        programs[known.sample.task_id][kind].append((known.sample.completion, known.verdict))
    return {method: write_run(home / method, method, programs) for method in METHODS}


def write_run(folder, method, programs):
    """Write the run of one method."""
    samples, evaluations = [], []
    for number, problem in enumerate(problems()):
        for index, kind in enumerate(kinds_of(method, number)):
            of_kind = programs[problem.task_id][kind]
            code, verdict = of_kind[index % len(of_kind)]
            text = f"I count first.\n```python\n{code.strip()}\n```\nThis is sample {index} of {method}."
            samples.append(Sample(policy=method, task_id=problem.task_id, index=index, completion=text))
            evaluations.append(evaluation(samples[-1], problem, verdict))
    infos = {problem.task_id: info_of(problem) for problem in problems()}
    run = Run(
        samples_sha256=hashlib.sha256(b"".join(map(as_row, samples))).hexdigest(),
        k=(1, SAMPLES),
        conditions=conditions(benchmark="mini", extraction="last", samples=SAMPLES),
        source=Source(benchmark="mini"),
        problems={task_id: info.sha256 for task_id, info in infos.items()},
    )
    usage = Usage(prompt_tokens=None, tokens=None, finish_counts=Counter(unknown=len(samples)))
    folder.mkdir(parents=True)
    (folder / "run.json").write_bytes(msgspec.json.encode(run))
    (folder / "samples.jsonl").write_bytes(b"".join(map(as_row, samples)))
    (folder / "evaluations.jsonl").write_bytes(b"".join(map(as_row, evaluations)))
    (folder / "result.json").write_bytes(msgspec.json.encode(score(evaluations, infos, run, {method: usage})))
    return str(folder)


def evaluation(sample, problem, verdict):
    """Return the evaluation of a sample that passed the first test, and the second if it is right."""
    found = program_of(sample, problem, "last")
    passed = records.TestOutcome(verdict=Verdict.ACCEPTED, cpu_s=0, wall_s=0, peak_memory_bytes=0)
    failed = msgspec.structs.replace(
        passed, verdict=verdict, expected="1 2\nsame\n3", actual=f"1 2\nsame\n4 of {sample.index}"
    )
    return Evaluation(
        policy=sample.policy, task_id=sample.task_id, index=sample.index, difficulty=problem.difficulty,
        completion_sha256="", program_sha256=hashlib.sha256(found.program.encode()).hexdigest(), extraction=found.rule,
        discarded_chars=0, complete=True, verdict=verdict, cpu_s=0,
        per_test=(passed, passed if verdict is Verdict.ACCEPTED else failed),
        detail="" if verdict is Verdict.ACCEPTED else f"line 3 differs in sample {sample.index}",
    )  # fmt: skip
