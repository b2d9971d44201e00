"""`proctor run`: generates samples, judges them as they arrive, and reports pass@k."""

from pathlib import Path

import click

from harness.api import generate_and_evaluate
from harness.cli.generation_options import generation_options, loaded_once
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
    """Generate samples with a model and judge them as they arrive.

    The same as `proctor generate` and then `proctor score`, in the time of the longer of the two. The same command
    resumes a killed run.
    """
    code = 0
    with loaded_once(settings, out) as each:
        for one, folder in each:
            results = generate_and_evaluate(
                benchmark, one, out=folder, k=judging.k, data=data, limits=judging.limits, checkers=judging.checkers,
                judging=judging.settings(),
            )  # fmt: skip
            code = max(code, report(results, folder, judging))
    return code
