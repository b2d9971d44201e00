"""Plain values as text and back, and what hostile texts can do: nothing but be refused."""

import json
import keyword
import math
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, IntFlag, StrEnum
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sandbox.inside.values import from_text, from_tree, to_text


def unfolded(moment):
    """Return a time without its fold, which `==` does not look at."""
    return moment.replace(fold=0)


words = st.text(st.characters(exclude_categories=["Cs"]))
hashables = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), words, st.binary(), st.fractions(),
    st.decimals(allow_nan=False), st.dates(), st.times().map(unfolded), st.datetimes().map(unfolded), st.timedeltas(),
    st.just(...), st.builds(range, st.integers(-99, 99), st.integers(-99, 99), st.integers(1, 9)),
)  # fmt: skip

scalars = st.one_of(
    hashables, st.floats(), st.complex_numbers(), st.decimals(), st.builds(bytearray, st.binary()),
    st.integers(-(10**5000), 10**5000), st.sampled_from([int, str, list, dict, type, ValueError]),
)  # fmt: skip


def containers(inner):
    """Return a strategy of every kind of container of what `inner` draws."""
    lists, dicts = st.lists(inner, max_size=4), st.dictionaries(hashables, inner, max_size=4)
    return st.one_of(
        lists, dicts, lists.map(tuple), dicts.map(OrderedDict), st.sets(hashables, max_size=4),
        st.frozensets(hashables, max_size=4), st.builds(deque, lists, st.none() | st.integers(0, 9)),
        st.dictionaries(hashables, st.integers(), max_size=4).map(Counter),
        st.builds(defaultdict, st.sampled_from([None, int, list]), dicts),
    )  # fmt: skip


def likeness(value):
    """Return what tells a value from others to the last bit: types, nan, zero's sign, order and maxlen included."""
    match value:
        case list() | tuple() | deque():
            inner = [getattr(value, "maxlen", None), *map(likeness, value)]
        case dict():
            inner = [getattr(value, "default_factory", None), *map(likeness, value.items())]
        case set() | frozenset():
            inner = sorted(map(repr, value))
        case np.ndarray():
            inner = value.dtype, value.shape, value.tobytes()
        case _:
            inner = value if isinstance(value, int) else repr(value)
    return type(value), inner


def alike(left, right):
    """Whether two values are the same to the last bit."""
    return likeness(left) == likeness(right)


@given(st.recursive(scalars, containers, max_leaves=12))
def test_a_plain_value_comes_back_the_same(value):
    """What is written is read as an equal value of the same types all the way down."""
    assert alike(from_text(to_text(value)), value)


@given(
    hnp.arrays(
        st.one_of(hnp.scalar_dtypes(), hnp.byte_string_dtypes(), hnp.unicode_string_dtypes()),
        hnp.array_shapes(min_dims=0, min_side=0),
    )
)
def test_an_array_comes_back_the_same(array):
    """Shape, byte order and every byte of a numpy array survive."""
    assert alike(from_text(to_text(array)), array)


@pytest.mark.parametrize(
    "scalar",
    [np.int64(-5), np.uint8(255), np.float32(0.1), np.float64("nan"), np.bool_(True), np.complex128(1 - 2j)],
    ids=lambda scalar: type(scalar).__name__,
)
def test_a_numpy_scalar_comes_back_as_one(scalar):
    """A scalar is neither turned into a plain number nor into an array."""
    back = from_text(to_text(scalar))

    assert (type(back), repr(back)) == (type(scalar), repr(scalar))


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\udc00\ud800"], ids=ascii)
def test_lone_surrogates_come_back_the_same(text):
    """Half characters survive, also two of them that together would make a whole one."""
    assert from_text(to_text(text)) == text


def test_an_integer_of_100_000_digits_is_never_written_in_decimal():
    """Conversion to decimal takes quadratic time and CPython refuses it beyond 4,300 digits; this one has 100,001."""
    assert from_text(to_text(-(10**100_000))) == -(10**100_000)


def test_decoded_lists_are_independent_of_the_tree():
    """Changing a decoded list in place does not change what the next decoding gives."""
    tree = json.loads(to_text([1, [2]]))

    first = from_tree(tree)
    first.append(3)
    first[1].append(4)

    assert from_tree(tree) == [1, [2]]


class Suit(IntEnum):
    """A number with a name."""

    SPADES = 1


def liar(base):
    """Return a subclass of `base` all of whose usual methods lie."""
    lies = {
        "__eq__": lambda *_: True, "__ne__": lambda *_: False, "__hash__": lambda _: 7, "__len__": lambda _: 0,
        "__iter__": lambda _: iter(()), "__getitem__": lambda *_: 0, "__str__": lambda _: "lie",
        "__repr__": lambda _: "lie", "__int__": lambda _: 99, "__float__": lambda _: 99.0, "__index__": lambda _: 99,
        "__complex__": lambda _: 99j, "items": lambda _: [], "keys": lambda _: [], "values": lambda _: [],
        "__bytes__": lambda _: b"lie", "__reduce__": lambda _: (int, ()), "__format__": lambda *_: "lie",
        "__pos__": lambda _: 99, "tobytes": lambda _: b"lie",
    }  # fmt: skip
    return type("Liar", (base,), lies)


