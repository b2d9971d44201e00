"""Expected output against actual output: small pure functions, found by name.

Strict by default: a prefix, an extra line, another order or another letter case is wrong. Runs in the examiner too:
standard library only, CPython 3.10 and newer.
"""

import math
from collections.abc import Callable
from typing import Any


def exact(expected: bytes, actual: bytes) -> bool:
    r"""Compare byte for byte.

    >>> exact(b"3\n", b"3")
    False
    """
    return expected == actual


def lines(expected: bytes, actual: bytes) -> bool:
    r"""Compare line by line; white space at the end of a line and blank lines at the end don't count.

    >>> lines(b"1 2\n3", b"1 2 \r\n3\n\n"), lines(b"1\n2", b"2\n1"), lines(b"3", b"3\0")
    (True, False, False)
    """
    return _lines(expected) == _lines(actual)


def tokens(expected: bytes, actual: bytes) -> bool:
    r"""Compare what stands between white space, whatever the white space.

    >>> tokens(b"1 2\n", b"1\n2\n"), tokens(b"1 2", b"1 2 2")
    (True, False)
    """
    return expected.split() == actual.split()


def numbers(expected: bytes, actual: bytes) -> bool:
    r"""Compare token by token; a token that is expected with a decimal point may differ by 1e-6, relative or absolute.

    Integers must be equal to the digit: 1e-6 of a large integer is not a rounding error.

    >>> numbers(b"1.4142136", b"1.41421356"), numbers(b"1000000007", b"1000000006"), numbers(b"1.5", b"nan")
    (True, False, False)
    """
    wanted, given = expected.split(), actual.split()
    return len(wanted) == len(given) and all(map(_close, wanted, given))


def equal(expected: Any, actual: Any) -> bool:
    """Compare two values as `==` does.

    >>> equal([1, 2], (1, 2)), equal(3, 3.0)
    (False, True)
    """
    return bool(expected == actual)


STDIO: dict[str, Callable[[bytes, bytes], bool]] = {
    checker.__name__: checker for checker in (exact, lines, tokens, numbers)
}
CALL: dict[str, Callable[[Any, Any], bool]] = {"equal": equal}


def _lines(text: bytes) -> list[bytes]:
    found = [line.rstrip(b" \t\r\f\v") for line in text.split(b"\n")]
    while found and not found[-1]:
        found.pop()
    return found


def _close(wanted: bytes, given: bytes) -> bool:
    if wanted == given:
        return True
    if b"." not in wanted:
        return False
    try:
        return math.isclose(float(wanted), float(given), rel_tol=1e-6, abs_tol=1e-6)
    except ValueError:
        return False
