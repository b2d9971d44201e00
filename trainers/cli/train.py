"""`proctor train`: groups and a model in, a checkpoint out."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click
import msgspec

from harness.errors import UserError
from harness.plugins import names, resolve
from trainers.options import TrainingOptions
from trainers.trainer import Trainer

GROUP = "proctor.trainers"


def training_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each setting of a training; one that is not given leaves the recipe's value."""
    options = (_option(field) for field in msgspec.inspect.type_info(TrainingOptions).fields)
    return reduce(lambda decorated, option: option(decorated), reversed(tuple(options)), command)


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
    type=click.Path(path_type=Path),
    help="TOML file with any of the settings below, which options override.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the checkpoint's record as JSON.")
@training_options
def command(
    *, method: str, groups: Path, model: str, out: Path, recipe: Path | None, as_json: bool, **given: Any
) -> int:
    """Train a model on groups by METHOD: a name, or path.py:attribute of a trainer of your own.

    The same command goes on where an earlier one was killed. Under `accelerate launch` it trains on several processors.
    """
    options = _settings(recipe, {name: value for name, value in given.items() if value is not None})
    checkpoint = resolve(GROUP, method, Trainer).train(groups, model, out, options)
    whole = Path(checkpoint.path) == out
    if as_json:
        click.echo(msgspec.json.encode(checkpoint))
    else:
        click.echo(f"The checkpoint of step {checkpoint.step} lies in {checkpoint.path}")
    if not whole:
        click.echo("stopped because of --max-hours; the same command goes on from here", err=True)
    return 0


def _settings(recipe: Path | None, given: dict[str, Any]) -> TrainingOptions:
    try:
        return msgspec.convert(_of_recipe(recipe) | given, TrainingOptions)
    except msgspec.ValidationError as error:
        raise UserError(f"{recipe or 'options'}: {error}; see proctor train --help") from error


def _of_recipe(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        found: dict[str, Any] = msgspec.toml.decode(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}; --recipe names a TOML file") from error
    except ValueError as error:
        raise UserError(f"{path}: is no TOML ({error}); mend it") from error
    return found


def _option(field: msgspec.inspect.Field) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option of a setting: its type, its default for the reader, and its line of help."""
    kind, about = _described(field.type)
    default = {True: "on", False: "off", None: "none"}.get(field.default, field.default)
    return click.option(
        f"--{field.name.replace('_', '-')}",
        type=_click_type(kind),
        metavar="on|off" if isinstance(kind, msgspec.inspect.BoolType) else None,
        help=f"{about} (default: {default})",
    )


def _described(kind: msgspec.inspect.Type) -> tuple[msgspec.inspect.Type, str]:
    """Return a setting's own type, without None, and its description."""
    about = ""
    if isinstance(kind, msgspec.inspect.Metadata):
        about, kind = str((kind.extra_json_schema or {}).get("description", "")), kind.type
    if isinstance(kind, msgspec.inspect.UnionType):
        kind = next(member for member in kind.types if not isinstance(member, msgspec.inspect.NoneType))
    return kind, about


def _click_type(kind: msgspec.inspect.Type) -> click.ParamType:
    if isinstance(kind, msgspec.inspect.LiteralType):
        return click.Choice([str(value) for value in kind.values])
    types = {msgspec.inspect.IntType: click.INT, msgspec.inspect.FloatType: click.FLOAT}
    return types.get(type(kind), click.BOOL)
