"""Exports a run in the formats of other tools: EvalPlus, lm-evaluation-harness, and CSV for spreadsheets.

The rows are JSON as Python writes it, so a text holds all characters that the completion held. A sample that was lost
to a failure of the sandbox has no verdict in those formats and is left out.
"""

import codecs
import csv
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from harness.benchmarks.problem_info import unchanged_problem
from harness.errors import UserError, no_such
from harness.escapes import in_csv
from harness.extraction.program import program_of
from harness.runs.jsonl import whole_file
from harness.runs.records import Evaluation, Problem, Run, Sample
from harness.runs.row_store import KeyedRows, SampleFile
from harness.runs.run_folder import EVALUATIONS, RESULTS, SAMPLES
from harness.scoring.passk import pass_at_k
from sandbox.records import CallTest, StdioTest, Test, Verdict

_WITH_PLUS = {"humaneval-plus", "mbpp-plus"}
_CELLS = (
    "policy", "task_id", "index", "difficulty", "verdict", "cpu_s", "tests_judged", "tests_passed", "extraction",
    "discarded_chars", "complete", "reused", "program_sha256", "detail",
)  # fmt: skip


class Judged(NamedTuple):
    """Pairs a sample with its evaluation and its program as it ran."""

    sample: Sample
    evaluation: Evaluation
    program: str


class JudgedRun:
    """Reads the samples of one policy of a run, task by task, with their evaluations."""

    def __init__(self, folder: Path, run: Run, policy: str | None) -> None:
        """Read samples and evaluations.

        Args:
            folder: of the run.
            run: its record.
            policy: None where the run has only one.

        Raises:
            UserError: The run is not finished, or `policy` is not one of its policies, or there are several.
        """
        self.folder, self.run = folder, run
        self._samples = SampleFile(folder / SAMPLES, run.samples_sha256)
        self._evaluations = KeyedRows(folder / EVALUATIONS, Evaluation)
        policies = sorted({name for name, _ in self._samples.tally.counts})
        if not (folder / RESULTS).exists():
            raise UserError(f"{folder}: is not finished; give the command that made it once more")
        if policy is None and len(policies) > 1:
            raise UserError(f"{folder}: holds samples of {', '.join(policies)}; choose one with --policy")
        if policy not in {None, *policies}:
            raise no_such("policy", str(policy), policies, where=str(folder))
        self.policy = policies[0] if policy is None else policy

    @property
    def when(self) -> datetime:
        """Return the time at which the result was written."""
        return datetime.fromtimestamp((self.folder / RESULTS).stat().st_mtime, UTC)

    def evaluations(self) -> Iterator[Evaluation]:
        """Yield the evaluations in the order of the samples."""
        return (self._evaluations[key] for key in self._samples if key[0] == self.policy)

    def by_problem(self, problems: Mapping[str, Problem]) -> Iterator[tuple[Problem, list[Judged]]]:
        """Yield each problem with the samples of it that have a verdict.

        Args:
            problems: of the benchmark.

        Raises:
            UserError: A problem is another than the one that was judged.
        """
        conditions = self.run.conditions
        for task_id, sha256 in self.run.problems.items():
            problem = unchanged_problem(problems, task_id, sha256, self.run.source)
            found = (sample for sample in self._samples.of_task(task_id) if sample.policy == self.policy)
            pairs = ((sample, self._evaluations[sample.key]) for sample in found)
            yield (
                problem,
                [
                    Judged(
                        sample, it, program_of(sample, problem, conditions.extraction, conditions.prompt_card).program
                    )
                    for sample, it in pairs
                    if it.verdict is not Verdict.SANDBOX_ERROR
                ],
            )


def export_csv(judged: JudgedRun, _problems: Mapping[str, Problem], out: Path) -> Iterator[Path]:
    """Write a row an evaluation to `evaluations.csv`; no cell of it is a formula to a spreadsheet.

    Args:
        judged: the samples.
        _problems: are not looked up.
        out: folder.

    Yields:
        The file, when it is written.
    """
    with whole_file(out / "evaluations.csv") as file:
        writer = csv.writer(codecs.getwriter("utf-8")(file))
        writer.writerow(_CELLS)
        for it in judged.evaluations():
            passed = sum(outcome.verdict is Verdict.ACCEPTED for outcome in it.per_test)
            writer.writerow((
                in_csv(it.policy), in_csv(it.task_id), it.index, in_csv(it.difficulty), it.verdict, it.cpu_s,
                len(it.per_test), passed, it.extraction, it.discarded_chars, it.complete, it.reused,
                it.program_sha256, in_csv(it.detail),
            ))  # fmt: skip
    yield out / "evaluations.csv"


