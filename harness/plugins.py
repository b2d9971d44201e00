"""Finds plugins by name: registered ones, or objects of a file or module of the user's own."""

import importlib
import importlib.util
from importlib.metadata import distribution, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from harness.errors import UserError, no_such

T = TypeVar("T")

_KINDS = {
    "proctor.backends": "backend",
    "proctor.benchmarks": "benchmark",
    "proctor.checkers": "checker",
    "proctor.trainers": "method",
}
"""Entry-point group -> what a user calls its members."""


def names(group: str) -> tuple[str, ...]:
    """Return the names registered under the entry-point group `group`, sorted.

    Args:
        group: such as "proctor.backends".

    Returns:
        Empty where nothing is registered.
    """
    return tuple(sorted(entry_points(group=group).names))


def resolve(group: str, name: str, type_: type[T]) -> T:
    """Return the plugin called `name`, or the object that `path.py:attr` or `module:attr` points at.

    Args:
        group: entry-point group.
        name: of a plugin, or the place of an object; a registered name comes first.
        type_: class of which the plugin must be an instance.

    Returns:
        The plugin, imported.

    Raises:
        UserError: There is no such plugin, file, module or attribute, or it is not a `type_`. Errors inside a plugin's
            own code are left alone.
    """
    plugin = _found(group, name)
    if not isinstance(plugin, type_):
        raise UserError(
            f"{name} is of type {type(plugin).__name__} and not a {type_.__name__}; name a {_KINDS.get(group, group)}"
        )
    return plugin


def _found(group: str, name: str) -> Any:
    ours = distribution("proctor").entry_points.select(
        group=group, name=name
    )  # those of all others take longer to find
    for entry_point in ours or entry_points(group=group, name=name):
        return entry_point.load()
    source, colon, attribute = name.rpartition(":")
    if not colon:
        raise no_such(_KINDS.get(group, group), name, names(group), "or name path.py:attribute")
    module = _from_file(Path(source)) if source.endswith(".py") else _from_name(source)
    if not hasattr(module, attribute):
        raise UserError(f"{source} has no {attribute!r}; check the part after the colon")
    return getattr(module, attribute)


def _from_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise UserError(f"{path}: there is no such file; check the part before the colon")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _from_name(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # the module is there; something that it needs is not
        raise UserError(f"there is no module {name!r}; check the part before the colon") from error
