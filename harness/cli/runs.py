"""`proctor runs`: lists the runs of a folder."""

from pathlib import Path

import click
from rich.console import Console

from harness.cli.drawing import draw_grid, on_terminal, safe_text
from harness.escapes import in_markdown
from harness.listing import LIST_HEADS, RunList, list_cells, list_notes, list_runs
from harness.runs.jsonl import pretty_json
from harness.runs.run_names import RUNS
from harness.scoring.report import table


@click.command("runs")
@click.argument("folder", default=RUNS, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(*, folder: Path, as_json: bool) -> int:
    """List the runs of a folder, the latest first.

    FOLDER is runs by default. The names listed are those that the other commands take; runs of the same protocol may be
    compared.
    """
    found = list_runs(folder)
    if as_json:
        click.echo(pretty_json(found), nl=False)
    elif not found.runs:
        click.echo(f"There is no run in {folder}")
    elif on_terminal():
        _draw(found)
    else:
        rows = ((run.name, *list_cells(run)) for run in found.runs)
        click.echo("\n".join(table([("run", *LIST_HEADS), *(tuple(map(in_markdown, row)) for row in rows)])))
        for note in list_notes(found):
            click.echo(f"\n{in_markdown(note)}")
    return 0


def _draw(found: RunList) -> None:
    console = Console()
    names = [safe_text(run.name) for run in found.runs]
    draw_grid(
        console, names, ("run", *LIST_HEADS), [[*map(safe_text, list_cells(run))] for run in found.runs], justify="left"
    )
    for note in list_notes(found):
        console.print(safe_text(note, "dim"))
