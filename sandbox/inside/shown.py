"""Shows errors and values as text of bounded length, in bounded time.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import reprlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_MOST_SHOWN = 1000
_FEW_DIGITS = 4300
_MANY_BITS = 1 << 13
"""Fewer than the digits above."""
_digits_limit: Callable[[], int] = getattr(sys, "get_int_max_str_digits", lambda: 0)
_set_digits_limit: Callable[[int], None] = getattr(sys, "set_int_max_str_digits", lambda _digits: None)


class _Brief(reprlib.Repr):
    """Shows the beginning of a value; of an integer that takes long to write, its size."""

    def repr_int(self, x: int, level: int) -> str:
        """Return an integer's digits, or how many bits it has."""
        bits = int.bit_length(x)  # a named tuple may bear the name of this type
        return f"<int of {bits} bits>" if bits > _MANY_BITS else super().repr_int(x, level)


_brief = _Brief()
_brief.maxlevel, _brief.maxstring, _brief.maxother, _brief.maxlong = 6, 400, 200, 100
_brief.maxlist = _brief.maxtuple = _brief.maxdict = _brief.maxset = _brief.maxfrozenset = _brief.maxdeque = 30


@contextmanager
def few_digits() -> Iterator[None]:
    """Refuse integers of many digits meanwhile: outside the test's own code none is converted."""
    usual = _digits_limit()
    _set_digits_limit(_FEW_DIGITS)
    try:
        yield
    finally:
        _set_digits_limit(usual)


def shown(error: BaseException) -> str:
    """Return the message of an error, or that it can't be shown.

    Args:
        error: may hold a value that can't be shown, such as a key of a million digits.
    """
    try:
        with few_digits():
            return str(error)[:_MOST_SHOWN]
    except BaseException as second:  # noqa: BLE001 - anything that showing a value of the program's leads to
        return f"not shown: {type(second).__name__}"


def shown_value(value: Any) -> str:
    """Return any value as readable text of bounded length.

    Args:
        value: of the test or the program; its `repr` may fail.
    """
    try:
        with few_digits():
            return _brief.repr(value)
    except BaseException as error:  # noqa: BLE001 - an integer with too many digits, say
        return f"<{type(value).__name__}, not shown: {type(error).__name__}>"
