"""Numbers in outputs, by their value; and the names of checkers that grant more than others."""

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.inside.checkers import call_checker, numbers, stdio_checker, values
from sandbox.inside.number_texts import same_value


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        (b"50", b"50.0", True), (b"50.0", b"50", True), (b"0.00001", b"1e-05", True), (b"3000000", b"3e+06", True),
        (b"0", b"-0.0", True), (b"-0", b"0", True), (b"5", b"+5", True), (b"5", b"np.float64(5.0)", True),
        (b".5", b"0.50", True), (b"5.", b"5", True), (b"120", b"12e1", True), (b"1000000007", b"1000000006", False),
        (b"2", b"1.9999999999", False), (b"1", b"True", False), (b"5", b"np.str_(5)", False), (b"5", b"(5)", False),
        (b"5", b"np.float64(6)", False), (b"5", b"5.0,", False), (b"5%", b"5.0%", False), (b"[5]", b"[5.0]", False),
        (b"007", b"7", False), (b"0101", b"101.0", False), (b"1_0", b"10", False), (b"nan", b"NaN", False),
        (b"1e0000000000000000001", b"10", False), (b"1 2", b"1.0 2.0", True), (b"1 2", b"1  2.0", False),
        (b"1\n2", b"1.0 2", False), (b"1\n2", b"1.0 \r\n2\n\n", True), (b"1 2", b"1.0", False), (b"1", b"1.0 2", False),
        (b" 1", b"1", False), (b"1 x", b"1.0 x", True), (b"1 x", b"1.0 X", False), (b"-1", b"1", False),
    ],
)  # fmt: skip
def test_values_compares_numbers_by_their_exact_value(expected, actual, same):
    """However they are written; what is no number, and the layout, are compared as `lines` does."""
    assert values(expected, actual) is same


@st.composite
def spelled(draw):
    """Return a decimal, and one of the ways to write it."""
    number = Decimal(draw(st.integers(-(10**25), 10**25))).scaleb(draw(st.integers(-12, 12)))
    sign, parts, exponent = number.as_tuple()
    digits, zeros = "".join(map(str, parts)), "0" * draw(st.integers(0, 5))
    ways = (
        f"{abs(number):f}", f"{digits}{zeros}e{exponent - len(zeros):+03d}", f"{digits}.{zeros}E{exponent}",
        f"{digits[0]}.{digits[1:]}{zeros}e{exponent + len(digits) - 1}", f"0.{zeros}{digits}e{exponent + len(digits + zeros)}",
    )  # fmt: skip
    return number, ("-" * sign + draw(st.sampled_from(ways))).encode()


@given(spelled(), spelled())
def test_texts_are_the_same_exactly_if_their_values_are(one, other):
    """As Python's decimals compare them, which don't round."""
    (value, text), (other_value, other_text) = one, other

    assert Decimal(text.decode()) == value
    assert same_value(text, f"{value:f}".encode())
    assert same_value(text, other_text) is (value == other_value)


@given(st.integers(0, 10**400), st.sampled_from([b"", b".0", b".000", b"e0", b"e+00"]))
def test_whole_numbers_of_any_size_differ_by_one(number, ending):
    """No rounding makes them equal."""
    written = str(number).encode()

    assert values(written, written + ending)
    assert not values(written, str(number + 1).encode() + ending)


@pytest.mark.parametrize(
    "text", [b"1e999999999999999999", b"1e-999999999999999999", b"9" * 300_000, b"0." + b"9" * 300_000], ids=len
)
def test_a_huge_number_costs_no_more_than_its_text(text):
    """No exponent is written out: that would take all memory, or forever, instead of some milliseconds."""
    started_s = time.process_time()

    assert same_value(text, b"+" + text)
    assert numbers(b"9.5", text) is numbers(text, b"9.5") is False
    assert time.process_time() - started_s < 1


@pytest.mark.parametrize(
    ("name", "expected", "actual", "same"),
    [
        ("numbers 1e-3", b"2.718281828", b"2.718", True), ("numbers 1e-3", b"2.718281828", b"2.71", False),
        ("numbers 1e-3", b"1000000.0", b"1000900.0", True), ("numbers 1e-3 absolute", b"1000000.0", b"1000900.0", False),
        ("numbers 1e-3 absolute", b"0.5", b"0.5009", True), ("numbers 1e-3 relative", b"0.001", b"0.0015", False),
        ("numbers 1e-3 relative", b"1000.0", b"1000.9", True), ("numbers 1e-9", b"0.5", b"0.50000001", False),
        ("numbers 1e-9 absolute", b"0.5", b"0.50000001", False), ("values any_case", b"YES 1", b"yes 1.0", True),
        ("values any_case", b"YES", b"YE", False), ("numbers 1e-3 any_case", b"A 1.5", b"a 1.5004", True),
        ("any_order", b"1\n2\n2", b"2\n1\n2\n", True), ("any_order", b"1\n2\n2", b"2\n1\n1", False),
        ("any_order", b"1\n2", b"2\n1\n1", False), ("any_order", b"1 2", b"2 1", False),
        ("any_word_order", b"2\n3 1", b"2\n1 3", True), ("any_word_order", b"1 1 2", b"1 2 2", False),
    ],
)  # fmt: skip
def test_a_checker_grants_what_its_name_says(name, expected, actual, same):
    """A tolerance, relative or absolute or both, any letter case, any order."""
    assert stdio_checker(name)(expected, actual) is same


@pytest.mark.parametrize(
    "name",
    ["", "number", "lines 1e-3", "numbers 1e-", "numbers 1e-3 about", "values  any_case", "equal", "numbers -1"],
)
def test_an_unknown_checker_is_refused(name):
    """Also a tolerance of a checker that has none."""
    with pytest.raises(LookupError):
        stdio_checker(name)


@pytest.mark.parametrize("name", ["lines", "json_close 1e-3 any_case", "equal 1e-3", "numbers 1e-3"])
def test_a_checker_of_outputs_is_none_of_values(name):
    """And the case of letters is none of theirs."""
    with pytest.raises(LookupError):
        call_checker(name)
