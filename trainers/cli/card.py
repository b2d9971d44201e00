"""Runs `proctor card`: the scores of results go into the model card of a checkpoint."""

from pathlib import Path

import click

from harness.cli.values import RunPath
from harness.errors import UserError
from harness.runs.jsonl import read
from harness.runs.records import Result
from harness.runs.run_folder import RESULTS
from trainers.model_index import write_scores


@click.command("card")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=RunPath())
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write the card into this folder, and leave the checkpoint as it is."
)
def command(*, checkpoint: Path, runs: tuple[Path, ...], out: Path | None) -> int:
    """Write the scores of runs into the model card of a checkpoint.

    CHECKPOINT is the folder of a model, whose README.md gets them as model-index and as a table; RUN is the folder of a
    run of that very model.
    """
    results = tuple(result for run in runs for result in _results(run))
    click.echo(f"Wrote {write_scores(checkpoint, results, out or checkpoint)}", err=True)
    return 0


def _results(run: Path) -> tuple[Result, ...]:
    if not (run / RESULTS).is_file():
        raise UserError(f"{run}: holds no {RESULTS}; name a run that is finished")
    return read(run / RESULTS, tuple[Result, ...])
