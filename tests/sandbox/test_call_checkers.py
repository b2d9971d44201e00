"""Expected values against what a program's function returned."""

import json
from collections import Counter, OrderedDict, defaultdict
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.inside.checkers import call_checker
from sandbox.inside.value_checkers import (
    CALL,
    any_of,
    close_1e_4,
    close_1e_6,
    equal,
    json_any_order,
    json_close,
    json_equal,
    json_wrapped,
    root_1e_4,
    same_noneness,
    same_set,
)

NAN, INF = float("nan"), float("inf")
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def tuples(value):
    """Return a JSON value with a tuple for every list."""
    if isinstance(value, list):
        return tuple(map(tuples, value))
    return {key: tuples(part) for key, part in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        (1, 1, True), (1, True, True), (1, 1.0, True), (0.3, 0.1 + 0.2, False), ([1], (1,), False), ("1", 1, False),
        ({1, 2}, {2, 1}, True), (None, 0, False), (NAN, NAN, False), (INF, INF, True),
    ],
)  # fmt: skip
def test_equal_is_python_equality(expected, actual, same):
    """What `==` says of plain values, it says."""
    assert equal(expected, actual) is same


@pytest.mark.parametrize("checker", [json_equal, json_close])
@pytest.mark.parametrize(
    "actual",
    [
        (1, [2, "a"]), [1.0, (2, "a")], [True, [2, "a"]], [Fraction(1), [Decimal(2), "a"]],
        [np.int64(1), [np.float64(2), np.str_("a")]],
    ],
)  # fmt: skip
def test_what_json_cannot_tell_apart_is_the_same(checker, actual):
    """Tuples are lists, and a number may be of any type."""
    assert checker([1, [2, "a"]], actual)


@pytest.mark.parametrize("checker", [json_equal, json_close, json_wrapped])
@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ([1, 2], [1]), ([1, 2], [1, 2, 3]), ([1, 2], [2, 1]), ([1, 2], {1, 2}), ([1, 2], {1: 0, 2: 0}), ([1, 2], "12"),
        ([1, 2], np.array([1, 2])), (["a", "b"], "ab"), (1, "1"), ("1", 1), ("", None), (None, ""), (None, 0), (0, None),
        (False, None), (True, "True"), ([], None), ([], {}), ({}, []), (0, []), ("ab", ["a", "b"]), ("a", b"a"),
        (1, [1]), (1, (1,)), (1, np.array([1])), (1000000007, 1000000006), (1000000007, 1000000007.5), (3, 3.0000001),
        (0.5, "0.5"), (0.5, 0.6), (0.5, NAN), (0.5, INF), (0.5, 10**400), (0.5, 1j), (NAN, NAN),
        ({"a": 1}, {"a": 2}), ({"a": 1}, {}), ({"a": 1}, {"a": 1, "b": 2}), ({"1": 1}, {1: 1, "1": 1}),
        ({"1": "a"}, {1.5: "a"}), ({"a": 1}, [("a", 1)]), ({"(1, 2)": 1}, {(1, 2): 1}),
    ],
)  # fmt: skip
def test_json_checkers_refuse(checker, expected, actual):
    """Prefixes, extra parts, another order, another kind of value, and integers that are nearly right."""
    assert not checker(expected, actual)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"1": "a"}, {1: "a"}), ({"true": 1}, {True: 1}), ({"null": 1}, {None: 1}), ({"0.5": 1}, {0.5: 1}),
        ({"a": 2}, Counter("aa")), ({"a": [1]}, OrderedDict(a=(1,))), ({"a": 1}, defaultdict(int, a=1)),
    ],
)  # fmt: skip
def test_keys_are_what_json_makes_of_them(expected, actual):
    """JSON has no keys but texts, so it can't be told which ones were."""
    assert json_equal(expected, actual)


@pytest.mark.parametrize(
    ("expected", "actual", "close"),
    [
        (0.5, 0.5000009, True), (0.5, 0.500002, False),  # absolute, 1e-6
        (1000000.5, 1000001.4, True), (1000000.5, 1000001.6, False),  # relative, 1e-6
        (2.0, 2, True), (0.5, Fraction(1, 2), True), (0.5, np.float32(0.5), True), (INF, INF, True), (INF, 1e308, False),
        ([0.5, 1], (0.5000001, 1), True), ([0.5, 1], [0.5, 1.0000001], False), ({"a": 0.5}, {"a": 0.5000001}, True),
    ],
)  # fmt: skip
def test_json_close_forgives_rounding_where_a_float_is_expected(expected, actual, close):
    """Relative or absolute, wherever the float stands; what is expected as an integer is met as one."""
    assert json_close(expected, actual) is close


