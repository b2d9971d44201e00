"""Texts in pickles: read as they were written, and nothing is unpickled."""

import base64
import pickle
import pickletools
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.benchmarks.pickled_text import packed_text, text_of_pickle

MIB = 1 << 20


def pack(pickled):
    """Return base64 of zlib data."""
    return base64.b64encode(zlib.compress(pickled)).decode()


@given(st.text(), st.sampled_from([4, 5]))
def test_any_text_is_read(text, protocol):
    """As unpickling would."""
    assert text_of_pickle(pickle.dumps(text, protocol=protocol)) == text
    assert packed_text(pack(pickle.dumps(text, protocol=protocol)), MIB) == text


@pytest.mark.parametrize("length", [0, 255, 256, 65_535, 65_536, 1_000_000])
def test_texts_of_every_opcode_are_read(length):
    """A short one, a long one, and one that is too long for a frame."""
    assert text_of_pickle(pickle.dumps("x" * length, protocol=4)) == "x" * length


def test_a_text_with_eight_bytes_of_length_is_read():
    """BINUNICODE8 is for more than four gigabytes, but may hold less."""
    assert text_of_pickle(b"\x80\x04\x8d\x02\0\0\0\0\0\0\0ab\x94.") == "ab"


class Calls:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        """Take the path of the file."""
        self.path = path

    def __reduce__(self):
        """Say how to make the file."""
        return Path.touch, (self.path,)


def test_nothing_is_called(tmp_path):
    """Not even where the text is there beside."""
    for value in (Calls(tmp_path / "made"), ["[]", Calls(tmp_path / "made")]):
        with pytest.raises(ValueError, match=r"never unpickled"):
            text_of_pickle(pickle.dumps(value))
    assert not (tmp_path / "made").exists()


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary(),
    lambda inner: st.lists(inner | st.text()) | st.dictionaries(st.text(), inner),
)


@given(PLAIN, st.integers(0, 5))
def test_any_other_value_is_refused(value, protocol):
    """By the name of its first opcode that is no text's."""
    with pytest.raises(ValueError, match=r"never unpickled|damaged"):
        text_of_pickle(pickle.dumps(value, protocol=protocol))


@given(st.binary())
def test_any_bytes_give_a_text_or_an_error_of_one_line(data):
    """Whatever they are, with the opcodes of a text in front of them too."""
    for found in (data, b"\x80\x04\x95" + data, b"\x80\x04X" + data):
        try:
            assert isinstance(text_of_pickle(found), str)
        except ValueError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either is right


@given(st.text(), st.data())
def test_a_pickle_that_is_cut_off_is_refused(text, data):
    """Wherever it is cut."""
    whole = pickle.dumps(text, protocol=4)
    with pytest.raises(ValueError, match=r"damaged|something else"):
        text_of_pickle(whole[: data.draw(st.integers(0, len(whole) - 1))])


def test_endless_opcodes_are_not_followed():
    """Sixteen are more than a text needs."""
    with pytest.raises(ValueError, match="something else than one text"):
        text_of_pickle(b"\x80\x04X\x01\0\0\0a" + b"\x94" * 1000 + b".")


def test_what_unpacks_to_too_much_is_refused():
    """A gigabyte in a megabyte, say; at most the bound is unpacked."""
    bomb = pickle.dumps("0" * (8 * MIB), protocol=4)

    with pytest.raises(ValueError, match="unpack to more than 1 MiB"):
        packed_text(pack(bomb), MIB)
    assert packed_text(pack(bomb), len(bomb)) == "0" * (8 * MIB)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("é", "neither JSON nor zlib data in base64"), ("abc", "neither JSON nor zlib data in base64"),
        ("abcd", "neither JSON nor zlib data in base64"), ("", "cut off"),
        (base64.b64encode(zlib.compress(b"x" * 99)[:-4]).decode(), "cut off"),
    ],
)  # fmt: skip
def test_what_is_not_packed_is_refused(text, problem):
    """With what it is."""
    with pytest.raises(ValueError, match=problem):
        packed_text(text, MIB)


def test_the_opcodes_that_count_are_those_of_a_text():
    """What Python writes for texts of all lengths is within them."""
    names = {
        opcode.name
        for length in (1, 300, 70_000)
        for opcode, _, _ in pickletools.genops(pickle.dumps("x" * length, protocol=4))
    }
    assert names == {"PROTO", "FRAME", "SHORT_BINUNICODE", "BINUNICODE", "MEMOIZE", "STOP"}
