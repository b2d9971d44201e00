"""Reads the names of a Python text from all of its scopes, without running it.

Runs in the examined interpreter too (CPython 3.10 and newer): standard library only.
"""

from collections.abc import Iterator
from typing import Any


def symbols_of(*texts: str) -> Iterator[Any]:
    """Yield the symbols of all scopes of some texts; SyntaxError where one doesn't parse."""
    import symtable  # noqa: PLC0415 - only where a test raised; keeps the examiner small

    tables = [symtable.symtable(text, "<text>", "exec") for text in texts]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        yield from table.get_symbols()
