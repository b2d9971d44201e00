"""Runs `proctor reference`: groups and a model in, the model's log-probabilities of the groups stored beside them."""

from pathlib import Path
from typing import Any

import click

from trainers.cli.train import overridden, setting_options
from trainers.config import TrainingOptions


@click.command("reference")
@click.option(
    "--groups", required=True, type=click.Path(path_type=Path), help="Groups, as proctor compile writes them."
)
@click.option("--model", required=True, metavar="NAME", help="Folder of the base model, or its name on the hub.")
@setting_options("batch_groups", "dtype", "attention", "packing", "logits_chunk")
def command(*, groups: Path, model: str, **given: Any) -> int:
    """Store log-probabilities that some methods compare with.

    They are those of groups under a model, and are stored beside the groups. The methods dpo, kto, rloo-kl and topr
    compare the policy with the model that they begin with. proctor train computes what is missing by itself; under
    `accelerate launch` it must be there before.
    """
    from trainers.reference import make_reference  # noqa: PLC0415 - loads torch

    path = make_reference(groups, model, overridden(TrainingOptions(), given))
    click.echo(f"Reference written to {path}")
    return 0
