"""`proctor demo --examine-only`: the examination alone, on programs of known verdict."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from harness.benchmarks.mini import Known, known_samples, problems
from harness.cli.examination import Protocol, examine, heads_of
from harness.cli.main import OUR_FAULT
from harness.evaluate import evaluate
from harness.programs import SETTINGS
from harness.records import Evaluation, SampleKey, Source
from harness.report import markdown
from harness.storage import read_rows
from sandbox.jail import Jail


def examine_known(jail: Jail, workers: int, out: Path) -> int:
    """Judge the programs of known verdict that ship with proctor, and return the exit code.

    Every problem of the benchmark `mini` comes with a reference and with wrong, slow and crashing programs whose
    verdict is known. All are judged; a verdict that differs from the known one is told, and is our fault.
    """
    known = tuple(known_samples())
    shipped = problems(None)
    results = examine(
        lambda: (program.sample for program in known),
        shipped,
        heads_of(shipped, {program.sample.task_id for program in known}),
        out,
        Protocol(
            k=(1,),
            extraction=SETTINGS[0],
            source=Source(benchmark="mini"),
            jail=jail,
            evaluator=partial(evaluate, workers=workers),
        ),
    )
    click.echo(markdown(results))
    evaluations = {evaluation.key: evaluation for _, evaluation in read_rows(out / "evaluations.jsonl", Evaluation)}
    surprises = tuple(_surprises(known, evaluations))
    click.echo("".join(f"{surprise}\n" for surprise in surprises), nl=False)
    click.echo(f"{len(known) - len(surprises)} of {len(known)} verdicts are the known ones. The run lies in {out}")
    return OUR_FAULT if surprises else 0


def _surprises(known: Sequence[Known], evaluations: Mapping[SampleKey, Evaluation]) -> Iterator[str]:
    for sample, verdict, why in known:
        evaluation = evaluations[sample.key]
        if evaluation.verdict != verdict:
            yield (
                f"{sample.task_id}, {sample.policy} {sample.index} ({why}): {evaluation.verdict} instead of {verdict}; "
                f"{evaluation.detail}"
            )
