"""Runs `proctor table`: `[METHOD[@MODEL]=]RESULT` in; tables, a page or a leaderboard out."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from harness.cli.values import Choice
from harness.errors import UserError
from harness.runs.run_names import run_path
from leaderboards.leaderboard import LEDGER, is_stale, regenerate
from leaderboards.marks import Table
from leaderboards.page.page import write_page
from leaderboards.plots.draw import write_plots
from leaderboards.plots.figures import Step, figures, read_training
from leaderboards.plots.shapes import Figure
from leaderboards.published import beside_published
from leaderboards.render import RENDERERS, writing
from leaderboards.results import RESULT_FILE, label_of, named_results
from leaderboards.table import TableEntry, table_entry, tabulate


def entries_of(argument: str) -> tuple[TableEntry, ...]:
    """Read the results that one argument names; without METHOD each policy is a method of its own.

    Args:
        argument: `[METHOD[@MODEL]=]PATH[#POLICY]`, as typed.

    Returns:
        The results with their places in a table.

    Raises:
        UserError: As `named_results` does, or METHOD names several policies.
    """
    label, source = label_of(argument)
    found = named_results(source)
    if not label:
        return tuple(table_entry(one, one.result.policy) for one in found)
    if len(found) > 1:
        policies = ", ".join(one.result.policy for one in found)
        raise UserError(f"{argument}: {source} holds results of {policies}; choose one as {source}#POLICY")
    method, _, model = label.partition("@")
    return (table_entry(found[0], method, model),)


def titled(entries: Sequence[TableEntry]) -> Mapping[str, TableEntry]:
    """Return the entries by title: method, model and benchmark, and a number where seeds share them.

    Args:
        entries: In the order of the table.

    Returns:
        Title -> entry, in the same order.
    """
    names = [
        " ".join(filter(None, (entry.method, entry.model, f"on {entry.result.conditions.benchmark}")))
        for entry in entries
    ]
    return dict(zip(_numbered(names), entries, strict=True))


def trainings_of(arguments: Sequence[str], entries: Sequence[TableEntry]) -> Mapping[str, Sequence[Step]]:
    """Read the trainings that METHOD[@MODEL]=CHECKPOINT name; several checkpoints of one METHOD are seeds.

    Args:
        arguments: As typed.
        entries: Results of these methods.

    Returns:
        Name of a line in the plots -> steps.

    Raises:
        UserError: An argument is of another form, METHOD has no result, or the checkpoint has no metrics.
    """
    known = dict.fromkeys(entry.method for entry in entries)
    labels = []
    for argument in arguments:
        label, equals, _ = argument.partition("=")
        if not equals or label.partition("@")[0] not in known:
            raise UserError(f"--checkpoint {argument}: give METHOD=FOLDER, METHOD being one of {', '.join(known)}")
        labels.append(label.replace("@", " "))
    folders = (Path(argument.partition("=")[2]) for argument in arguments)
    return {name: read_training(folder) for name, folder in zip(_numbered(labels), folders, strict=True)}


def _numbered(names: Sequence[str]) -> tuple[str, ...]:
    """Number the names that occur more than once: they are seeds."""
    return tuple(
        name if names.count(name) == 1 else f"{name}, seed {names[:place].count(name) + 1}"
        for place, name in enumerate(names)
    )


STALE = 1
TERMINAL = "terminal"
"""Format that is drawn, not rendered to a text."""


@click.command("table")
@click.argument("results", nargs=-1, metavar="[[METHOD[@MODEL]=]RESULT]...")
@click.option(
    "--format",
    "as_",
    type=Choice((*RENDERERS, TERMINAL, "html")),
    help="Format (default: terminal on a terminal, else markdown).",
)
@click.option(
    "--base", default="", metavar="METHOD", help='Mark numbers below this row (default: the one named "base").'
)
@click.option("--intervals", is_flag=True, help="Print 95 % intervals.")
@click.option("--mixed-protocols", is_flag=True, help="Allow results of different protocols in one table.")
@click.option("--by-model", is_flag=True, help="Columns by model, not by difficulty, as for MBPP in papers.")
@click.option("--published", is_flag=True, help="Put the paper's own numbers beside ours.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FOLDER", help="Folder of the page, for --format html.")
@click.option("--plots", type=click.Path(path_type=Path), metavar="FOLDER", help="Folder for plots as SVG and PNG.")
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    metavar="METHOD=FOLDER",
    help="Also plot the training of METHOD, from the metrics in its checkpoint; repeatable.",
)
@click.option("--check", is_flag=True, help="Write no leaderboard, but exit 1 if the existing one is stale.")
def command(
    *,
    results: tuple[str, ...],
    as_: str | None,
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
        if as_ not in {None, "markdown"} or any(
            (base, intervals, mixed_protocols, by_model, published, out, plots, checkpoints)
        ):
            raise UserError(
                f"{tree}: is a folder of runs, whose leaderboard takes no option but --check; name single runs"
            )
        return _checked(tree) if check else _regenerated(tree)
    if check:
        raise UserError("--check is for a leaderboard; name a single folder of runs")
    if (as_ == "html") != (out is not None):
        raise UserError("--format html and --out FOLDER go together; give both or neither")
    if not results and not published:
        raise UserError("there is nothing to print; name results, or give --published")
    if checkpoints and not (out or plots):
        raise UserError("--checkpoint is for plots; give --plots FOLDER, or --format html --out FOLDER")
    entries = [entry for argument in results for entry in entries_of(argument)]
    tables = tabulate(entries, base=base, mixed_protocols=mixed_protocols, by_model=by_model)
    shown = beside_published(tables) if published else tables
    named = titled(entries)
    plotted = figures({title: entry.result for title, entry in named.items()}, trainings_of(checkpoints, entries))
    if out:
        with writing(out):
            click.echo(f"Wrote {write_page(out, shown, named, plotted, base)}")
    if plots:
        _plot(plots, plotted)
    if not out:
        _print(shown, as_ or (TERMINAL if sys.stdout.isatty() else "markdown"), intervals=intervals)
    return 0


def _print(tables: Sequence[Table], as_: str, *, intervals: bool) -> None:
    if as_ != TERMINAL:
        click.echo(RENDERERS[as_](tables, intervals=intervals), nl=False)
        return
    from rich.console import Console  # noqa: PLC0415 - a tenth of a second, for a terminal only

    from leaderboards.cli.terminal import draw_tables  # noqa: PLC0415

    draw_tables(tables, Console(), intervals=intervals)


def _tree(results: tuple[str, ...]) -> Path | None:
    """Return the folder of runs if one was named: a folder that is not itself a run."""
    folder = run_path(Path(results[0])) if len(results) == 1 else None
    return folder if folder and folder.is_dir() and not (folder / RESULT_FILE).exists() else None


def _plot(folder: Path, plotted: tuple[Figure, ...]) -> None:
    if not plotted:
        raise UserError("--plots: there is nothing to plot; name results whose samples were judged")
    for path in write_plots(folder, plotted):
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
