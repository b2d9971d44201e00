"""`proctor selftest`: judges the programs of known verdict that ship with proctor."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from harness.benchmarks.mini import Known, known_samples, mini
from harness.benchmarks.problem_info import problem_infos
from harness.cli.options import jail_options
from harness.errors import OUR_FAULT
from harness.examination.examine import ExaminationSettings, JudgingSettings
from harness.runs.jsonl import read_rows
from harness.runs.records import Evaluation, SampleKey, Source
from harness.runs.row_store import SampleCopy
from harness.runs.run_folder import EVALUATIONS
from harness.scoring.conclude import score_samples
from harness.scoring.report import report_markdown
from sandbox.jail import Jail


@click.command("selftest")
@jail_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs/known"),
    help="Output folder (default: runs/known); the same one resumes.",
)
def command(*, workers: int, jail: Jail, out: Path) -> int:
    """Judge the programs of known verdict that ship with proctor.

    Every problem of the benchmark `mini` comes with a reference and with wrong, slow and crashing programs whose
    verdict is known. All are judged; a verdict that differs from the known one ends in exit code 3.
    """
    known = tuple(known_samples())
    shipped = mini.problems(None)
    samples = SampleCopy((program.sample for program in known), out)
    judging = JudgingSettings(jail=jail, workers=workers)
    settings = ExaminationSettings(k=(1,), source=Source(benchmark="mini"), judging=judging)
    infos = problem_infos(shipped, {program.sample.task_id for program in known})
    click.echo(report_markdown(score_samples(samples, shipped, infos, out, settings)))
    evaluations = {evaluation.key: evaluation for _, evaluation in read_rows(out / EVALUATIONS, Evaluation)}
    surprises = tuple(_surprises(known, evaluations))
    for surprise in surprises:
        click.echo(surprise)
    click.echo(f"{len(known) - len(surprises)} of {len(known)} verdicts are the known ones. Results written to {out}")
    return OUR_FAULT if surprises else 0


def _surprises(known: Sequence[Known], evaluations: Mapping[SampleKey, Evaluation]) -> Iterator[str]:
    for sample, verdict, why in known:
        evaluation = evaluations[sample.key]
        if evaluation.verdict != verdict:
            yield (
                f"{sample.task_id}, {sample.policy} {sample.index} ({why}): {evaluation.verdict} instead of {verdict}; "
                f"{evaluation.detail}"
            )
