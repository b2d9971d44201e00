"""`proctor explain`: explains the failure of a sample."""

from pathlib import Path

import click
import msgspec

from harness.benchmarks.benchmark import open_benchmark
from harness.benchmarks.problem_info import info_of
from harness.errors import UserError
from harness.explain import choose_evaluation, explain, explanation_markdown
from harness.runs.jsonl import appended_rows
from harness.runs.records import Evaluation, Problem, Run, Source
from harness.runs.row_store import SampleFile
from harness.runs.run_folder import read_run


@click.command("explain")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("task_id")
@click.option("--index", type=click.IntRange(min=0), help="Which sample (default: the first that was not accepted).")
@click.option("--policy", metavar="NAME", help="Whose sample, where the run has several policies.")
@click.option("--benchmark", metavar="NAME", help="Where the problems are (default: as the run was judged).")
@click.option("--data", type=click.Path(), help="Their file or folder (default: as the run was judged).")
@click.option("--limits", type=click.Path(), metavar="FILE", help="Calibrated limits (default: as the run was judged).")
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
    as_json: bool,
) -> int:
    """Say why a sample failed.

    RUN is the folder of a run, TASK_ID one of its tasks. Shown are the program, the first test that failed, what was
    expected against what came, and what extraction left out of the completion.
    """
    if not (run / "run.json").exists():
        raise UserError(f"{run}: holds no run.json; name the folder that `proctor score --out` wrote")
    asked = read_run(run)
    source = Source(
        benchmark=benchmark or asked.source.benchmark,
        data=data or asked.source.data,
        limits=limits or asked.source.limits,
    )
    problem = _problem(source, asked, task_id, run)
    rows = appended_rows(run / "evaluations.jsonl", Evaluation)
    judged = [evaluation for evaluation in rows if evaluation.task_id == problem.task_id]
    if not judged:
        raise UserError(f"{run}: no sample of task {problem.task_id} has been judged yet; let proctor score go on")
    evaluation = choose_evaluation(judged, policy, index)
    sample = SampleFile(run / "samples.jsonl", asked.samples_sha256)[evaluation.key]
    found = explain(sample, evaluation, problem, asked.conditions.extraction, asked.conditions.prompt_card)
    click.echo(msgspec.json.encode(found) if as_json else explanation_markdown(found))
    return 0


def _problem(source: Source, asked: Run, task_id: str, run: Path) -> Problem:
    """Return the problem of a task as it was when the run was judged."""
    found, problems = open_benchmark(source)
    known = found.canonical_id(task_id)
    if known not in asked.problems:
        ids = tuple(asked.problems)
        raise UserError(f"{run}: has no task {known!r}; its {len(ids)} tasks run from {ids[0]!r} to {ids[-1]!r}")
    problem = problems.get(known)
    if problem is None or info_of(problem).sha256 != asked.problems[known]:
        raise UserError(
            f"task {known} of {source.data or source.benchmark} is not the one that was judged; name the same "
            "--benchmark, --data and --limits as then"
        )
    return problem
