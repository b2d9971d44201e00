"""`proctor explain`: explains the failure of a sample."""

import platform
import sys
from pathlib import Path

import click
import msgspec

from harness.benchmarks.benchmark import open_benchmark
from harness.benchmarks.problem_info import unchanged_problem
from harness.cli.options import checkers_option, python_option
from harness.cli.values import RunPath
from harness.errors import UserError, did_you_mean
from harness.explain import choose_evaluation, explain, explanation_markdown
from harness.extraction.interpreter import grammar_of
from harness.runs.jsonl import appended_rows
from harness.runs.records import Evaluation, Problem, Run, Source
from harness.runs.row_store import SampleFile
from harness.runs.run_folder import read_run


@click.command("explain")
@click.argument("run", type=RunPath())
@click.argument("task_id")
@click.option("--index", type=click.IntRange(min=0), help="Index of the sample (default: the first that failed).")
@click.option("--policy", metavar="NAME", help="Policy of the sample, where the run has several.")
@click.option("--benchmark", metavar="NAME", help="Benchmark of the problems (default: the run's).")
@click.option("--data", type=click.Path(), help="File or folder of the problems (default: the run's).")
@click.option("--limits", type=click.Path(), metavar="FILE", help="Calibrated limits (default: the run's).")
@checkers_option
@python_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    *,
    run: Path,
    task_id: str,
    index: int | None,
    policy: str | None,
    benchmark: str | None,
    data: str | None,
    limits: str | None,
    checkers: Path | None,
    python: str,
    as_json: bool,
) -> int:
    """Explain why a sample failed.

    RUN is the folder of a run, TASK_ID one of its tasks. Shown are the program, the first test that failed, expected
    against actual, and what extraction left out of the completion.
    """
    judged_run = read_run(run)
    source = Source(
        benchmark=benchmark or judged_run.source.benchmark,
        data=data or judged_run.source.data,
        limits=limits or judged_run.source.limits,
        checkers=str(checkers) if checkers else judged_run.source.checkers,
    )
    problem = _problem(source, judged_run, task_id, run)
    rows = appended_rows(run / "evaluations.jsonl", Evaluation)
    judged = [evaluation for evaluation in rows if evaluation.task_id == problem.task_id]
    if not judged:
        raise UserError(f"{run}: no sample of task {problem.task_id} has been judged yet; resume `proctor score`")
    evaluation = choose_evaluation(judged, policy, index)
    sample = SampleFile(run / "samples.jsonl", judged_run.samples_sha256)[evaluation.key]
    conditions = judged_run.conditions
    if python == sys.executable and conditions.python.split(".")[:2] != [*platform.python_version_tuple()[:2]]:
        remark = f"{run} was judged under Python {conditions.python}: name it with --python"
        click.echo(f"proctor: {remark}, this one may find another program in the completion", err=True)
    found = explain(
        sample, evaluation, problem, conditions.extraction, conditions.prompt_card, grammar=grammar_of(python)
    )
    click.echo(msgspec.json.encode(found) if as_json else explanation_markdown(found))
    return 0


def _problem(source: Source, judged_run: Run, task_id: str, run: Path) -> Problem:
    """Return the problem of a task as it was when the run was judged."""
    found, problems = open_benchmark(source)
    known = found.canonical_id(task_id)
    if known not in judged_run.problems:
        ids = tuple(judged_run.problems)
        tasks = f"Its {len(ids)} tasks run from {ids[0]!r} to {ids[-1]!r}"
        raise UserError(f"{run}: has no task {known!r}.{did_you_mean(known, ids)} {tasks}")
    return unchanged_problem(problems, known, judged_run.problems[known], source)