@pytest.mark.parametrize(
    ("honest", "arguments"),
    [
        (5, (5,)), (2.5, (2.5,)), (1 + 2j, (1 + 2j,)), ("abc", ("abc",)), (b"abc", (b"abc",)),
        (bytearray(b"abc"), (b"abc",)), ([1, 2], ([1, 2],)), ((1, 2), ((1, 2),)), ({1, 2}, ({1, 2},)),
        (frozenset({1, 2}), ({1, 2},)), ({1: 2}, ({1: 2},)), (Counter("aab"), ("aab",)),
        (OrderedDict({1: 2}), ({1: 2},)), (defaultdict(int, {1: 2}), (int, {1: 2})), (deque([1, 2], 5), ([1, 2], 5)),
        (Decimal("1.50"), ("1.50",)), (Fraction(1, 3), (1, 3)), (date(2024, 2, 29), (2024, 2, 29)),
        (datetime(2024, 2, 29, 1, 2, 3), (2024, 2, 29, 1, 2, 3)),  # noqa: DTZ001 - without a zone, like contest programs
        (time(1, 2, 3), (1, 2, 3)), (timedelta(1, 2, 3), (1, 2, 3)),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_subclass_crosses_as_what_its_base_sees(honest, arguments):
    """Whatever a subclass overrides counts for nothing: its base's own content arrives, as the base's own type."""
    assert alike(from_text(to_text(liar(type(honest))(*arguments))), honest)


def test_an_array_subclass_crosses_as_what_its_base_sees():
    """The same for numpy, whose arrays are made by viewing."""
    lying = np.array([[1, 2], [3, 4]]).view(liar(np.ndarray))

    assert alike(from_text(to_text(lying)), np.array([[1, 2], [3, 4]]))


@pytest.mark.parametrize("kind", [set, frozenset])
@pytest.mark.parametrize("members", [[16, 12, 13, 14, 15], [12, 13, 14, 15, 16]], ids=["merged", "grown"])
def test_a_set_is_walked_through_in_the_same_order(kind, members):
    """16 comes first in a table of 16 places, as a literal has it, and last in one of 32, of a set that has grown."""
    merged = kind(set(members)) if members[0] == 16 else kind(members)
    assert list(merged) == members

    assert list(from_text(to_text(merged))) == members


def test_true_stays_a_bool():
    """Though it is a number."""
    assert alike(from_text(to_text(True)), True)


class Colour(str, Enum):  # noqa: UP042 - the old way is another
    """A text with a name, in the old way."""

    RED = "r"


class Size(StrEnum):
    """A text with a name."""

    SMALL = "s"


class Weight(int, Enum):
    """A number with a name, in the old way."""

    HEAVY = 10**9
    HUGE = 10**400


@pytest.mark.parametrize("member", [Suit.SPADES, Colour.RED, Size.SMALL, Weight.HEAVY], ids=repr)
def test_a_member_of_an_enumeration_keeps_its_names(member):
    """It is equal to its value, hashes like it, and has the name, value and texts that it had."""
    arrived = from_text(to_text({member: [member]}))
    (((key, (inner,)),)) = arrived.items()

    assert key is inner
    assert (key == member.value, hash(key)) == (True, hash(member.value))
    assert (key.name, key.value, str(key), repr(key)) == (member.name, member.value, str(member), repr(member))
    assert type(key).__name__ == type(member).__name__


names = st.from_regex("[A-Za-z][A-Za-z0-9_]{0,5}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name) and not hasattr(tuple, name)
)


@pytest.mark.slow
@given(names, st.lists(names, min_size=1, unique=True), st.data())
def test_a_named_tuple_keeps_its_names(name, fields, data):
    """It is equal to what it was, has the same class name and fields, and the same class when it comes again."""
    kind = namedtuple(name, fields)  # noqa: PYI024 - the untyped form is the one that contest programs use
    value = kind(*(data.draw(hashables) for _ in fields))

    one, two = from_text(to_text([value, value]))

    assert (one, one._fields, type(one).__name__) == (tuple(value), tuple(fields), name)
    assert type(one) is type(two)


class Style(IntFlag):
    """Numbers that have names only one by one."""

    BOLD, THIN = 1, 2


NAMELESS = {
    "renamed_fields": (namedtuple("P", "x def", rename=True)(1, 2), (1, 2)),  # noqa: PYI024 - as above
    "fields_that_every_tuple_has": (namedtuple("P", "count index")(1, 2), (1, 2)),  # noqa: PYI024 - as above
    "foreign_letters": (namedtuple("P", ["h\u00f6he"])(1), (1,)),  # noqa: PYI024 - as above
    "fields_that_do_not_fit": (type("P", (tuple,), {"_fields": ("x", "y")})((1,)), (1,)),
    "a_list_of_fields": (type("P", (tuple,), {"_fields": ["x"]})((1,)), (1,)),
    "an_odd_class": (type("P Q", (namedtuple("P", "x"),), {})(1), (1,)),  # noqa: PYI024 - as above
    "no_fields": (namedtuple("P", "")(), ()),  # noqa: PYI024 - as above
    "too_many_fields": (namedtuple("P", [f"x{n}" for n in range(101)])(*range(101)), tuple(range(101))),  # noqa: PYI024 - as above
    "several_flags": (Style.BOLD | Style.THIN, 3),
    "a_huge_member": (Weight.HUGE, 10**400),
}  # fmt: skip


@pytest.mark.parametrize("case", NAMELESS)
def test_what_has_no_plain_names_crosses_without(case):
    """As the tuple or number that it is."""
    value, plain = NAMELESS[case]

    assert alike(from_text(to_text(value)), plain)


def test_objects_cross_as_handles():
    """`export` numbers an object and `resolve` finds it again, also inside containers."""
    thing = object()

    def resolve(tag, content):
        """Return the thing by its number."""
        return {("handle", 3): thing}[tag, content]

    assert from_text(to_text({"a": [thing]}, lambda _: {"handle": 3}), resolve) == {"a": [thing]}


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_odd_floats_are_read(text):
    """JSON's usual extensions for floats are what `to_text` writes and are read back."""
    assert not math.isfinite(from_text(text))
