"""`proctor run`: generates samples, judges them meanwhile, and reports pass@k."""

from pathlib import Path

import click

from harness.api import generate_and_evaluate
from harness.cli.generation_options import generation_options
from harness.cli.options import JudgingOptions, judging_options, out_option, problem_options, report
from harness.generation.planning import GenerationSettings


@click.command("run")
@problem_options
@generation_options
@judging_options
@out_option
def command(
    *, benchmark: str, data: Path | None, settings: GenerationSettings, judging: JudgingOptions, out: Path
) -> int:
    """Generate samples with a model and judge them meanwhile.

    The same as `proctor generate` and then `proctor score`, in the time of the longer of the two. A run that was killed
    goes on when the same command is given again.
    """
    results = generate_and_evaluate(
        benchmark, settings, out=out, k=judging.k, data=data, limits=judging.limits, judging=judging.settings()
    )
    return report(results, out, judging)
