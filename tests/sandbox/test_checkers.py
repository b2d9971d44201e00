"""Expected output against actual output; `test_call_checkers` has those of returned values."""

import doctest
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.inside import checkers, value_checkers
from sandbox.inside.checkers import CALL, STDIO, exact, lines, numbers, tokens, values
from sandbox.records import StdioTest, Verdict


def test_examples():
    """The docstrings' examples are true: one at least for each checker."""
    outputs, returned = doctest.testmod(checkers), doctest.testmod(value_checkers)

    assert (outputs.failed, outputs.attempted >= len(STDIO)) == (0, True)
    assert (returned.failed, returned.attempted >= len(CALL)) == (0, True)


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        (b"3\n", b"3\n", True), (b"3\n", b"3", False), (b"3\n", b"3\r\n", False), (b"", b"", True), (b"a", b"A", False),
    ],
)  # fmt: skip
def test_exact_compares_every_byte(expected, actual, same):
    """A missing newline is a difference."""
    assert exact(expected, actual) is same


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        (b"1\n2\n", b"1\n2", True), (b"1\n2", b"1\r\n2\r\n\r\n", True), (b"1 \t\n2", b"1\n2", True), (b"", b"\n\n", True),
        (b"1\n2", b"1\n\n2", False), (b"1\n2", b"1 2", False), (b"1 2", b"1  2", False), (b"1", b" 1", False),
        (b"1\n2", b"1", False), (b"1", b"1\n2", False), (b"Yes", b"YES", False), (b"1", b"1\xc2\xa0", False),
        (b"1", b"1\0", False), (b"\xff", b"\xff\n", True), (b"a\x1cb", b"a\nb", False), (b"a", b"a\x1c", False),
    ],
)  # fmt: skip
def test_lines_forgives_white_space_at_the_ends_only(expected, actual, same):
    """Trailing ASCII white space and blank last lines don't count; all else does."""
    assert lines(expected, actual) is same


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        (b"1 2\n3", b" 1\n2\t3\r\n", True), (b"", b" \n", True), (b"1 2", b"12", False), (b"1 2", b"2 1", False),
        (b"1", b"1 1", False), (b"1 1", b"1", False), (b"a", b"A", False), (b"1", b"1.0", False),
    ],
)  # fmt: skip
def test_tokens_forgives_all_white_space(expected, actual, same):
    """Only the words and their order count."""
    assert tokens(expected, actual) is same


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        (b"0.5", b"0.5000009", True), (b"0.5", b"0.500002", False),  # absolute, 1e-6
        (b"1000000.0", b"1000000.9", True), (b"1000000.0", b"1000001.1", False),  # relative, 1e-6
        (b"2.0", b"2", True), (b"2", b"2.0", True), (b"10", b"1e1", True), (b"1.5 x", b"1.5 x", True),
        (b"1.5 x", b"1.5 y", False), (b"1.5", b"", False), (b"1.5", b"1.5 1.5", False), (b"1.5", b"nan", False),
        (b"1.5", b"inf", False), (b"1.5", b"1_5", False), (b"1.5", b"one", False), (b"a.b", b"a.b", True),
        (b"a.b", b"1.0", False), (b"1.5", b"\xff", False), (b"0.0", b"-0.0", True), (b"1.0", b"0x1", False),
        (b"15.0", b"1_5", False), (b"1.0", b"1e0", True), (b"1.0", b"1.", True), (b"0.5", b".5", True),
        (b"1.5", b"+1.5", True), (b"1.0", b"True", False), (b"nan", b"nan", True), (b"nan", b"inf", False),
        (b"inf", b"Infinity", False), (b"1e999.0", b"inf", False), (b"1.0e999", b"2e999", False), (b"1.2.3", b"1.2", False),
        (b"1000000006", b"1000000007", False), (b"10", b"10.0", True), (b"1e1", b"10", True),
    ],
)  # fmt: skip
def test_numbers_forgives_rounding_unless_both_are_whole(expected, actual, same):
    """Numbers may differ by 1e-6, two that are written whole and all other words not at all."""
    assert numbers(expected, actual) is same


