"""Runs `proctor export-groups`: groups in, rows of JSON out, as other libraries read them."""

from pathlib import Path

import click

from harness.cli.values import Choice
from harness.errors import UserError
from trainers.exchange import FORMATS, write_rows
from trainers.groups import read_groups


@click.command("export-groups")
@click.argument("groups", type=click.Path(path_type=Path))
@click.option("--format", "as_", required=True, type=Choice(tuple(FORMATS)), help="Kind of the rows.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
def command(*, groups: Path, as_: str, out: Path) -> int:
    """Write groups as JSON Lines, as TRL reads them.

    GROUPS is a folder that proctor compile wrote, or its Parquet file. The kinds are TRL's: prompt-completion (accepted
    completions, for SFT), preference (pairs, for DPO) and unpaired-preference (labels, for KTO); and rewards, a row a
    group with all completions and their rewards. `proctor compile rows` reads them back.
    """
    try:
        count = write_rows(out, read_groups(groups), FORMATS[as_])
    except OSError as error:
        raise UserError(f"{out}: can't be written: {error.strerror}; choose another place") from error
    click.echo(f"{count} rows written to {out}")
    return 0
