"""`proctor generate`: problems and a model in, samples out."""

from pathlib import Path

import click

from harness.cli.drawing import Drawing, backend_of, drawing_options, drawn, planned
from harness.cli.options import opened, out_option, problem_options, source_of
from harness.generation.generate import missing_of, put_in_order
from harness.runs.jsonl import read_rows, sole_writer
from harness.runs.records import Sample
from harness.runs.run_folder import SAMPLES, open_generation
from harness.scoring.score import usage_of


@click.command("generate")
@problem_options
@drawing_options
@out_option
def command(*, benchmark: str, data: Path | None, drawing: Drawing, out: Path) -> int:
    """Draw samples from a model.

    The problems of a benchmark are put to a model as a prompt card says. What is drawn is appended to samples.jsonl in
    the folder of the run, which `proctor score` judges. A run that was killed goes on when the same command is given
    again.
    """
    backend = backend_of(drawing)
    source = source_of(benchmark, data)
    plan = planned(drawing, source, *opened(source))
    path = out / SAMPLES
    with backend.load(drawing.model, drawing.options) as engine:
        open_generation(out, plan.generation(engine.producer))
        with sole_writer(path) as file:
            for _ in drawn(engine, plan, missing_of(path, plan.requests, plan.policy), file):
                pass
            put_in_order(path, plan.requests, plan.policy)
    usage = usage_of(sample for _, sample in read_rows(path, Sample))[plan.policy]
    ended = ", ".join(f"{count} by {reason}" for reason, count in usage.finish_counts.items())
    tokens = "" if usage.tokens is None else f", {usage.tokens} tokens"
    click.echo(f"{len(plan.requests)} samples of {len(plan.infos)} problems{tokens}; ended {ended}. They lie in {path}")
    return 0
