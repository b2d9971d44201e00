"""Compares expected output with actual output: small pure functions, found by name.

Each returns whether the actual output is right. Strict by default: a prefix, an extra line, another order or another
letter case is wrong. What a checker forgives, its first line says. `sandbox.inside.value_checkers` has those of
returned values. Runs in the examiner too: standard library only, CPython 3.10 and newer.
"""

import functools
import re
from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any

from sandbox.inside import value_checkers
from sandbox.inside.number_texts import USUAL, Tolerance, close_value, same_value
from sandbox.inside.value_checkers import same_members

_WHITE = b" \t\n\r\f\v"
_TOKEN, _LINE = re.compile(rb"[^ \t\n\r\f\v]+"), re.compile(rb"[^\n]*\n?")
_PART = re.compile(rb"[ \t\n\r\f\v]+|[^ \t\n\r\f\v]+")
_USUAL = Tolerance()
_NAME = re.compile(r"(\w+)(?: ([0-9][0-9.e-]{0,20})(?: (absolute|relative))?)?( any_case)?")
"""A checker's name, the tolerance that it grants, and whether the case of letters counts."""


def exact(expected: bytes, actual: bytes) -> bool:
    r"""Compare byte for byte.

    >>> exact(b"3\n", b"3")
    False

    Args:
        expected: the right output.
        actual: what the program printed.
    """
    return expected == actual


def lines(expected: bytes, actual: bytes) -> bool:
    r"""Compare line by line; white space at the end of a line and blank lines at the end don't count.

    >>> lines(b"1 2\n3", b"1 2 \r\n3\n\n"), lines(b"1\n2", b"2\n1"), lines(b"3", b"3\0")
    (True, False, False)

    Args:
        expected: the right output; only a line feed ends a line.
        actual: what the program printed.
    """
    return all(wanted == given for wanted, given in zip_longest(_lines(expected), _lines(actual)))


def tokens(expected: bytes, actual: bytes) -> bool:
    r"""Compare the words between white space of any kind.

    >>> tokens(b"1 2\n", b"1\n2\n"), tokens(b"1 2", b"1 2 2")
    (True, False)

    Args:
        expected: the right output; white space is that of ASCII.
        actual: what the program printed.
    """
    return all(wanted == given for wanted, given in zip_longest(_tokens(expected), _tokens(actual)))


def values(expected: bytes, actual: bytes) -> bool:
    r"""Compare line by line as `lines` does, but each word that is a number by its exact value, however it is written.

    >>> values(b"50 x\n3\n", b"50.0 x\n3e+00"), values(b"1000000007", b"1000000006"), values(b"1 2", b"1  2")
    (True, False, False)

    Args:
        expected: the right output.
        actual: what the program printed.
    """
    pairs = zip_longest(_lines(expected), _lines(actual))
    return all(wanted == given or _same_line(wanted, given) for wanted, given in pairs)


def numbers(expected: bytes, actual: bytes, tolerance: Tolerance = _USUAL) -> bool:
    r"""Compare token by token; numbers by value, which may differ by 1e-6, relative or absolute.

    Two integers must be equal to the digit: 1e-6 of a large integer is not a rounding error.

    >>> numbers(b"1.4142136", b"1.41421356"), numbers(b"1000000007", b"1000000006"), numbers(b"1.5", b"nan")
    (True, False, False)
    >>> numbers(b"2", b"2.0"), numbers(b"2", b"1.9999999999"), numbers(b"2.718281828", b"2.718", Tolerance(1e-3, 1e-3))
    (True, True, True)

    Args:
        expected: the right output, of decimal numbers and any other words.
        actual: what the program printed; a number may have an exponent or no decimal point.
        tolerance: of a number, unless both are written as integers.
    """
    pairs = zip_longest(_tokens(expected), _tokens(actual))
    return all(
        wanted == given or (wanted is not None and given is not None and close_value(wanted, given, tolerance))
        for wanted, given in pairs
    )


def any_order(expected: bytes, actual: bytes) -> bool:
    r"""Compare line by line as `lines` does, with the lines in any order.

    >>> any_order(b"1 2\n3\n", b"3\n1 2"), any_order(b"1\n1", b"1"), any_order(b"1 2", b"2 1")
    (True, False, False)

    Args:
        expected: the right output.
        actual: what the program printed.
    """
    return same_members(_lines(expected), _lines(actual))


