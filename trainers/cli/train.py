"""`proctor train`: groups and a model in, a checkpoint out."""

import os
from pathlib import Path
from typing import Any

import click
import msgspec

from harness.plugins import names, resolve
from trainers.cli.settings import overridden, setting_options
from trainers.options import TrainingOptions
from trainers.plan import markdown, planned
from trainers.recipe import read_recipe, recipe_names
from trainers.trainer import Trainer

GROUP = "proctor.trainers"


@click.command("train", epilog=f"Methods: {', '.join(names(GROUP))}.")
@click.argument("method")
@click.option(
    "--groups", required=True, type=click.Path(path_type=Path), help="Groups, as proctor compile writes them."
)
@click.option("--model", required=True, metavar="NAME", help="Folder of the base model, or its name on the hub.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the checkpoint: new, or to go on with.")
@click.option(
    "--recipe",
    metavar="NAME|FILE",
    help=f"Settings to begin with: {', '.join(recipe_names())}, or a TOML file; the options below override them.",
)
@click.option("--plan", is_flag=True, help="Tell tokens, steps, operations, memory and hours, and train nothing.")
@click.option("--calibrate", is_flag=True, help="With --plan: measure this machine, instead of assuming an A100 80 GB.")
@click.option("--json", "as_json", is_flag=True, help="Print the record of the checkpoint, or of the plan, as JSON.")
@setting_options
def command(
    *,
    method: str,
    groups: Path,
    model: str,
    out: Path | None,
    recipe: str | None,
    plan: bool,
    calibrate: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Train a policy on groups by one of the methods.

    METHOD is a name, or path.py:attribute of a trainer of your own. The same command goes on where an
    earlier one was killed. Under `accelerate launch` it trains on several processors.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # PyTorch asks for huge pages then, on a CPU, where they pay
    options = overridden(read_recipe(recipe) if recipe else TrainingOptions(), given)
    trainer = resolve(GROUP, method, Trainer)
    if plan:
        told = planned(groups, model, options, calibrate=calibrate)
        click.echo(msgspec.json.encode(told) if as_json else markdown(told))
        return 0
    if out is None:
        raise click.UsageError("Missing option '--out'.")
    checkpoint = trainer.train(groups, model, out, options)
    if as_json:
        click.echo(msgspec.json.encode(checkpoint))
    else:
        click.echo(f"The checkpoint of step {checkpoint.step} lies in {checkpoint.path}")
    if Path(checkpoint.path) != out:
        click.echo("stopped because of --max-hours; the same command goes on from here", err=True)
    return 0
