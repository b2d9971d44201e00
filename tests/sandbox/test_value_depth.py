"""Values that are too deep, go in circles or have no plain form are refused."""

from collections import defaultdict, deque
from datetime import datetime, tzinfo
from decimal import Decimal
from enum import IntEnum

import numpy as np
import pytest

from sandbox.inside.values import MOST_DEPTH, Unencodable, from_text, to_text


class Zone(tzinfo):
    """A time zone whose offset may depend on the day."""


class Suit(IntEnum):
    """A number with a name."""

    SPADES = 1


def nested(wrap, levels, value=1):
    """Return a value in `levels` containers."""
    for _ in range(levels):
        value = wrap(value)
    return value


WRAPS = {
    "list": lambda value: [value],
    "tuple": lambda value: (value,),
    "dict": lambda value: {0: value},
    "deque": lambda value: deque([value]),
    "frozenset": lambda value: frozenset([value]),
    "defaultdict": lambda value: defaultdict(int, {0: value}),
}


@pytest.mark.parametrize("kind", WRAPS)
def test_values_as_deep_as_allowed_cross(kind):
    """The depth that is promised is kept for every container, with room for the caller's own frames."""
    for value in (1, b"1"):  # as JSON has it, and as an object with a tag
        deepest = nested(WRAPS[kind], MOST_DEPTH, value)
        assert from_text(to_text(deepest)) == deepest


def test_a_list_of_numbers_is_no_level():
    """Behind the deepest level it is written as it is, and read again."""
    deepest = nested(WRAPS["list"], MOST_DEPTH + 1)

    assert from_text(to_text(deepest)) == deepest


@pytest.mark.slow
@pytest.mark.parametrize("levels", [MOST_DEPTH + 1, 100_000])
@pytest.mark.parametrize("kind", ["list", "tuple", "dict"])
def test_deeper_values_are_refused(kind, levels):
    """Deeper is Unencodable, never a RecursionError or a crash, however deep."""
    with pytest.raises(Unencodable, match="deeper than"):
        to_text(nested(WRAPS[kind], levels, b"1"))


def cyclic_list():
    """Return a list that holds itself."""
    value = []
    value.append(value)
    return value


def cyclic_dict():
    """Return a dictionary that holds itself, by way of a tuple."""
    value = {}
    value["me"] = (value,)
    return value


@pytest.mark.parametrize("make", [cyclic_list, cyclic_dict])
def test_cycles_are_refused(make):
    """A value that holds itself has no end and no plain form."""
    with pytest.raises(Unencodable):
        to_text(make())


@pytest.mark.parametrize(
    "value",
    [
        object(), len, lambda: 0, iter([]), Suit, np.array([object()]), datetime(2024, 1, 1, tzinfo=Zone()),
        Decimal("1e100001"), Decimal("1e-100001"), memoryview(b"12").cast("H"), memoryview(b"12").cast("B", (1, 2)),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_has_no_plain_form_is_refused(value):
    """Without handles, objects and functions can't be written."""
    with pytest.raises(Unencodable):
        to_text(value)
