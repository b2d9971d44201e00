"""Reads the program's text, compiles it, and makes the module that it runs in.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import builtins
import os
import signal
import sys
import types
from collections.abc import Callable

FILE = "program.py"
_set_handler: Callable[..., object] = sys.modules["_signal"].signal
"""What is behind `signal.signal`, which makes enumerations of numbers: each fork would have to copy their memory."""
COMPILER_REFUSES = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)


def compiler_message(error: BaseException) -> str:
    """Return what the compiler says of a program, in one line."""
    return f"{type(error).__name__}: {error}".partition("\n")[0]


def new_module(name: str) -> types.ModuleType:
    """Make the program's module, and add what `python3 program.py` starts with and a template must not have.

    As init it would obey a SIGINT that it has a handler for, and import what a program left in its folder.
    """
    module = types.ModuleType(name)
    module.__dict__.update(__file__=FILE, __builtins__=builtins)
    sys.modules[name] = module
    sys.path.insert(0, os.getcwd())
    _set_handler(signal.SIGINT, signal.default_int_handler)
    return module
