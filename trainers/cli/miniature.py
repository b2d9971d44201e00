"""Runs `proctor miniature`: makes the material and the base of the miniature."""

from pathlib import Path

import click

from harness.errors import UserError
from trainers.demo.submissions import write_submissions

_out = click.option("--out", required=True, type=click.Path(path_type=Path), help="New folder to write.")
_seed = click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=0, help="Base seed of the material (default: 0)."
)


@click.group("miniature", no_args_is_help=False)
def command() -> None:
    """Make the material and the base of a loop in miniature."""


@command.command("submissions")
@click.option("--problems", type=click.IntRange(min=1), default=720, help="Number of problems (default: 720).")
@_seed
@_out
def submissions_command(*, problems: int, seed: int, out: Path) -> int:
    """Write generated submissions of known status in CodeNet's layout."""
    count = write_submissions(out, problems, seed)
    click.echo(f"{count} submissions written to {out}")
    return 0


@command.command("base")
@click.option("--train", is_flag=True, help="Train it from random weights, as the one that ships was.")
@_seed
@_out
def base_command(*, train: bool, seed: int, out: Path) -> int:
    """Write the base: the one that ships with proctor, or one of your own with --train."""
    from trainers.demo.base import train_base, write_shipped  # noqa: PLC0415 - torch

    if out.exists():
        raise UserError(f"{out}: exists already; choose a new folder for --out")
    draft = out.with_name(f"{out.name}.tmp")
    draft.mkdir(parents=True, exist_ok=True)
    if train:
        train_base(draft, seed)
    else:
        write_shipped(draft)
    draft.rename(out)
    click.echo(f"Base written to {out}")
    return 0
