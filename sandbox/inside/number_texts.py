"""Compares numbers that are written as texts by their value, exactly or within a tolerance, whatever their spelling.

Nothing here turns digits into an integer or writes out an exponent, so that the work is linear in the length of a text.
Runs in the examiner too: standard library only, CPython 3.10 and newer.
"""

import math
import re
from typing import NamedTuple

_NUMBER = re.compile(rb"([+-]?)([0-9]*)(?:(\.)([0-9]*))?(?:[eE]([+-]?[0-9]{1,18}))?")
"""One way only to match a text, so that one that does not match is known in linear time. An exponent of more digits is
a text: no float has one, and no integer is ever made of so many digits."""
_OF_NUMPY = re.compile(rb"np\.(?:float|int|uint)[0-9]{1,3}\(([^()]*)\)")
"""What numpy 2 writes of its scalars in `repr`."""
USUAL = 1e-6
"""What judges of contests allow for rounding."""


class Tolerance(NamedTuple):
    """Bounds the error of a number: it may be relative to the right one, or absolute, whichever allows more."""

    relative: float = USUAL
    absolute: float = USUAL


class Number(NamedTuple):
    """Holds the value of a text, `digits` times ten to the power of `exponent`; two are equal exactly if these are."""

    is_negative: bool
    digits: bytes
    """Without zeros at either end; zero has none."""
    exponent: int


def parsed_number(text: bytes) -> Number | None:
    """Return the value of a text that is a number; None for any other text, "007" included, which may be a code.

    >>> parsed_number(b"-50.0") == parsed_number(b"-5e+1"), parsed_number(b"1_0")
    (True, None)

    Args:
        text: of any length, without white space.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    sign, whole, point, fraction, power = match.groups(b"")
    if not (whole or fraction) or (_is_padded(whole) and not point and not power):
        return None
    written = whole + fraction
    digits = written.rstrip(b"0")
    exponent = int(power or b"0") - len(fraction) + len(written) - len(digits)
    digits = digits.lstrip(b"0")
    return Number(sign == b"-", digits, exponent) if digits else Number(is_negative=False, digits=b"", exponent=0)


def _is_padded(whole: bytes) -> bool:
    return len(whole) > 1 and whole.startswith(b"0")


def same_value(wanted: bytes, given: bytes) -> bool:
    """Compare two texts: numbers by their exact value, at any size, all else byte for byte.

    >>> same_value(b"50", b"50.0"), same_value(b"0.00001", b"1e-05"), same_value(b"1000000007", b"1000000006")
    (True, True, False)

    Args:
        wanted: the right text.
        given: what the program printed; numpy may have written the number.
    """
    if wanted == given:
        return True
    number = parsed_number(wanted)
    return number is not None and number == parsed_number(_plain(given))


def close_value(wanted: bytes, given: bytes, tolerance: Tolerance) -> bool:
    """Compare two texts as `same_value` does; numbers may also differ by a tolerance, unless both are written whole.

    >>> close_value(b"2", b"1.9999999", Tolerance()), close_value(b"1000000007", b"1000000006", Tolerance())
    (True, False)

    Args:
        wanted: the right text.
        given: what the program printed.
        tolerance: of two numbers.
    """
    if same_value(wanted, given):
        return True
    given = _plain(given)
    if _is_whole(wanted) and _is_whole(given):
        return False
    if parsed_number(wanted) is None or parsed_number(given) is None:
        return False
    return math.isfinite(float(wanted)) and is_close(float(wanted), float(given), tolerance)


def is_close(wanted: float, given: float, tolerance: Tolerance) -> bool:
    """Return whether a float is near the right one; infinity is near itself only, and nothing is near nan.

    Args:
        wanted: the right number.
        given: the program's.
        tolerance: between the two.
    """
    return math.isclose(wanted, given, rel_tol=tolerance.relative, abs_tol=tolerance.absolute)


def _is_whole(text: bytes) -> bool:
    """Return whether a number is written without point and exponent."""
    return text.lstrip(b"+-").isdigit()


def _plain(text: bytes) -> bytes:
    match = _OF_NUMPY.fullmatch(text)
    return match[1] if match else text