@pytest.mark.parametrize("name", STDIO)
@given(output=st.binary(max_size=30))
def test_every_output_equals_itself(name, output):
    """No checker of outputs refuses the expected output itself."""
    assert STDIO[name](output, output)


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_looser_checkers_accept_what_stricter_ones_do(expected, actual):
    """What passes `exact` passes `lines`, what passes `lines` passes `tokens` and `values`, and these `numbers`."""
    for middle in (tokens, values):
        passed = [checker(expected, actual) for checker in (exact, lines, middle, numbers)]
        assert passed == sorted(passed)


def test_checkers_are_known_by_their_names():
    """The names that a test may give."""
    assert " ".join(STDIO) == "exact lines tokens values numbers any_order any_word_order"
    assert " ".join(CALL) == (
        "equal json_equal json_close json_wrapped json_any_order any_of close_1e_6 close_1e_4 root_1e_4 "
        "same_set same_noneness"
    )


SHAPES = {
    "digits_then_a_letter": lambda n: b"1" * n + b"x",
    "digits_then_two_points": lambda n: b"1" * n + b"..",
    "digits_and_an_open_exponent": lambda n: b"1" * n + b"e+",
    "points": lambda n: b"." * n,
    "zeros_then_a_point": lambda n: b"0" * n + b".",
    "a_long_fraction": lambda n: b"1." + b"3" * n,
    "a_long_exponent": lambda n: b"1.5e" + b"9" * n,
    "exponents": lambda n: b"1e" * (n // 2),
    "signs": lambda n: b"+-" * (n // 2),
    "blanks": lambda n: b" " * n + b"1",
    "blanks_at_line_ends": lambda n: b"1" + b" \t" * (n // 2) + b"x",
    "short_lines": lambda n: b"1\n" * (n // 2),
    "blank_lines": lambda n: b"\n" * n + b"1",
    "short_tokens": lambda n: b"1 " * (n // 2),
    "carriage_returns": lambda n: b"\r" * n + b"x",
    "no_utf_8": lambda n: b"\xff" * n,
    "zeros": lambda n: b"0" * n,
    "many_exponents": lambda n: b"1e9 " * (n // 4),
    "numpy": lambda n: b"np.float64(" * (n // 11),
    "digits_of_numpy": lambda n: b"np.float64(" + b"1" * n + b")",
}
EXPECTED = (b"1.5\n", b"1.5 " * 1000, b"1\n" * 1000)


@pytest.mark.slow
@pytest.mark.parametrize("checker", STDIO)
@pytest.mark.parametrize("shape", SHAPES)
def test_no_checker_takes_more_than_linear_time(checker, shape):
    """Eight times the text takes far less than 64 times the CPU time, for the expected text too; a second at the most."""

    def cpu_s(size):
        text = SHAPES[shape](size)
        cases = [(expected, text) for expected in EXPECTED] + [(text, text + b" 1"), (text + b"1", text)]
        started_s = time.process_time()
        for expected, actual in cases:
            STDIO[checker](expected, actual)
        return time.process_time() - started_s

    short = min(cpu_s(125_000) for _ in range(3))

    assert min(cpu_s(1_000_000) for _ in range(2)) < 24 * short + 0.05


@pytest.mark.parametrize("checker", STDIO)
def test_no_checker_needs_much_more_memory_than_the_texts(checker):
    """Short lines are looked at line by line."""
    text = b"1\n" * 100_000
    tracemalloc.start()
    try:
        STDIO[checker](text + b"2", text + b"3")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 4 * len(text)


def test_a_comparison_that_would_stall_a_judge_is_over_at_once(judge):
    """A million digits and a letter are no decimal."""
    test = StdioTest(stdin="", expected_stdout="1.5\n", checker="numbers")

    assert judge.judge("print('1' * 1_000_000 + 'x')", (test,)).verdict is Verdict.WRONG_ANSWER