@given(JSON_VALUES)
def test_json_checkers_accept_what_json_carries(value):
    """A value equals itself with tuples for lists, and what is left of it after a journey through JSON."""
    for checker in (json_equal, json_close):
        assert checker(value, tuples(value))
        assert checker(json.loads(json.dumps(value)), value)


@given(JSON_VALUES, JSON_VALUES)
def test_looser_checkers_accept_what_stricter_ones_do(expected, actual):
    """What passes `equal` passes `json_equal`, what passes that passes `json_close`, and then `json_wrapped`."""
    passed = [checker(expected, actual) for checker in (equal, json_equal, json_close, json_wrapped)]

    assert passed == sorted(passed)


@given(st.lists(st.integers(), min_size=1), st.integers())
def test_no_checker_of_sequences_takes_a_prefix_or_an_extra_part(values, extra):
    """One part less or one more is another value."""
    for checker in (equal, json_equal, json_close, close_1e_6, close_1e_4):
        assert not checker(values, values[:-1])
        assert not checker(values, [*values, extra])


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ([7], 7, True), ([7], [7], True), ([7], (7,), True), ([[1, 2]], [1, 2], True), ([[1, 2]], [[1, 2]], True),
        ([None], None, True), ([7], [[7]], False), ([7], 8, False), ([7, 8], 7, False), ([], None, False), (7, [7], False),
        ([7], 7.0000001, False), ([0.5], 0.5000001, True),
    ],
)  # fmt: skip
def test_json_wrapped_takes_the_element_or_the_list(expected, actual, same):
    """Where the data don't say whether the list is part of the answer; nothing deeper is unpacked."""
    assert json_wrapped(expected, actual) is same


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [([1, [2]], 1, True), ([1, [2]], [2], True), ([1, [2]], 2, False), ([1, [2]], [1, [2]], False), ([], None, False)],
)
def test_any_of_takes_each_of_the_right_answers(expected, actual, same):
    """And not the list of them; where there is none, nothing is right."""
    assert any_of(expected, actual) is same


@pytest.mark.parametrize(("checker", "near", "far"), [(close_1e_6, 1.000001, 1.0000012), (close_1e_4, 1.0001, 1.00011)])
def test_close_forgives_its_tolerance(checker, near, far):
    """Around 1.0 that is atol + 1e-7, as numpy.allclose(..., rtol=1e-7, atol=atol) has it."""
    assert (checker(1.0, near), checker(1.0, far)) == (True, False)
    assert (checker([1.0, "a"], [near, "a"]), checker([1.0, "a"], [far, "a"])) == (True, False)


@pytest.mark.parametrize("checker", [close_1e_6, close_1e_4])
@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ([0.5], (0.5,)), ((0.5,), [0.5]), ([0.5], [0.5, 0.5]), (0.5, "0.5"), (0.5, NAN), (NAN, NAN), (INF, 1.0),
        (3, 3.0000001), (1000000007, 1000000006), ({"a": 0.5}, {"a": 0.50000001}), (True, "True"), ([True], [None]),
    ],
)  # fmt: skip
def test_close_refuses(checker, expected, actual):
    """Another type or length, an integer that is nearly right, and whatever is not a number."""
    assert not checker(expected, actual)


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ([1, 2], (2, 1), True), ([1, 2], [2, 1, 1], True), ([], [], True), ("ab", ["b", "a"], True),
        ([1, 2], [1], False), ([1, 2], [1, 2, 3], False), ([1], 1, False), ([1], None, False), ([1], [[1]], False),
        ([[1]], [1], False), ([1, 2], range(1, 10**12), False),
    ],
)  # fmt: skip
def test_same_set_compares_members(expected, actual, same):
    """Order, type and repetition don't count, and the first member that is not wanted decides."""
    assert same_set(expected, actual) is same


@pytest.mark.parametrize(
    ("actual", "answers"), [("match", True), (None, False), (True, True), (False, False), (0, True), ([], True)]
)
def test_same_noneness_compares_the_fact_alone(actual, answers):
    """None and False are no answer, all else is one."""
    assert (same_noneness(True, actual), same_noneness(False, actual)) == (answers, not answers)


