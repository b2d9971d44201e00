"""JSON as Python writes it."""

import json
import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UserError
from harness.runs.json_objects import read_objects
from harness.runs.python_json import converted, parse_json

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


class Row(msgspec.Struct):
    """A row with one field."""

    a: int


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


@pytest.mark.parametrize("text", ['{"a": 1}\n{"a": 2}\n', '[{"a": 1}, {"a": 2}]'])
def test_rows(tmp_path, text):
    """Of JSON Lines, and of one list."""
    path = tmp_path / "data"
    path.write_text(text)

    assert [row.a for _, row in read_objects(path, Row)] == [1, 2]
