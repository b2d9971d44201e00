"""Finds checkers that a benchmark or a user brings along, and reads their source for the jail."""

import ast
import inspect
from pathlib import Path
from types import FunctionType

from harness.errors import UserError
from harness.plugins import resolve
from sandbox.records import OwnChecker

CHECKERS = "proctor.checkers"
"""The entry-point group."""


def own_checker(name: str) -> OwnChecker:
    """Read the checker registered under `proctor.checkers` by this name, or that `path.py:attr` or `module:attr` names.

    Args:
        name: of a function from the expected and the actual output, as bytes, to a bool, in a module that imports the
            standard library only.

    Returns:
        The checker with its module's source, to be the `checker` of a `StdioTest`.

    Raises:
        UserError: There is no such function.
    """
    function = resolve(CHECKERS, name, FunctionType)
    return OwnChecker(name=function.__name__, source=Path(inspect.getfile(function)).read_text("utf-8"))


def checker_in_file(path: Path, name: str) -> OwnChecker:
    """Read a checker from a file without executing anything of it here.

    Args:
        path: of the module.
        name: of a function at its top level.

    Returns:
        The checker with the file's text.

    Raises:
        UserError: There is no such file or function.
    """
    try:
        source = path.read_text("utf-8")
        defined = {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}") from error
    except (ValueError, SyntaxError, RecursionError, MemoryError) as error:
        raise UserError(f"{path}: is not Python: {error}") from error
    if name not in defined:
        raise UserError(f"{path}: defines no function {name!r} at its top level; check the part after the colon")
    return OwnChecker(name=name, source=source)
