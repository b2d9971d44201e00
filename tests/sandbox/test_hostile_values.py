"""Texts that no honest sender writes: the codec refuses each of them as Malformed, whatever it holds."""

import json
import os
import socket
import struct
import sys
from base64 import b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.inside.clock import Clock
from sandbox.inside.proxies import Handle
from sandbox.inside.remote import Remote
from sandbox.inside.values import MOST_DEPTH, Malformed, from_text


@pytest.mark.parametrize("levels", [MOST_DEPTH + 5, 100_000])
@pytest.mark.parametrize(("left", "right"), [("[", "]"), ('{"tuple":[', "]}"), ('{"dict":[[0,', "]]}")])
def test_deeper_texts_are_refused(left, right, levels):
    """Deeper is Malformed, never a RecursionError or a crash, however deep."""
    with pytest.raises(Malformed):
        from_text(left * levels + "1" + right * levels)


json_trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=8,
)


TAGS = (
    "int complex bytes bytearray tuple set frozenset dict counter ordereddict defaultdict deque range constant decimal "
    "fraction numpy moment type handle namedtuple member array memoryview userlist userdict userstring chainmap keys "
    "values items mappingproxy"
).split()


def never_but_malformed(text):
    """Decode a text; anything but a value or Malformed is raised."""
    with suppress(Malformed):
        from_text(text, lambda number: number)


@given(st.text() | st.binary())
def test_arbitrary_texts_are_values_or_malformed(text):
    """No text makes the decoder raise anything else."""
    never_but_malformed(text)


@given(json_trees)
def test_arbitrary_json_is_a_value_or_malformed(tree):
    """No JSON makes the decoder raise anything else."""
    never_but_malformed(json.dumps(tree))


@given(
    st.recursive(
        json_trees
        | st.sampled_from(["0x1f", "-0x0", "1e9", "nan", "sNaN", "QUJD", "datetime", "<i8", "|S0", "<M8[s]"]),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(TAGS), inner, min_size=1, max_size=1)
        ),
        max_leaves=12,
    )
)
def test_arbitrary_content_under_every_tag_is_a_value_or_malformed(tree):
    """No content of a known tag makes the decoder raise anything else."""
    never_but_malformed(json.dumps(tree))


@given(
    st.tuples(
        st.from_regex(r"[<>|=][biufcSUmMOV]\d{1,10}(\[\w{1,8}\])?", fullmatch=True),
        st.none() | st.lists(st.integers(-2, 1 << 70), max_size=3),
        st.binary(max_size=32).map(lambda data: b64encode(data).decode()),
    )
)
def test_arbitrary_arrays_are_values_or_malformed(content):
    """No dtype, shape and data make the decoder raise anything else."""
    never_but_malformed(json.dumps({"numpy": content}))


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[1", "\x00", '{"nosuch": 1}', "{}", '{"tuple": [], "list": []}', '{"tuple": {}}', '{"tuple": "ab"}',
        '{"bytes": "QUJ"}', '{"bytes": "Q*JD"}', '{"bytes": [1]}', '{"int": 5}', '{"int": "5g"}',
        '{"dict": [[[], 1]]}', '{"dict": [[1]]}', '{"dict": ["ab"]}', '{"set": [[1]]}', '{"frozenset": [{"set": []}]}',
        '{"fraction": ["0x1", "0x0"]}', '{"range": ["0x0", "0x1", "0x0"]}', '{"decimal": "ten"}', '{"decimal": 1}', '{"decimal": "1e100001"}', '{"decimal": "1e-100001"}',
        '{"constant": "True"}', '{"constant": []}', '{"type": "len"}', '{"type": "nosuch"}', '{"type": ["int"]}',
        '{"defaultdict": ["print", []]}', '{"deque": [-1, []]}', '{"deque": ["a", []]}',
        '{"moment": ["date", [2024, 2, 30], null]}', '{"moment": ["open", ["/etc/passwd"], null]}',
        '{"moment": ["open", [1], null]}', '{"moment": ["timedelta", [1, 0.5, 0], null]}', '{"moment": ["date", [2024, 2, true], null]}',
        '{"moment": ["datetime", [2024, 1, 1], [0, 0.5]]}', '{"array": ["x", [1]]}', '{"array": [1, [1]]}', '{"array": ["b", [128]]}',
        '{"memoryview": [1]}', '{"userstring": ["a"]}', '{"chainmap": [{"dict": []}, 1]}', '{"keys": [[]]}', '{"items": [[1]]}',
        '{"complex": ["1", "2"]}',
        '{"numpy": ["<i8", [99999999999999], "AAAAAAAAAAA="]}', '{"numpy": ["|O8", null, "AAAAAAAAAAA="]}',
        '{"numpy": ["<i8", null, ""]}', '{"numpy": ["<i8", [1], "AAAA"]}', '{"numpy": ["<U999999999", [1], "AAAA"]}',
        '{"namedtuple": ["P", ["x"], []]}', '{"namedtuple": ["P", ["x", "x"], [1, 2]]}', '{"namedtuple": ["P", ["x"]]}',
        '{"namedtuple": ["P", ["__eq__"], [1]]}', '{"namedtuple": ["P", ["_x"], [1]]}', '{"namedtuple": [1, ["x"], [1]]}',
        '{"namedtuple": ["P", ["count"], [1]]}', '{"namedtuple": ["P", ["def"], [1]]}', '{"namedtuple": ["P Q", ["x"], [1]]}',
        '{"namedtuple": ["P", ["x, y"], [1]]}', '{"namedtuple": ["P", [[]], [1]]}', '{"namedtuple": {"x": 1}}',
        json.dumps({"namedtuple": ["P", [f"x{n}" for n in range(101)], [0] * 101]}),
        json.dumps({"namedtuple": ["P", ["x" * 101], [0]]}), json.dumps({"namedtuple": ["P", ["\ufb01"], [0]]}),
        json.dumps({"namedtuple": ["P" * 101, ["x"], [0]]}), json.dumps({"namedtuple": ["\ufb01", ["x"], [0]]}),
        json.dumps({"member": ["Enum", "C" * 101, "RED", 1]}), json.dumps({"member": ["Enum", "C", "R" * 101, 1]}),
        '{"member": ["IntEnum", "C", "__eq__", 1]}', '{"member": ["IntEnum", "C", "mro", 1]}', '{"member": []}',
        '{"member": ["IntEnum", "C", "RED", "r"]}', '{"member": ["StrEnum", "C", "RED", 1]}',
        '{"member": ["EnumType", "C", "RED", 1]}', '{"member": ["Enum", "C", "RED", 1.5]}',
        '{"member": ["Enum", "C", "RED", true]}', '{"member": ["Enum", "C", "RED", [1]]}',
        '{"member": ["Enum", "C.D", "RED", 1]}',
        json.dumps({"member": ["Enum", "C", "RED", "r" * 1001]}), '{"member": ["Enum", "C", 1, 1]}',
        "1" * 5000,
    ],
)  # fmt: skip
def test_a_hostile_text_is_malformed(text):
    """Each of these is refused as Malformed, by name."""
    with pytest.raises(Malformed):
        from_text(text)


