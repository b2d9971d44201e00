"""Finds checkers that a benchmark brings along, and reads their source for the jail."""

import inspect
from pathlib import Path
from types import FunctionType

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
