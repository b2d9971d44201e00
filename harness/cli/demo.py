"""`proctor demo`: the examination in miniature, offline, on programs of known verdict."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from harness.benchmarks.mini import Known, known_samples, problems
from harness.cli.examination import examine
from harness.cli.jail import jail_options
from harness.cli.main import OUR_FAULT
from harness.records import Evaluation
from harness.report import markdown
from sandbox.jail import Jail


@click.command("demo")
@jail_options
@click.option(
    "--out",
    default=Path("runs/demo"),
    type=click.Path(path_type=Path),
    help="Folder of the run (default: runs/demo); the same one resumes.",
)
def command(*, workers: int, python: str, layers: frozenset[str], preload: tuple[str, ...], out: Path) -> int:
    """Judge the programs of known verdict that ship with proctor.

    Every problem of the benchmark `mini` comes with a reference and with wrong, slow and crashing programs whose
    verdict is known. All are judged; the exit code is 3 if a verdict differs from the known one.
    """
    known = tuple(known_samples())
    evaluations, results = examine(
        tuple(program.sample for program in known),
        {problem.task_id: problem for problem in problems(None)},
        out,
        k=(1,),
        jail=Jail(python=python, layers=layers, preload=preload),
        workers=workers,
        exhaustive=False,
    )
    click.echo(markdown(results))
    surprises = tuple(_surprises(known, evaluations))
    click.echo("".join(f"{surprise}\n" for surprise in surprises), nl=False)
    click.echo(f"{len(known) - len(surprises)} of {len(known)} verdicts are the known ones. The run lies in {out}")
    return OUR_FAULT if surprises else 0


def _surprises(known: Sequence[Known], evaluations: Sequence[Evaluation]) -> Iterator[str]:
    found = {evaluation.key: evaluation for evaluation in evaluations}
    for sample, verdict, why in known:
        evaluation = found[sample.key]
        if evaluation.verdict != verdict:
            yield (
                f"{sample.task_id}, {sample.policy} {sample.index} ({why}): {evaluation.verdict} instead of {verdict}; "
                f"{evaluation.detail}"
            )