def test_a_handle_is_malformed_where_none_can_be():
    """Without `resolve`, nothing in a text can refer to an object of ours."""
    with pytest.raises(Malformed, match="no such tag"):
        from_text('{"handle": 0}')


@pytest.fixture
def candidate():
    """Return a candidate as the examiner has it, and a function that sends one of its replies."""
    ours, theirs = socket.socketpair()
    clock_file, usual = os.memfd_create("clock"), sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)  # a test may convert what it likes
    with ours, theirs:
        yield (
            Remote(ours.fileno(), 1000, Clock(clock_file, -1)),
            lambda text: theirs.send(struct.pack("=I", len(text)) + text.encode()),
        )
    sys.set_int_max_str_digits(usual)
    os.close(clock_file)


@pytest.mark.parametrize(
    "tree",
    [
        {"handle": True}, {"handle": "1"}, {"handle": 1.0}, {"coroutine": None}, {"callback": [0, "f"]},
        {"iterator": [-1, ""]}, {"error": [{"type": "int"}, [], "", None]}, {"error": [{"type": "ValueError"}, 1, "", 0]},
        {"error class": [0, "m", "A", [{"type": "int"}]]}, {"error class": [0, "m", "A\0", []]},
        {"error class": ["0", "m", "A", []]}, {"nosuch": 1},
    ],
    ids=str,
)  # fmt: skip
def test_what_no_candidate_writes_stands_for_nothing(candidate, tree):
    """Handles, calls back and exceptions are taken from a reply only as they are written."""
    remote, reply = candidate
    reply(json.dumps(["ok", tree, {}]))

    with pytest.raises(Malformed):
        remote.do("len", Handle(remote, 0))


CALLS = {
    "load": lambda remote: remote.load(("f",), forgives=False),
    "next": lambda remote: remote.next(0),
    "call": lambda remote: remote.call(Handle(remote, 0), ([1], "a"), {}),
}


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ("load", '["ok", [], {}]'), ("load", "null"), ("next", '["ok", [], {}]'), ("next", '["ok", {"tuple": [1]}, {}]'),
        ("call", '["ok", null, {"0": 5}]'), ("call", '["ok", null, {"1": "b"}]'), ("call", '["ok", null]'),
        ("call", '["raise", {"tuple": []}, "E", "", {}]'), ("call", '["raise", null, "E", "", {}]'),
        ("call", f'["ok", {"1" * 4301}, {{}}]'), ("call", '["callback", 0, [], {}]'), ("call", '["callback", -1, [], {}]'),
    ],
)  # fmt: skip
def test_what_no_candidate_answers_is_malformed(candidate, request_, text):
    """No names, no values, arguments that can't have become so, numbers in no form that values are written in."""
    remote, reply = candidate
    if request_ == "load":
        reply("ready")
    reply(text)

    with pytest.raises(Malformed):
        CALLS[request_](remote)


def test_a_number_as_long_as_values_write_it_is_read(candidate):
    """4,300 digits are the most that are read in decimal; the test itself knows no limit before or behind."""
    remote, reply = candidate
    reply(f'["ok", {"1" * 4300}, {{}}]')

    assert CALLS["call"](remote) == (10**4300 - 1) // 9
    assert sys.get_int_max_str_digits() == 0