@pytest.mark.parametrize(
    ("coefficients", "point", "right"),
    [
        # -6 + x + x^2 is 0 at 2 and -3; at 2.00001 it is 0.00005, at 2.001 0.005
        ([-6, 1, 1], 2, True), ([-6, 1, 1], -3.0, True), ([-6, 1, 1], 2.00001, True), ([-6, 1, 1], 2.001, False),
        ([-6, 1, 1], np.float64(2), True), ([-6, 1, 1], None, False), ([-6, 1, 1], "2", False), ([-6, 1, 1], [2], False),
        ([0, 0, 1], 1e200, False), ([-6, 1, 1], INF, False), ([-6, 1, 1], NAN, False), ([-6, 1, 1], 2 + 0j, False),
    ],
)  # fmt: skip
def test_root_1e_4_evaluates_the_polynomial(coefficients, point, right):
    """Any root is right, whichever another program finds; what is not a real number is none."""
    assert root_1e_4(coefficients, point) is right


@pytest.mark.parametrize("name", sorted(set(CALL) - {"any_of", "root_1e_4", "same_set", "same_noneness"}))
@given(value=JSON_VALUES)
def test_every_value_equals_itself(name, value):
    """No checker of single values refuses the expected value itself."""
    assert CALL[name](value, value)


SCALARS = [
    (True, np.bool_(True)), (False, np.bool_(False)), (3, np.int64(3)), (3, np.uint8(3)), (0.5, np.float64(0.5)),
    (0.5, np.float32(0.5)), (2, np.float64(2)), (1, np.bool_(True)), ("a", np.str_("a")),
]  # fmt: skip


@pytest.mark.parametrize(("value", "scalar"), SCALARS)
def test_a_scalar_of_numpy_is_its_value_alone_and_in_containers(value, scalar):
    """In lists, tuples and dictionaries, to every checker of values."""
    for checker in (json_equal, json_close, json_any_order):
        assert checker(value, scalar)
        assert checker([value, [value]], (scalar, [scalar]))
        assert checker({"a": [value]}, {"a": (scalar,)})
        assert not checker([value], [scalar, scalar])
    assert close_1e_6([value], [scalar])
    assert equal([value], [scalar])
    assert any_of([value], scalar)


def test_another_value_of_numpy_is_another():
    """Nor is an array a list, or a scalar a text."""
    for checker in (json_equal, json_close, json_any_order):
        assert not checker(True, np.bool_(False))
        assert not checker("True", np.bool_(True))
        assert not checker([True], np.array([True]))
        assert not checker(None, np.bool_(False))
    assert same_noneness(False, np.bool_(False))
    assert not same_noneness(True, np.bool_(False))


@pytest.mark.parametrize("key", [True, 3, 0.5])
def test_a_scalar_of_numpy_is_a_key_as_its_value_is(key):
    """JSON makes the same text of both."""
    scalar = np.array([key])[0]

    assert json_equal(json.loads(json.dumps({key: 1})), {scalar: 1})


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ([1, 2], [2, 1], True), ([1, 2], (2, 1.0), True), ([[1, 2], [3]], [[3], (1, 2)], True), (3, 3, True),
        ([[1, 2]], [[2, 1]], False), ([1, 1, 2], [1, 2, 2], False), ([1, 2], [1, 2, 2], False), ([1], [1, 2], False),
        ([{"1": 2}], [{1: 2}], True), ([None, "a"], ["a", None], True), ([1, 2], {1, 2}, False), ([], (), True),
    ],
)  # fmt: skip
def test_json_any_order_takes_the_parts_of_a_list_in_any_order(expected, actual, same):
    """Each as often as it is expected; parts of parts keep their order."""
    assert json_any_order(expected, actual) is same


@given(st.lists(JSON_VALUES, max_size=5), st.randoms())
def test_json_any_order_takes_every_permutation(values, random):
    """Of anything that JSON holds."""
    assert json_any_order(values, tuples(random.sample(values, len(values))))


def test_a_key_of_a_million_digits_costs_nothing():
    """It is not turned into a text."""
    assert not json_equal({"1": 1}, {10**1_000_000: 1})


def test_a_tolerance_that_a_statement_names_counts():
    """For floats that are expected, not for integers."""
    assert call_checker("json_close 1e-3")([0.5, 3], [0.5009, 3])
    assert not call_checker("json_close 1e-3")([0.5, 3], [0.5009, 3.0009])
    assert not call_checker("json_close 1e-9")(0.5, 0.50000001)
    assert call_checker("json_wrapped 1e-3")([0.5], 0.5009)
