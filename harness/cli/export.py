"""`proctor export`: writes a run in the formats of other tools."""

from pathlib import Path

import click
import msgspec

from harness.benchmarks.benchmark import open_benchmark
from harness.cli.values import Choice, RunPath
from harness.errors import UserError
from harness.export import EXPORTS, JudgedRun
from harness.runs.run_folder import read_run


@click.command("export")
@click.argument("run", type=RunPath())
@click.option(
    "--format", "as_", required=True, type=Choice(tuple(EXPORTS)), help="Format of the files."
)  # fmt: skip
@click.option("--policy", metavar="NAME", help="Policy to export, where the run has several.")
@click.option("--data", type=click.Path(), help="File or folder of the problems (default: the run's).")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="FOLDER", help="Folder that gets the files."
)
def command(*, run: Path, as_: str, policy: str | None, data: str | None, out: Path) -> int:
    """Write a judged run in the formats of other tools.

    Those are EvalPlus', lm-evaluation-harness' and CSV. RUN is the folder of a run that was judged. The programs are
    those that ran, as extraction took them from the completions; `proctor score` reads them again.
    """
    record = read_run(run)
    judged = JudgedRun(run, record, policy)
    source = msgspec.structs.replace(record.source, data=data or record.source.data)
    problems = {} if as_ == "csv" else open_benchmark(source).problems
    try:
        out.mkdir(parents=True, exist_ok=True)
        for path in EXPORTS[as_](judged, problems, out):
            click.echo(f"Wrote {path}")
    except OSError as error:
        raise UserError(f"{out}: can't be written: {error.strerror}; choose another place") from error
    return 0
