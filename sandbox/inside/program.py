"""Reads the program's text, compiles it, and makes the module that it runs in.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import _signal  # type: ignore[import-not-found] # without the enumerations of `signal`, which touch many pages of memory
import builtins
import os
import sys
import types

FILE = "program.py"
COMPILER_REFUSES = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)


def compiler_message(error: BaseException) -> str:
    """Return what the compiler says of a program.

    Args:
        error: one of COMPILER_REFUSES.

    Returns:
        The name of its class and the first line of its text.
    """
    return f"{type(error).__name__}: {error}".partition("\n")[0]


def new_module(name: str) -> types.ModuleType:
    """Make the program's module, and add what `python3 program.py` starts with and a template must not have.

    As init it would obey a SIGINT that it has a handler for, and import what a program left in its folder.

    Args:
        name: what `__name__` will say; "__main__" for a program that reads its standard input.

    Returns:
        The module, empty but for its file and builtins, and imported under that name.
    """
    module = types.ModuleType(name)
    module.__dict__.update(__file__=FILE, __builtins__=builtins)
    sys.modules[name] = module
    sys.path.insert(0, os.getcwd())
    _signal.signal(_signal.SIGINT, _signal.default_int_handler)
    return module
