"""The settings of a training as options of the command line: one definition serves recipes and both."""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, cast

import click
import msgspec
from msgspec import inspect

from harness.errors import UserError
from trainers.options import TrainingOptions


def of_option(field: inspect.Field) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option of a setting: its type, its line of help, and its default for the reader."""
    kind, about = _described(field.type)
    return click.option(
        f"--{field.name.replace('_', '-')}",
        type=_click_type(kind),
        metavar="on|off" if isinstance(kind, inspect.BoolType) else None,
        help=f"{about} (default: {_shown(field.default)})",
    )


def setting_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add an option for each setting; one that is not given is None."""
    fields = cast("inspect.StructType", inspect.type_info(TrainingOptions)).fields
    return reduce(lambda decorated, field: of_option(field)(decorated), reversed(fields), command)


def overridden(recipe: TrainingOptions, given: Mapping[str, Any]) -> TrainingOptions:
    """Return the recipe with the settings that were given, which are not None.

    Raises:
        UserError: A value is out of bounds.
    """
    try:
        settings = {name: value for name, value in given.items() if value is not None}
        return msgspec.convert(msgspec.structs.asdict(recipe) | settings, TrainingOptions)
    except msgspec.ValidationError as error:
        raise UserError(f"{error}; see proctor train --help") from error


def _described(kind: inspect.Type) -> tuple[inspect.Type, str]:
    """Return a setting's own type, without None, and its description."""
    about = ""
    if isinstance(kind, inspect.Metadata):
        about, kind = str((kind.extra_json_schema or {}).get("description", "")), kind.type
    if isinstance(kind, inspect.UnionType):
        kind = next(member for member in kind.types if not isinstance(member, inspect.NoneType))
    return kind, about


def _shown(value: object) -> object:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value is None else value


def _click_type(kind: inspect.Type) -> click.ParamType[Any]:
    if isinstance(kind, inspect.LiteralType):
        return click.Choice([str(value) for value in kind.values])
    if isinstance(kind, inspect.IntType):
        return click.INT
    return click.FLOAT if isinstance(kind, inspect.FloatType) else click.BOOL
