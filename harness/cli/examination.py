"""Judges samples into the folder of a run: the path that `score` and `demo` share."""

import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from harness.cli.jail import probed
from harness.cli.progress import watched
from harness.evaluate import already_judged, evaluate
from harness.records import Evaluation, Problem, Result, Run, Sample
from harness.run_folder import close_run, fingerprint, jsonl_sha256, open_run, usual_limits
from harness.score import refuse_short, score
from sandbox.jail import Jail


def examine(
    samples: Sequence[Sample],
    problems: Mapping[str, Problem],
    out: Path,
    *,
    k: tuple[int, ...],
    jail: Jail,
    workers: int,
    exhaustive: bool,
) -> tuple[tuple[Evaluation, ...], tuple[Result, ...]]:
    """Judge the samples, or those that a killed run left, and write the run; return what its folder holds.

    Raises:
        UserError: Too few samples for k, too little isolation, or `out` is another run; nothing has been written then.
    """
    refuse_short(samples, k)
    run = _run(samples, problems, k=k, jail=jail, exhaustive=exhaustive)
    open_run(out, run, samples)
    path = out / "evaluations.jsonl"
    done = already_judged(path, samples)
    keys = {evaluation.key for evaluation in done}
    todo = tuple(sample for sample in samples if sample.key not in keys)
    judged = evaluate(todo, problems, path, jail=jail, workers=workers, exhaustive=exhaustive)
    evaluations = (*done, *watched(judged, len(todo), "judged", sys.stderr))
    results = score(evaluations, problems, run)
    close_run(out, results)
    return evaluations, results


def _run(
    samples: Sequence[Sample], problems: Mapping[str, Problem], *, k: tuple[int, ...], jail: Jail, exhaustive: bool
) -> Run:
    named = {sample.task_id for sample in samples}
    judged = tuple(problem for problem in problems.values() if problem.task_id in named)
    report = probed(jail)
    return Run(
        samples_sha256=jsonl_sha256(samples),
        benchmark=judged[0].benchmark,
        splits=tuple(dict.fromkeys(problem.split for problem in judged)),
        problems_sha256=fingerprint(judged),
        k=k,
        limits=usual_limits(judged),
        exhaustive=exhaustive,
        isolation=report.layers,
        preload=jail.preload,
        python=report.python,
        proctor=version("proctor"),
    )