def any_word_order(expected: bytes, actual: bytes) -> bool:
    r"""Compare line by line, with the words of each line in any order.

    >>> any_word_order(b"2\n1 5\n", b"2\n5 1"), any_word_order(b"1 1 5", b"1 5 5"), any_word_order(b"1\n2", b"2\n1")
    (True, False, False)

    Args:
        expected: the right output.
        actual: what the program printed.
    """
    pairs = zip_longest(_lines(expected), _lines(actual))
    return all(
        wanted == given or (wanted is not None and given is not None and same_members(_tokens(wanted), _tokens(given)))
        for wanted, given in pairs
    )


STDIO: dict[str, Callable[[bytes, bytes], bool]] = {
    checker.__name__: checker for checker in (exact, lines, tokens, values, numbers, any_order, any_word_order)
}
CALL = value_checkers.CALL
_WITH_TOLERANCE: dict[str, Callable[..., bool]] = {
    checker.__name__: checker for checker in (numbers, value_checkers.json_close, value_checkers.json_wrapped)
}


@functools.lru_cache(64)
def stdio_checker(name: str) -> Callable[[bytes, bytes], bool]:
    """Return a checker of outputs: "values", say, "numbers 1e-4", "numbers 1e-4 absolute" or "values any_case".

    A tolerance is relative and absolute, or only what it says, and the other is the usual one, or this where it is
    stricter. With `any_case`, ASCII letters are compared in any case.

    >>> stdio_checker("numbers 1e-4")(b"0.5 YES", b"0.50004 YES"), stdio_checker("lines any_case")(b"YES", b"Yes")
    (True, True)

    Args:
        name: in `STDIO`, and what is granted beyond that.

    Raises:
        LookupError: There is none of this name.
    """
    checker, any_case = _granted(name, STDIO)
    return (lambda expected, actual: checker(expected.lower(), actual.lower())) if any_case else checker


@functools.lru_cache(64)
def call_checker(name: str) -> Callable[[Any, Any], bool]:
    """Return a checker of values: "json_close", say, or "json_close 1e-4".

    Args:
        name: in `CALL`, and the tolerance that is granted, as in `stdio_checker`.

    Raises:
        LookupError: There is none of this name.
    """
    checker, any_case = _granted(name, CALL)
    if any_case:
        raise LookupError(name)
    return checker


def _granted(name: str, known: dict[str, Callable[[Any, Any], bool]]) -> tuple[Callable[[Any, Any], bool], bool]:
    """Return a checker with its tolerance, and whether the case of letters doesn't count."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise LookupError(name)
    base, amount, kind, any_case = match.groups()
    checker: Callable[..., bool] = (known if amount is None else _WITH_TOLERANCE)[base]
    if base not in known:
        raise LookupError(name)
    if amount is not None:
        checker = functools.partial(checker, tolerance=_tolerance(amount, kind))
    return checker, bool(any_case)


def _tolerance(amount: str, kind: str | None) -> Tolerance:
    try:
        stated = float(amount)
    except ValueError:
        raise LookupError(amount) from None
    other = min(stated, USUAL)
    return Tolerance(relative=other if kind == "absolute" else stated, absolute=other if kind == "relative" else stated)


def _lines(text: bytes) -> Iterator[bytes]:
    """Yield the lines, one at a time, without white space at their ends and without blank lines at the end."""
    return (match[0].rstrip(_WHITE) for match in _LINE.finditer(text.rstrip(_WHITE)))


def _tokens(text: bytes) -> Iterator[bytes]:
    """Yield the words between white space, one at a time."""
    return (match[0] for match in _TOKEN.finditer(text))


def _same_line(wanted: bytes | None, given: bytes | None) -> bool:
    """Compare words by value; the white space between them counts."""
    if wanted is None or given is None:
        return False
    pairs = zip_longest(_parts(wanted), _parts(given))
    return all(part is not None and other is not None and same_value(part, other) for part, other in pairs)


def _parts(text: bytes) -> Iterator[bytes]:
    """Yield the words and the white space between them, one at a time."""
    return (match[0] for match in _PART.finditer(text))
