"""`proctor score`: judges samples and reports pass@k."""

from pathlib import Path

import click

from harness.cli.options import (
    JudgingOptions,
    judging_options,
    out_option,
    problem_options,
    report,
    shard_option,
)
from harness.cli.reading_options import ReadingOptions, reading_options
from harness.cli.values import RunPath, completing_cards


@click.command("score")
@click.argument("samples", type=RunPath())
@problem_options
@click.option("--split", default="all", metavar="NAME", help="Judge only the tasks of this split (default: all).")
@click.option(
    "--problem-set",
    default="",
    metavar="NAME",
    help="Judge a published set of problems, or a window of dates, in full.",
)
@shard_option
@click.option(
    "--prompt-card",
    metavar="CARD",
    shell_complete=completing_cards(),
    help="Name or path of the card that the samples were generated with.",
)
@click.option(
    "--contaminated",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Score also without the tasks that FILE names, one a line, or those of a card.json of compiled data.",
)
@reading_options
@judging_options
@out_option
def command(
    *,
    samples: Path,
    benchmark: str,
    data: Path | None,
    split: str,
    problem_set: str,
    shard: str,
    prompt_card: str | None,
    contaminated: Path | None,
    reading: ReadingOptions,
    judging: JudgingOptions,
    out: Path,
) -> int:
    """Judge samples and report pass@k with intervals.

    SAMPLES is a file or folder of samples in any format of docs/scoring.md (plain or packed with gzip), the folder of a
    run, or - for standard input. Every task that the samples name is judged. The same command resumes a killed run.
    """
    with judging.head_start() as ahead:
        from harness.api import evaluate_samples  # noqa: PLC0415 - the first worker starts meanwhile

        results = evaluate_samples(
            samples, benchmark, out=out, k=judging.k, data=data, limits=judging.limits,
            checkers=judging.checkers, split=split, problem_set=problem_set, shard=shard, prompt_card=prompt_card,
            contaminated=contaminated, reading=reading.settings(), judging=judging.settings(ahead),
            tell=lambda line: click.echo(f"proctor: {line}", err=True),
        )  # fmt: skip
    return report(results, out, judging)
