"""Compares expected values with those that a function returned: small pure functions, found by name.

A number is a number of any type, as Python's `==` has it and as the benchmarks' own tests do: 1, 1.0 and True are
equal, but none of them equals "1". A scalar of numpy is its value, alone and in a container. Runs in the examiner too:
standard library only, CPython 3.10 and newer.
"""

import functools
import math
import numbers
import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from typing import Any

from sandbox.inside.number_texts import Tolerance, is_close

_NUMPY_REL_TOL = 1e-7
"""The relative part of `numpy.testing.assert_allclose`, which EvalPlus adds to a problem's absolute one."""
_USUAL = Tolerance()
_MOST_KEY_BITS = 1 << 13
"""An integer of more is not a key of JSON: turning its digits into a text may take long."""


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


def json_close(expected: Any, actual: Any, tolerance: Tolerance = _USUAL) -> bool:
    """Compare as `json_equal` does, but where a float is expected forgive 1e-6, relative or absolute.

    >>> json_close([0.3, 7], [0.1 + 0.2, 7]), json_close(1000000007, 1000000006), json_close(1.5, float("nan"))
    (True, False, False)

    Args:
        expected: the right value, as `json.loads` returns it.
        actual: what the program returned; an integer may come for a float.
        tolerance: where a float is expected.
    """
    return _same_json(expected, actual, functools.partial(_close_number, tolerance=tolerance))


def json_wrapped(expected: Any, actual: Any, tolerance: Tolerance = _USUAL) -> bool:
    """Compare as `json_close` does with the one element of the list that is expected, or with that list itself.

    Original APPS judges so: its files wrap the answers of some problems in a list, and do not say of which.

    >>> json_wrapped([7], 7), json_wrapped([7], [7]), json_wrapped([7], [[7]]), json_wrapped([7, 8], 7)
    (True, True, False, False)

    Args:
        expected: the right value, as `json.loads` returns it, wrapped or not.
        actual: what the program returned.
        tolerance: where a float is expected.
    """
    is_wrapped = isinstance(expected, list) and len(expected) == 1
    return json_close(expected, actual, tolerance) or (is_wrapped and json_close(expected[0], actual, tolerance))


def json_any_order(expected: Any, actual: Any) -> bool:
    """Compare two lists as `json_equal` does, with their parts in any order, but each as often as it is expected.

    >>> json_any_order([[1, 2], [3]], [(3,), (1, 2)]), json_any_order([1, 1, 2], [1, 2, 2]), json_any_order(1, 1)
    (True, False, True)

    Args:
        expected: the right list, as `json.loads` returns it; parts of a part have their order.
        actual: what the program returned.
    """
    if not (isinstance(expected, list) and isinstance(actual, (list, tuple))):
        return json_equal(expected, actual)
    return len(expected) == len(actual) and same_members(map(_frozen, expected), map(_frozen, actual))


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


def root_1e_4(expected: Any, actual: Any) -> bool:
    """Compare the value of a polynomial at a point with zero, within 1e-4.

    >>> root_1e_4([-6, 1, 1], 2.0), root_1e_4([-6, 1, 1], -3), root_1e_4([1, 2], -0.49), root_1e_4([0, 1], "0")
    (True, True, False, False)

    Args:
        expected: the coefficients, those of the lowest power first.
        actual: the point that the program returned.
    """
    if not isinstance(actual, numbers.Real):
        return False
    try:
        value = sum(coefficient * math.pow(actual, power) for power, coefficient in enumerate(expected))
    except (OverflowError, ValueError):  # far from every root
        return False
    return bool(abs(value) <= 1e-4)


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
    found = plain(actual)
    return expected is (found if isinstance(found, bool) else found is not None)


def plain(value: Any) -> Any:
    """Return the number or truth value that a scalar of numpy is; any other value as it is.

    Args:
        value: of the test or the program; nothing is asked of an object of the program.
    """
    numpy = sys.modules.get("numpy")
    is_scalar = numpy is not None and issubclass(type(value), (numpy.bool_, numpy.number))
    return value.item() if is_scalar else value


def same_members(expected: Iterable[Hashable], actual: Iterable[Hashable]) -> bool:
    """Compare members in any order, each as often as it is expected; the first that is not ends it.

    Args:
        expected: the right members.
        actual: those of the program, which may be far more.
    """
    left = Counter(expected)
    for member in actual:
        if left.get(member, 0) == 0:
            return False
        left[member] -= 1
    return not any(left.values())


CALL: dict[str, Callable[[Any, Any], bool]] = {
    checker.__name__: checker
    for checker in (
        equal, json_equal, json_close, json_wrapped, json_any_order, any_of, close_1e_6, close_1e_4, root_1e_4,
        same_set, same_noneness,
    )
}  # fmt: skip


def _same_json(expected: Any, actual: Any, same_number: Callable[[Any, Any], bool]) -> bool:
    actual = plain(actual)
    if isinstance(expected, dict):
        return isinstance(actual, dict) and _same_object(expected, actual, same_number)
    if isinstance(expected, list):
        return (
            isinstance(actual, (list, tuple))
            and len(expected) == len(actual)
            and all(_same_json(*pair, same_number) for pair in zip(expected, actual, strict=True))
        )
    if isinstance(expected, numbers.Number):
        return isinstance(actual, numbers.Number) and same_number(expected, actual)
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
    key = plain(key)
    if isinstance(key, bool) or key is None:
        return {True: "true", False: "false", None: "null"}[key]
    if isinstance(key, int) and key.bit_length() > _MOST_KEY_BITS:
        return key
    return repr(key) if isinstance(key, (int, float)) else key


def _frozen(value: Any) -> Hashable:
    """Return a value by which two are equal exactly if `json_equal` says so; a part that JSON lacks equals none."""
    value = plain(value)
    if isinstance(value, dict):
        parts = _by_json_key(value.items())
        if len(parts) < len(value) or not all(isinstance(key, str) for key in parts):
            return object()
        return "object", tuple((key, _frozen(parts[key])) for key in sorted(parts))
    if isinstance(value, (list, tuple)):
        return "list", tuple(map(_frozen, value))
    return value if value is None or isinstance(value, (str, numbers.Number)) else object()


def _same_number(expected: Any, actual: Any) -> bool:
    return bool(expected == actual)


def _close_number(expected: Any, actual: Any, tolerance: Tolerance) -> bool:
    if _same_number(expected, actual):
        return True
    if not (isinstance(expected, float) and isinstance(actual, numbers.Real)):
        return False
    try:
        return is_close(expected, float(actual), tolerance)
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
    expected, actual = plain(expected), plain(actual)
    is_float = isinstance(expected, float) and isinstance(actual, float)
    return is_float and math.isclose(expected, actual, rel_tol=0.0, abs_tol=atol + _NUMPY_REL_TOL * abs(expected))
