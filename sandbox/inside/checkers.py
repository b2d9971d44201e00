"""Compares expected output with actual output: small pure functions, found by name.

Each returns whether the actual output is right. Strict by default: a prefix, an extra line, another order or another
letter case is wrong. What a checker forgives, its first line says. A number is a number of any type, as Python's `==`
has it and as the benchmarks' own tests do: 1, 1.0 and True are equal, but none of them equals "1". Runs in the examiner
too: standard library only, CPython 3.10 and newer.
"""

import math
import numbers as abstract
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from typing import Any

_REL_TOL = _ABS_TOL = 1e-6
"""What judges of contests allow for rounding: relative to the right answer, or absolute."""
_NUMPY_REL_TOL = 1e-7
"""The relative part of `numpy.testing.assert_allclose`, which EvalPlus adds to a problem's absolute one."""
_DECIMAL = re.compile(rb"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
"""One way only to match a text, so that one that does not match is known in linear time."""
_WHITE = b" \t\n\r\f\v"
_TOKEN, _LINE = re.compile(rb"[^ \t\n\r\f\v]+"), re.compile(rb"[^\n]*\n?")


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


def numbers(expected: bytes, actual: bytes) -> bool:
    r"""Compare token by token; a token that is expected with a decimal point may differ by 1e-6, relative or absolute.

    Integers must be equal to the digit: 1e-6 of a large integer is not a rounding error.

    >>> numbers(b"1.4142136", b"1.41421356"), numbers(b"1000000007", b"1000000006"), numbers(b"1.5", b"nan")
    (True, False, False)

    Args:
        expected: the right output, of decimal numbers and any other words.
        actual: what the program printed; a number may have an exponent or no decimal point.
    """
    return all(_same_token(wanted, given) for wanted, given in zip_longest(_tokens(expected), _tokens(actual)))


def equal(expected: Any, actual: Any) -> bool:
    """Compare two values as `==` does.

    >>> equal([1, 2], (1, 2)), equal(3, 3.0)
    (False, True)

    Args:
        expected: the right value, of any type.
        actual: what the program returned.
    """
    return bool(expected == actual)


def json_equal(expected: Any, actual: Any) -> bool:
    """Compare with a value that was written as JSON: a tuple is a list, and keys are what JSON makes of them.

    >>> json_equal([[1, 2]], [(1, 2)]), json_equal({"1": "a"}, {1: "a"}), json_equal([1, 2], {1, 2})
    (True, True, False)
    >>> json_equal(0.3, 0.1 + 0.2), json_equal(1, True), json_equal("1", 1)
    (False, True, False)

    Args:
        expected: the right value, as `json.loads` returns it.
        actual: what the program returned.
    """
    return _same_json(expected, actual, _same_number)


def json_close(expected: Any, actual: Any) -> bool:
    """Compare as `json_equal` does, but where a float is expected forgive 1e-6, relative or absolute.

    >>> json_close([0.3, 7], [0.1 + 0.2, 7]), json_close(1000000007, 1000000006), json_close(1.5, float("nan"))
    (True, False, False)

    Args:
        expected: the right value, as `json.loads` returns it.
        actual: what the program returned; an integer may come for a float.
    """
    return _same_json(expected, actual, _close_number)


def json_wrapped(expected: Any, actual: Any) -> bool:
    """Compare as `json_close` does with the one element of the list that is expected, or with that list itself.

    Original APPS judges so: its files wrap the answers of some problems in a list, and do not say of which.

    >>> json_wrapped([7], 7), json_wrapped([7], [7]), json_wrapped([7], [[7]]), json_wrapped([7, 8], 7)
    (True, True, False, False)

    Args:
        expected: the right value, as `json.loads` returns it, wrapped or not.
        actual: what the program returned.
    """
    is_wrapped = isinstance(expected, list) and len(expected) == 1
    return json_close(expected, actual) or (is_wrapped and json_close(expected[0], actual))


def any_of(expected: Any, actual: Any) -> bool:
    """Compare with each of several right answers, as `==` does.

    >>> any_of([0, 6], 6), any_of([0, 6], [0, 6]), any_of([], 1)
    (True, False, False)

    Args:
        expected: the right answers; nothing is right where there are none.
        actual: what the program returned.
    """
    return any(equal(answer, actual) for answer in expected)


def close_1e_6(expected: Any, actual: Any) -> bool:
    """Compare as `==` does; floats expected may differ by 1e-6, in a value of the same type and length.

    >>> close_1e_6(0.3, 0.1 + 0.2), close_1e_6([0.5], (0.5,)), close_1e_6(3, 3.0000001), close_1e_6(2.0, 2)
    (True, False, False, True)

    Args:
        expected: the right value; floats may be in lists and tuples at any depth, but not in other types.
        actual: what the program returned; a float may also differ by a relative 1e-7, as EvalPlus has it.
    """
    return _close_value(expected, actual, 1e-6)


def close_1e_4(expected: Any, actual: Any) -> bool:
    """Compare as `==` does; floats expected may differ by 1e-4, in a value of the same type and length.

    >>> close_1e_4((3.14159, 7), (3.1416, 7)), close_1e_4(3.14159, 3.142)
    (True, False)

    Args:
        expected: the right value, see `close_1e_6`.
        actual: what the program returned.
    """
    return _close_value(expected, actual, 1e-4)


def same_set(expected: Any, actual: Any) -> bool:
    """Compare the members of two collections, in any order and of any type, repetitions aside.

    >>> same_set((1, 2), [2, 1, 1]), same_set([1, 2], [1]), same_set([1], 1), same_set([1], range(1, 10**12))
    (True, False, False, False)

    Args:
        expected: the right collection, of members that can be hashed.
        actual: what the program returned; wrong where it is not a collection of such members.
    """
    try:
        wanted, found = set(expected), set()
        for member in actual:
            if member not in wanted:  # an answer may be far longer than the right one
                return False
            found.add(member)
    except TypeError:  # no collection, or one of lists
        return False
    return len(found) == len(wanted)


def same_noneness(expected: Any, actual: Any) -> bool:
    """Compare whether there is an answer at all: a bool counts as itself, anything else is as true as it is not None.

    For functions that return a match object or None, where only the fact counts.

    >>> same_noneness(True, "match"), same_noneness(False, None), same_noneness(True, False), same_noneness(False, 0)
    (True, True, False, False)

    Args:
        expected: True or False, whether there is one.
        actual: what the program returned.
    """
    return expected is (actual if isinstance(actual, bool) else actual is not None)


def root_1e_4(expected: Any, actual: Any) -> bool:
    """Compare the value of a polynomial at a point with zero, within 1e-4.

    >>> root_1e_4([-6, 1, 1], 2.0), root_1e_4([-6, 1, 1], -3), root_1e_4([1, 2], -0.49), root_1e_4([0, 1], "0")
    (True, True, False, False)

    Args:
        expected: the coefficients, those of the lowest power first.
        actual: the point that the program returned.
    """
    if not isinstance(actual, abstract.Real):
        return False
    try:
        value = sum(coefficient * math.pow(actual, power) for power, coefficient in enumerate(expected))
    except (OverflowError, ValueError):  # far from every root
        return False
    return bool(abs(value) <= 1e-4)


STDIO: dict[str, Callable[[bytes, bytes], bool]] = {
    checker.__name__: checker for checker in (exact, lines, tokens, numbers)
}
CALL: dict[str, Callable[[Any, Any], bool]] = {
    checker.__name__: checker
    for checker in (
        equal, json_equal, json_close, json_wrapped, any_of, close_1e_6, close_1e_4, root_1e_4, same_set, same_noneness,
    )
}  # fmt: skip


def _lines(text: bytes) -> Iterator[bytes]:
    """Yield the lines, one at a time, without white space at their ends and without blank lines at the end."""
    return (match[0].rstrip(_WHITE) for match in _LINE.finditer(text.rstrip(_WHITE)))


def _tokens(text: bytes) -> Iterator[bytes]:
    """Yield the words between white space, one at a time."""
    return (match[0] for match in _TOKEN.finditer(text))


def _same_token(wanted: bytes | None, given: bytes | None) -> bool:
    if wanted == given:
        return True
    if wanted is None or given is None or b"." not in wanted:
        return False
    if not (_DECIMAL.fullmatch(wanted) and _DECIMAL.fullmatch(given)):
        return False
    return math.isfinite(float(wanted)) and _is_close(float(wanted), float(given))


def _is_close(wanted: float, given: float) -> bool:
    """Return whether a float is near the right one; infinity is near itself only, and nothing is near nan."""
    return math.isclose(wanted, given, rel_tol=_REL_TOL, abs_tol=_ABS_TOL)


def _same_json(expected: Any, actual: Any, same_number: Callable[[Any, Any], bool]) -> bool:
    if isinstance(expected, dict):
        return isinstance(actual, dict) and _same_object(expected, actual, same_number)
    if isinstance(expected, list):
        return (
            isinstance(actual, (list, tuple))
            and len(expected) == len(actual)
            and all(_same_json(*pair, same_number) for pair in zip(expected, actual, strict=True))
        )
    if isinstance(expected, abstract.Number):
        return isinstance(actual, abstract.Number) and same_number(expected, actual)
    return (actual is None) if expected is None else (isinstance(actual, str) and bool(expected == actual))


def _same_object(expected: dict[Any, Any], actual: dict[Any, Any], same_number: Callable[[Any, Any], bool]) -> bool:
    """Compare dictionaries; no two keys of the actual one may be the same to JSON."""
    wanted, given = _by_json_key(expected.items()), _by_json_key(actual.items())
    return (
        len(given) == len(actual)
        and wanted.keys() == given.keys()
        and all(_same_json(value, given[key], same_number) for key, value in wanted.items())
    )


def _by_json_key(items: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    return {_json_key(key): value for key, value in items}


def _json_key(key: Any) -> Any:
    """Return the text that JSON makes of a key; a key that JSON refuses stays as it is, and is not a text.

    >>> _json_key(1), _json_key(True), _json_key(None), _json_key(0.5), _json_key((1, 2))
    ('1', 'true', 'null', '0.5', (1, 2))
    """
    if isinstance(key, bool) or key is None:
        return {True: "true", False: "false", None: "null"}[key]
    return repr(key) if isinstance(key, (int, float)) else key


def _same_number(expected: Any, actual: Any) -> bool:
    return bool(expected == actual)


def _close_number(expected: Any, actual: Any) -> bool:
    if _same_number(expected, actual):
        return True
    if not (isinstance(expected, float) and isinstance(actual, abstract.Real)):
        return False
    try:
        return _is_close(expected, float(actual))
    except OverflowError:  # an integer beyond all floats
        return False


def _close_value(expected: Any, actual: Any, atol: float) -> bool:
    if isinstance(expected, (list, tuple)):
        return (
            type(expected) is type(actual)
            and len(expected) == len(actual)
            and all(_close_value(*pair, atol) for pair in zip(expected, actual, strict=True))
        )
    if equal(expected, actual):
        return True
    is_float = isinstance(expected, float) and isinstance(actual, float)
    return is_float and math.isclose(expected, actual, rel_tol=0.0, abs_tol=atol + _NUMPY_REL_TOL * abs(expected))
