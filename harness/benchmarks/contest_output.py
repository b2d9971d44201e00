"""Compares outputs as CodeContests does; the source of this module goes into the jail."""

import re
from itertools import zip_longest

_TOKEN = re.compile(rb"[^ \n\t\r\v]+")
_WHOLE = re.compile(rb"[+-]?[0-9]+")
_DECIMAL = re.compile(rb"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ABS_TOL = 1e-5


def contest_output(expected: bytes, actual: bytes) -> bool:
    r"""Compare the words between white space: letter case doesn't count, and a number may differ by 1e-5.

    Two whole numbers must be equal to the digit.

    >>> contest_output(b"YES\n1.5", b"yes 1.500001"), contest_output(b"10000000000000001", b"10000000000000002")
    (True, False)

    Args:
        expected: the right output.
        actual: what the program printed.
    """
    words = (_TOKEN.finditer(expected.lower()), _TOKEN.finditer(actual.lower()))
    return all(wanted and given and _same(wanted[0], given[0]) for wanted, given in zip_longest(*words))


def _same(wanted: bytes, given: bytes) -> bool:
    if wanted == given:
        return True
    if _WHOLE.fullmatch(wanted) and _WHOLE.fullmatch(given):
        return _digits(wanted) == _digits(given)
    if not (_DECIMAL.fullmatch(wanted) and _DECIMAL.fullmatch(given)):
        return False
    return abs(float(wanted) - float(given)) < _ABS_TOL


def _digits(number: bytes) -> tuple[bool, bytes]:
    """Return the sign and the digits of a whole number; there is no limit of digits, as `int` has one."""
    digits = number.lstrip(b"+-").lstrip(b"0")
    return number.startswith(b"-") and bool(digits), digits
