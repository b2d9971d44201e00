"""JSON as Python writes it."""

import json
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UserError
from harness.runs.python_json import converted, decode, parse_json

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


class Row(msgspec.Struct):
    """A row with one field."""

    a: int


class Head(msgspec.Struct):
    """A row of which two fields are not decoded."""

    a: float
    b: msgspec.Raw = msgspec.Raw()
    c: msgspec.Raw = msgspec.Raw()


@given(VALUES)
def test_what_python_writes_is_read(value):
    """Whatever the value."""
    assert parse_json(json.dumps(value).encode(), "here") == value


def test_what_other_decoders_refuse():
    """NaN, infinities, half a surrogate pair, and more digits than Python reads unasked."""
    value = parse_json(b'[NaN, -Infinity, 1e999, "\\ud800", -%s]' % (b"9" * 5000), "here")

    assert math.isnan(value[0])
    assert value[1:] == [-math.inf, math.inf, "\ud800", 1 - 10**5000]


@pytest.mark.parametrize("data", [b"", b"{", b"[1,]", b"nan", b'"\xff"', b"[" * 200_000, b"1" * 5000 + b"x"])
def test_everything_else_is_refused(data):
    """By its place."""
    with pytest.raises(UserError, match=r"^here: is not JSON"):
        parse_json(data, "here")


def test_another_type_is_refused():
    """By its place, and where in the value."""
    with pytest.raises(UserError, match=r"^here: Expected `int`, got `str` - at `\$.a`"):
        converted({"a": "1"}, Row, "here")


@pytest.mark.parametrize("text", ["[1]", '"x"', "null", "5", '{"b": [], "c": NaN}', '{"c": %s}' % ("9" * 5000)])
def test_what_only_python_reads_leaves_raw_fields_raw(text):
    """Half surrogate pairs, NaN and long integers beside them or in them; absent ones are empty."""
    row = decode(b'{"a": NaN, "b": %s}' % text.encode(), Head, "here")

    assert (bool(memoryview(row.b)), bytes(row.c)) == (True, b"")


@pytest.mark.parametrize("text", ["5", "[]", "null", "NaN", '"b"'])
def test_a_row_that_is_no_object_is_refused_in_one_line(text):
    """Of any type of JSON."""
    with pytest.raises(UserError, match=r"^here: Expected `object`, got"):
        decode(text.encode(), Head, "here")
