"""Makes the module that a program runs in, and gives it the names of a prelude.

A prelude is source text that is executed before a program. What it defines is put among Python's builtins: there the
program finds it where it defines no such name itself, and nothing else of it changes, neither its globals nor the
numbers of its lines.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import _signal  # type: ignore[import-not-found] # without the enumerations of `signal`, which touch many pages of memory
import builtins
import os
import sys
import types
from typing import Any

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


_LENGTH_BYTES = 8
PRELUDE_LEADS = b"\0"
"""Begins a text that has a prelude; as the first byte of a program it would be refused by the compiler."""


def with_prelude(program: bytes, prelude: bytes) -> bytes:
    """Return a program's text with the prelude before it.

    Args:
        program: the source text.
        prelude: source text; empty where there is none, which leaves all programs but those of the first byte.
    """
    if not prelude and not program.startswith(PRELUDE_LEADS):
        return program
    return PRELUDE_LEADS + len(prelude).to_bytes(_LENGTH_BYTES, "big") + prelude + program


def compiled_program(text: bytes) -> Any:
    """Compile a program, and its prelude where it has one.

    Args:
        text: of `with_prelude`.

    Returns:
        Its code; with a prelude, a tuple of that one's code and its own.

    Raises:
        SyntaxError: or another of COMPILER_REFUSES.
    """
    if not text.startswith(PRELUDE_LEADS):
        return compile(text, FILE, "exec", dont_inherit=True)
    begin = len(PRELUDE_LEADS) + _LENGTH_BYTES
    end = begin + int.from_bytes(text[len(PRELUDE_LEADS) : begin], "big")
    code = compile(text[end:], FILE, "exec", dont_inherit=True)
    return (compile(text[begin:end], "prelude", "exec", dont_inherit=True), code) if end > begin else code


def run_prelude(prelude: types.CodeType, module: types.ModuleType) -> None:
    """Execute a prelude, and put what it defines among Python's builtins.

    Args:
        prelude: its code.
        module: of `new_module`; what is defined says that it is from there.
    """
    found = {"__name__": module.__name__, "__builtins__": builtins}
    exec(prelude, found)  # noqa: S102 - of the benchmark
    vars(builtins).update((name, value) for name, value in found.items() if not name.startswith("__"))


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
