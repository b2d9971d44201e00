"""`proctor train`: groups and a model in, a checkpoint out."""

from pathlib import Path
from typing import Any

import click
import msgspec

from harness.plugins import names, resolve
from trainers.cli.settings import overridden, setting_options
from trainers.options import TrainingOptions
from trainers.recipe import read_recipe, recipe_names
from trainers.trainer import Trainer

GROUP = "proctor.trainers"


@click.command("train", epilog=f"Methods: {', '.join(names(GROUP))}.")
@click.argument("method")
@click.option(
    "--groups", required=True, type=click.Path(path_type=Path), help="Groups, as proctor compile writes them."
)
@click.option("--model", required=True, metavar="NAME", help="Folder of the base model, or its name on the hub.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="Folder of the checkpoint: new, or to go on with."
)
@click.option(
    "--recipe",
    metavar="NAME|FILE",
    help=f"Settings to begin with: {', '.join(recipe_names())}, or a TOML file; the options below override them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the checkpoint's record as JSON.")
@setting_options
def command(
    *, method: str, groups: Path, model: str, out: Path, recipe: str | None, as_json: bool, **given: Any
) -> int:
    """Train a model on groups by METHOD: a name, or path.py:attribute of a trainer of your own.

    The same command goes on where an earlier one was killed. Under `accelerate launch` it trains on several processors.
    """
    options = overridden(read_recipe(recipe) if recipe else TrainingOptions(), given)
    checkpoint = resolve(GROUP, method, Trainer).train(groups, model, out, options)
    if as_json:
        click.echo(msgspec.json.encode(checkpoint))
    else:
        click.echo(f"The checkpoint of step {checkpoint.step} lies in {checkpoint.path}")
    if Path(checkpoint.path) != out:
        click.echo("stopped because of --max-hours; the same command goes on from here", err=True)
    return 0
