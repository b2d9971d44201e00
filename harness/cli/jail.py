"""The options that choose a jail, shared by every command that judges."""

import os
import sys
from collections.abc import Callable
from functools import reduce
from typing import Any

import click

from harness.errors import UserError
from sandbox.jail import ALL_LAYERS, Jail, JailReport, Refused, probe


def _layers(_context: click.Context, _option: click.Parameter, text: str) -> frozenset[str]:
    if text in {"all", "none"}:
        return ALL_LAYERS if text == "all" else frozenset()
    layers = frozenset(text.split(","))
    if unknown := sorted(layers - ALL_LAYERS):
        raise click.BadParameter(f"no such layer: {', '.join(unknown)}; there are {', '.join(sorted(ALL_LAYERS))}.")
    return layers


python_option = click.option(
    "--python", default=sys.executable, metavar="PATH", help="Interpreter that runs the programs (default: this one)."
)

JAIL_OPTIONS = (
    click.option(
        "--workers",
        type=click.IntRange(min=1),
        default=lambda: len(os.sched_getaffinity(0)),
        help="Programs judged at once (default: one for each core).",
    ),
    python_option,
    click.option(
        "--isolation",
        "layers",
        default="all",
        callback=_layers,
        metavar="LAYERS",
        help="all, none, or a comma list of layers (default: all that this host gives).",
    ),
    click.option(
        "--preload",
        multiple=True,
        metavar="MODULE",
        help="Import this in the warm interpreter, e.g. numpy; repeatable.",
    ),
)


def jail_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --workers, --python, --isolation and --preload to a command."""
    return reduce(lambda decorated, option: option(decorated), reversed(JAIL_OPTIONS), command)


def probed(jail: Jail) -> JailReport:
    """Start a jail once and report its layers; raise UserError if this host offers too little."""
    try:
        return probe(jail)
    except Refused as refusal:
        raise UserError(str(refusal)) from refusal
