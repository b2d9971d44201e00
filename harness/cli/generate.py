"""`proctor generate`: generates samples with a model."""

from pathlib import Path

import click

from harness.api import generate
from harness.cli.generation_options import generation_options, loaded_once
from harness.cli.options import out_option, problem_options
from harness.generation.planning import GenerationSettings
from harness.runs.run_folder import SAMPLES


@click.command("generate")
@problem_options
@generation_options
@out_option
def command(*, benchmark: str, data: Path | None, settings: GenerationSettings, out: Path) -> int:
    """Generate samples with a model.

    A prompt card turns the problems of a benchmark into prompts. Each completion is appended to samples.jsonl in the
    folder of the run, which `proctor score` judges. The same command resumes a killed run.
    """
    with loaded_once(settings, out) as each:
        for one, folder in each:
            tally = generate(benchmark, one, out=folder, data=data).tally
            (usage,) = tally.usage.values()
            ended = ", ".join(f"{count} by {reason}" for reason, count in usage.finish_counts.items())
            tokens = "" if usage.tokens is None else f", {usage.tokens} tokens"
            click.echo(
                f"{tally.counts.total()} samples of {len(tally.counts)} problems{tokens}; ended {ended}. "
                f"Samples written to {folder / SAMPLES}"
            )
    return 0
