"""`proctor table`: results in; tables, a page or a leaderboard out."""

from pathlib import Path

import click
import msgspec

from harness.errors import UserError
from leaderboards.entries import entries_of, titled, trainings_of
from leaderboards.ledger import LEDGER, is_stale, regenerate
from leaderboards.markdown import markdown
from leaderboards.page.folder import write_page
from leaderboards.plots.figures import Figure, figures
from leaderboards.plots.folder import write_plots
from leaderboards.published import published_tables
from leaderboards.results import RESULT_FILE
from leaderboards.table import tabulate
from leaderboards.writing import writing

STALE = 1


@click.command("table")
@click.argument("results", nargs=-1, metavar="[[METHOD[@MODEL]=]RESULT]...")
@click.option(
    "--format", "as_", default="markdown", type=click.Choice(("markdown", "json", "html")), help="The form (markdown)."
)
@click.option(
    "--base", default="", metavar="METHOD", help='Mark what is below this row (default: the one named "base").'
)
@click.option("--intervals", is_flag=True, help="Print 95 % intervals.")
@click.option("--mixed-protocols", is_flag=True, help="Put results of different protocols into one table.")
@click.option("--by-model", is_flag=True, help="Columns by model, all difficulties together, as papers have MBPP.")
@click.option("--published", is_flag=True, help="Print the paper's own numbers below.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Where --format html puts the page.")
@click.option("--plots", type=click.Path(path_type=Path), metavar="FOLDER", help="Write each plot as SVG and PNG.")
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    metavar="METHOD=FOLDER",
    help="Plot the training of a METHOD, too, from the metrics in its checkpoint's FOLDER.",
)
@click.option("--check", is_flag=True, help="Write no leaderboard, but exit 1 if the one that is there is stale.")
def command(
    *,
    results: tuple[str, ...],
    as_: str,
    base: str,
    intervals: bool,
    mixed_protocols: bool,
    by_model: bool,
    published: bool,
    out: Path | None,
    plots: Path | None,
    checkpoints: tuple[str, ...],
    check: bool,
) -> int:
    """Turn results into tables, a page, or a leaderboard.

    Rows are methods, columns pass@k by difficulty or by model.

    RESULT is the folder of a run or its result file, RUN#POLICY one policy of several. METHOD names its row, and
    several results of one METHOD are seeds. A single folder of runs gets its LEADERBOARD.md written instead.
    """
    if tree := _tree(results):
        if as_ != "markdown" or any((base, intervals, mixed_protocols, by_model, published, out, plots, checkpoints)):
            raise UserError(
                f"{tree}: is a folder of runs, whose leaderboard takes --check only; name runs for the rest"
            )
        return _checked(tree) if check else _regenerated(tree)
    if check:
        raise UserError("--check looks at a leaderboard; name one folder of runs, and nothing else")
    if (as_ == "html") != (out is not None):
        raise UserError("--format html writes a folder, and nothing else does; give it together with --out FOLDER")
    if not results and not published:
        raise UserError("there is nothing to print; name results, or give --published")
    if checkpoints and not (out or plots):
        raise UserError("--checkpoint is for plots; give --plots FOLDER, or --format html --out FOLDER")
    entries = [entry for argument in results for entry in entries_of(argument)]
    tables = tabulate(entries, base=base, mixed_protocols=mixed_protocols, by_model=by_model)
    shown = (*tables, *published_tables()) if published else tables
    named = titled(entries)
    drawn = figures({title: entry.result for title, entry in named.items()}, trainings_of(checkpoints, entries))
    if plots:
        _plot(plots, drawn)
    if out:
        with writing(out):
            click.echo(f"Wrote {write_page(out, shown, named, drawn)}")
    elif as_ == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(shown), indent=2))
    else:
        click.echo(markdown(shown, intervals=intervals), nl=False)
    return 0


def _tree(results: tuple[str, ...]) -> Path | None:
    """Return the folder of runs, if that is what was named: a folder that is no run itself."""
    folder = Path(results[0]) if len(results) == 1 else None
    return folder if folder and folder.is_dir() and not (folder / RESULT_FILE).exists() else None


def _plot(folder: Path, drawn: tuple[Figure, ...]) -> None:
    if not drawn:
        raise UserError("--plots: there is nothing to plot; name results whose samples were judged")
    for path in write_plots(folder, drawn):
        click.echo(f"Wrote {path}", err=True)


def _regenerated(folder: Path) -> int:
    with writing(folder / LEDGER):
        click.echo(f"Wrote {regenerate(folder)}")
    return 0


def _checked(folder: Path) -> int:
    if not is_stale(folder):
        return 0
    click.echo(f"proctor: the leaderboard of {folder} is stale; run proctor table {folder}", err=True)
    return STALE
