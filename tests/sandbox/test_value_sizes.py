"""How large a value is while it is written: refused at the limit, on every machine alike, and never behind it."""

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.inside.values import MOST_DEPTH, TooLarge, Writer, to_tree

PLAIN = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.integers(-(10**2000), 10**2000), st.floats(), st.text(), st.binary(),
        st.fractions(), st.decimals(), st.datetimes(), st.complex_numbers(), st.just(...),
        st.builds(range, st.integers(), st.integers(), st.integers(1)),
    ),
    lambda inner: st.one_of(
        st.lists(inner), st.lists(inner).map(tuple), st.dictionaries(st.text(), inner), st.frozensets(st.text()),
        st.dictionaries(st.text(), inner).map(lambda found: found.items()),
    ),
    max_leaves=12,
)  # fmt: skip


SIZES = [
    (None, 8), (True, 8), (1.5, 8), (0, 5), (10**100, 5 + 333 * 5 // 16), ("abc", 3), ("é" * 10, 20), (b"abc", 7),
    ([], 0), ([1, 2, 3], 6 + 5 * 5 // 16), (["ab", "c"], 7), (["é"], 4), ([None, 1.5], 20),
    (["a", True], 21), ((1,), 4 + 2 + 5), ({"a": 1}, 4 + 2 + 1 + 2 + 5),
]  # fmt: skip


@pytest.mark.parametrize(("value", "size"), SIZES, ids=repr)
def test_the_size_of_a_value_is_counted_as_it_is_written(value, size):
    """One byte more than allowed is refused, as many as allowed are not."""
    to_tree(value, most_bytes=size)
    with pytest.raises(TooLarge):
        to_tree(value, most_bytes=size - 1)


@pytest.mark.parametrize(
    "value",
    [
        [1] * 10**7,
        "x" * 10**7,
        b"x" * 10**7,
        [[0]] * 10**6,
        {n: n for n in range(10**5)},
        [None] * 10**6,
        ["x"] * 10**6,
    ],
    ids=["list", "text", "bytes", "lists", "dict", "nones", "texts"],
)
def test_a_large_value_is_refused_before_it_is_written(value):
    """Nothing is encoded beyond the limit: no more memory is taken than the limit's worth of trees."""
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            to_tree(value, most_bytes=10_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 8 << 20


@pytest.mark.slow
@given(PLAIN)
def test_a_value_within_its_limit_fits_the_frame(value):
    """Its text is at most 8 times its size, so that what a value may hold can be sent."""
    writer = Writer(None, MOST_DEPTH, 1 << 30)
    text = json.dumps(writer.tree(value))

    assert len(text) <= 8 * ((1 << 30) - writer.bytes_left) + 64
