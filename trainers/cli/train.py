"""Runs `proctor train`: groups and a model in, a checkpoint out; every setting is an option."""

import os
from collections.abc import Callable, Mapping
from functools import reduce
from pathlib import Path
from typing import Any, cast

import click
import msgspec
from msgspec import inspect

from harness.cli.values import Choice, FiniteRange, completing, completing_plugins
from harness.errors import UserError
from harness.plugins import names, resolve
from harness.progress import say
from trainers.config import TrainingOptions, read_recipe, recipe_names
from trainers.plan.forecast import forecast_table, plan_training
from trainers.trainer import Trainer


def of_option(field: inspect.Field) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option of a setting: its type, its line of help, and its default for the reader.

    Args:
        field: A field of `TrainingOptions`.

    Returns:
        A decorator of a subcommand's function.
    """
    kind, about = _described(field.type)
    return click.option(
        _flag(field.name),
        type=_click_type(kind),
        metavar="on|off" if isinstance(kind, inspect.BoolType) else None,
        callback=_of_three if isinstance(kind, inspect.UnionType) else None,
        help=f"{about} (default: {_shown(field.default)})",
    )


def setting_options(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that adds an option for each setting; one that is not given is None.

    Args:
        names: Of the settings; none for all.

    Returns:
        A decorator of a subcommand's function, which has `**given` for the settings.
    """
    fields = cast("inspect.StructType", inspect.type_info(TrainingOptions)).fields
    chosen = [field for field in reversed(fields) if not names or field.name in names]
    return lambda command: reduce(lambda decorated, field: of_option(field)(decorated), chosen, command)


def overridden(recipe: TrainingOptions, given: Mapping[str, Any]) -> TrainingOptions:
    """Return the recipe with the settings that were given in the place of its own.

    Args:
        recipe: Settings to begin with.
        given: Name -> value; None for a setting that was not given.

    Returns:
        The settings, checked against their bounds.

    Raises:
        UserError: A value is out of bounds.
    """
    try:
        settings = {name: value for name, value in given.items() if value is not None}
        return msgspec.convert(msgspec.structs.asdict(recipe) | settings, TrainingOptions)
    except msgspec.ValidationError as error:
        reason, _, name = str(error).replace("`", "").partition(" - at $.")
        option = f"--{name.replace('_', '-')} {given.get(name)}"
        raise UserError(f"{option}: {reason[:1].lower()}{reason[1:]}; see proctor train --help") from error


def _described(kind: inspect.Type) -> tuple[inspect.Type, str]:
    """Return a setting's own type, without None, and its description."""
    about = ""
    if isinstance(kind, inspect.Metadata):
        about, kind = str((kind.extra_json_schema or {}).get("description", "")), kind.type
    if isinstance(kind, inspect.UnionType):
        members = [member for member in kind.types if not isinstance(member, inspect.NoneType)]
        kind = members[0] if len(members) == 1 else kind
    return kind, about


_OF_THREE = {"auto": "auto", "on": True, "off": False}
"""Of a setting that is on, off, or decided by training: word -> value."""


def _of_three(_context: click.Context, _option: click.Parameter, given: str | None) -> object:
    return given if given is None else _OF_THREE[given]


def _shown(value: object) -> object:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value is None else value


def _click_type(kind: inspect.Type) -> click.ParamType[Any]:
    if isinstance(kind, inspect.UnionType):
        return Choice(_OF_THREE)
    if isinstance(kind, inspect.LiteralType):
        return Choice([str(value) for value in kind.values])
    if isinstance(kind, inspect.StrType):
        return click.STRING
    if isinstance(kind, inspect.IntType):
        return click.INT
    return FiniteRange() if isinstance(kind, inspect.FloatType) else click.BOOL


def refuse_ignored(method: str, trainer: Trainer, recipe: TrainingOptions, given: Mapping[str, Any]) -> None:
    """Refuse options that the method doesn't use; say so of those in a recipe, which may be one for many methods.

    Args:
        method: As it was named.
        trainer: That it names.
        recipe: The base settings.
        given: As for `overridden`.

    Raises:
        UserError: Such an option was given.
    """
    useless = [_flag(name) for name in trainer.ignores if given[name] is not None]
    if useless:
        raise UserError(f"{method} doesn't use {', '.join(useless)}; leave that out, or choose a method that does")
    usual = TrainingOptions()
    left = [_flag(name) for name in trainer.ignores if getattr(recipe, name) != getattr(usual, name)]
    if left:
        say(f"{method} doesn't use {', '.join(left)} of the recipe")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


GROUP = "proctor.trainers"


@click.command("train", epilog=f"Methods: {', '.join(names(GROUP))}.")
@click.argument("method", shell_complete=completing_plugins(GROUP))
@click.option(
    "--groups", required=True, type=click.Path(path_type=Path), help="Groups, as proctor compile writes them."
)
@click.option("--model", required=True, metavar="NAME", help="Folder of the base model, or its name on the hub.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of the checkpoint: new, or of a training to resume."
)
@click.option(
    "--recipe",
    metavar="NAME|FILE",
    shell_complete=completing(recipe_names),
    help=f"Base settings: {', '.join(recipe_names())}, or a TOML file; the options below override them.",
)
@click.option("--plan", is_flag=True, help="Print tokens, steps, operations, memory and hours, and train nothing.")
@click.option("--calibrate", is_flag=True, help="With --plan: measure this machine instead of assuming an A100 80 GB.")
@click.option("--json", "as_json", is_flag=True, help="Print the checkpoint's record, or the plan, as JSON.")
@setting_options()
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

    METHOD is a name, or path.py:attribute of a trainer of your own. The same command resumes where
    an earlier one was killed. Under `accelerate launch` it trains on several processors.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # PyTorch then uses huge pages, which pay on a CPU
    base = read_recipe(recipe) if recipe else TrainingOptions()
    options = overridden(base, given)
    trainer = resolve(GROUP, method, Trainer)
    refuse_ignored(method, trainer, base, given)
    if plan:
        forecast = plan_training(groups, model, options, calibrate=calibrate)
        click.echo(msgspec.json.encode(forecast) if as_json else forecast_table(forecast))
        return 0
    if out is None:
        raise click.UsageError("Missing option '--out'.")
    checkpoint = trainer.train(groups, model, out, options)
    if as_json:
        click.echo(msgspec.json.encode(checkpoint))
    else:
        click.echo(f"Checkpoint of step {checkpoint.step} written to {checkpoint.path}")
    if Path(checkpoint.path) != out:
        click.echo("stopped because of --max-hours; the same command resumes here", err=True)
    return 0
