"""Hides the host's names: moves the library to a neutral place in the new root, and renames it in the interpreter.

The places of an interpreter below a home, and ours, may hold a user's name. In the new root its library is in another
place, and all that was loaded before says so too.
"""

import _imp
import gc
import os
import sys
import types
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

_PREFIX, _OURS = "/python", "/proctor"
_SYSTEM = ("/usr/", "/lib", "/etc/")


def is_of_the_system(path: str) -> bool:
    """Return whether a path is the same on every host of its kind.

    Args:
        path: absolute.
    """
    return path.startswith(_SYSTEM)


def places(folders: list[str]) -> dict[str, str]:
    """Return where folders of the standard library appear.

    Args:
        folders: absolute paths.

    Returns:
        The new paths by the old ones: the system's as they are, others in a place of ours.

    >>> places(["/home/me/python/lib/python3.12", "/usr/lib/python3.12"])
    {'/home/me/python/lib/python3.12': '/python/lib/python3.12', '/usr/lib/python3.12': '/usr/lib/python3.12'}
    """
    return {path: path if is_of_the_system(path) else os.path.join(_PREFIX, *path.split("/")[-2:]) for path in folders}


def moved(path: str, shown: Mapping[str, str]) -> str:
    """Return where a path appears.

    Args:
        path: one of `shown`, below one of them, or another, which stays as it is.
        shown: new paths by old ones, as of `places`.

    >>> moved("/a/lib/os.py", {"/a/lib": "/python/lib"}), moved("/a/libre", {"/a/lib": "/python/lib"})
    ('/python/lib/os.py', '/a/libre')
    """
    for place, new in shown.items():
        if path == place or path.startswith(place + "/"):
            return new + path[len(place) :]
    return path


def rename(shown: Mapping[str, str]) -> None:
    """Have all that the interpreter has loaded say the new names; what is loaded from here on is found by them.

    Args:
        shown: where the library's folders appear.
    """
    names = {**shown, _home(): _OURS}
    sys.path[:] = [moved(path, names) for path in sys.path]
    sys.path_importer_cache.clear()
    sys.argv[:] = sys.orig_argv[:] = ["python3"]
    if any(path != new for path, new in shown.items()):
        _rename_interpreter(names)
    for name in [name for name in sys.modules if name == "sysconfig" or name.startswith("_sysconfigdata")]:
        del sys.modules[name]  # a program gets its own, which knows no other places
    for module in list(sys.modules.values()):
        _rename_module(module, names)
    for function in gc.get_objects():
        if isinstance(function, types.FunctionType):
            code = function.__code__
            _imp._fix_co_filename(code, moved(code.co_filename, names))  # type: ignore[attr-defined] # noqa: SLF001 - no other way


def _home() -> str:
    """Return the folder around our packages."""
    return __file__.rpartition("/sandbox/")[0]


def _rename_interpreter(names: Mapping[str, str]) -> None:
    known = dict.fromkeys(("prefix", "exec_prefix", "base_prefix", "base_exec_prefix"), _PREFIX)
    known |= dict.fromkeys(("executable", "_base_executable"), os.path.join(_PREFIX, "bin", "python3"))
    if isinstance(library := getattr(sys, "_stdlib_dir", None), str):
        known["_stdlib_dir"] = moved(library, names)
    for name, value in known.items():
        setattr(sys, name, value)
    if "site" in sys.modules:
        vars(sys.modules["site"])["PREFIXES"] = [_PREFIX]


def _rename_module(module: Any, names: Mapping[str, str]) -> None:
    spec = getattr(module, "__spec__", None)
    things = (
        (module, "__file__"), (module, "__cached__"), (spec, "origin"), (spec, "cached"),
        (getattr(spec, "loader", None), "path"), (getattr(spec, "loader_state", None), "filename"),
    )  # fmt: skip
    for thing, name in things:
        if isinstance(path := getattr(thing, name, None), str):
            with suppress(AttributeError, TypeError):  # a class that is its own loader
                setattr(thing, name, moved(path, names))
    for folders in (getattr(module, "__path__", None), getattr(spec, "submodule_search_locations", None)):
        if isinstance(folders, list):
            folders[:] = [moved(path, names) for path in folders]