def export_evalplus(judged: JudgedRun, problems: Mapping[str, Problem], out: Path) -> Iterator[Path]:
    """Write `samples.jsonl` and `samples_eval_results.json` as EvalPlus does.

    Its two statuses are of the tests of HumanEval or MBPP themselves, and of those with EvalPlus' inputs. Of the
    latter's benchmarks all tests are judged together, so where one fails the base status is not known: null.

    Args:
        judged: the samples.
        problems: of the benchmark.
        out: folder.

    Yields:
        The files, when they are written.
    """
    samples, results = out / "samples.jsonl", out / "samples_eval_results.json"
    with whole_file(samples) as rows, whole_file(results) as file:
        head = {"date": f"{judged.when:%Y-%m-%d %H:%M}", "hash": judged.run.conditions.problems_sha256}
        file.write(_json(head)[:-1] + b', "eval": {')
        for number, (problem, of_problem) in enumerate(judged.by_problem(problems)):
            task_id = _evalplus_id(problem)
            for one in of_problem:
                rows.write(_json({"task_id": task_id, "solution": one.program, "model": judged.policy}) + b"\n")
            statuses = [_statuses(task_id, problem, one) for one in of_problem]
            file.write(b", " * (number > 0) + _json(task_id) + b": " + _json(statuses))
        file.write(b"}}\n")
    yield from (samples, results)


def _evalplus_id(problem: Problem) -> str:
    return f"Mbpp/{problem.task_id}" if problem.benchmark in {"mbpp", "mbpp-sanitized"} else problem.task_id


def _statuses(task_id: str, problem: Problem, one: Judged) -> dict[str, Any]:
    verdict = one.evaluation.verdict
    status = {Verdict.ACCEPTED: "pass", Verdict.TIME_LIMIT: "timeout"}.get(verdict, "fail")
    outcomes = zip(one.evaluation.per_test, problem.tests, strict=False)
    failed = [_inputs(test) for outcome, test in outcomes if outcome.verdict is not Verdict.ACCEPTED]
    inputs = [given for given in failed if given is not None]
    has_plus = problem.benchmark in _WITH_PLUS
    return {
        "task_id": task_id,
        "solution": one.program,
        "base_status": None if has_plus and status != "pass" else status,
        "plus_status": status if has_plus else None,
        "base_fail_tests": [] if has_plus else inputs,
        "plus_fail_tests": inputs if has_plus else [],
    }


def _inputs(test: Test) -> list[Any] | None:
    """Return the inputs of a test; None of an assertion, which has none."""
    match test:
        case CallTest():
            return list(test.arguments)
        case StdioTest():
            return [test.stdin]
    return None


def export_lm_eval(judged: JudgedRun, problems: Mapping[str, Problem], out: Path) -> Iterator[Path]:
    """Write `samples_TASK_TIME.jsonl` as lm-evaluation-harness does: a row a problem, with all of its samples.

    Args:
        judged: the samples.
        problems: of the benchmark.
        out: folder.

    Yields:
        The file, when it is written.
    """
    places = {task_id: place for place, task_id in enumerate(problems)}
    task = judged.run.conditions.benchmark.replace("-", "_")
    path = out / f"samples_{task}_{judged.when:%Y-%m-%dT%H-%M-%S.%f}.jsonl"
    with whole_file(path) as file:
        for problem, of_problem in judged.by_problem(problems):
            row = _lm_eval_row(problem, of_problem, judged.run)
            file.write(_json({"doc_id": places[problem.task_id], **row}) + b"\n")
    yield path


def _lm_eval_row(problem: Problem, of_problem: Sequence[Judged], run: Run) -> dict[str, Any]:
    doc = {"task_id": problem.task_id, "prompt": problem.statement, "entry_point": problem.entry_point}
    prompt = next((one.sample.prompt for one in of_problem if one.sample.prompt), problem.statement)
    accepted = sum(one.evaluation.verdict is Verdict.ACCEPTED for one in of_problem)
    scores = {f"pass@{k}": pass_at_k(len(of_problem), accepted, k) for k in run.k if k <= len(of_problem)}
    return {
        "doc": doc,
        "target": "",
        "arguments": {"gen_args_0": {"arg_0": prompt, "arg_1": _generation_arguments(run)}},
        "resps": [[one.sample.completion for one in of_problem]],
        "filtered_resps": [[one.program for one in of_problem]],
        "filter": "create_test",
        "metrics": list(scores),
        "doc_hash": _hash(_json(doc)),
        "prompt_hash": _hash(_json(prompt)),
        "target_hash": _hash(b""),
        **scores,
    }


def _generation_arguments(run: Run) -> dict[str, Any]:
    sampling = run.conditions.sampling
    if sampling is None:
        return {}
    return {
        "until": sampling.stop,
        "max_gen_toks": sampling.max_tokens,
        "do_sample": sampling.temperature > 0,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
    }


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _json(value: Any) -> bytes:
    """Return JSON; what it has no type for, such as a set among the arguments of a test, as Python writes it."""
    return json.dumps(value, default=repr).encode()


EXPORTS: Mapping[str, Callable[[JudgedRun, Mapping[str, Problem], Path], Iterator[Path]]] = {
    "evalplus": export_evalplus,
    "lm-eval": export_lm_eval,
    "csv": export_csv,
}
"""Format -> function that writes a run's files into a folder."""
