"""What the inputs and outputs of an APPS problem mean."""

import pytest

from harness.benchmarks import apps_tests
from harness.benchmarks.starter_code import signature_of
from sandbox.records import CallTest, StdioTest


def read(inputs, outputs, function="", starter_code="", statement=""):
    """Return the tests of a problem."""
    text = f"{statement}\n{starter_code}"
    return apps_tests.tests_of(inputs, outputs, function, signature_of(starter_code), text)


def stdio(*pairs, checker="values"):
    """Return tests on standard input."""
    return tuple(StdioTest(stdin=given, expected_stdout=expected, checker=checker) for given, expected in pairs)


def called(*pairs, checker="json_close"):
    """Return tests that call `f`."""
    return tuple(
        CallTest(function="f", arguments=arguments, expected=expected, checker=checker) for arguments, expected in pairs
    )


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [("1\n2\n", "3"), (["1\n2\n"], ["3"]), ([["1", "2\n"]], [["3"]]), (["1\n2\n"], [3])],
)
def test_texts_go_to_standard_input(inputs, outputs):
    """One text, a list of them, lists of lines; a number expected is its text."""
    assert read(inputs, outputs) == stdio(("1\n2\n", "3"))


@pytest.mark.parametrize("starter_code", ["def f():", "def f(n=1):", ""])
def test_texts_go_to_standard_input_where_a_function_takes_nothing(starter_code):
    """APPS+ names such functions for problems on standard input."""
    assert read(["1\n"], ["2\n"], "f", starter_code) == stdio(("1\n", "2\n"))


def test_lines_go_to_standard_input_where_a_function_takes_nothing():
    """A list of lines can't be its arguments."""
    assert read([["1", "2"]], [["3", "4"]], "f", "def f():") == stdio(("1\n2", "3\n4"))


@pytest.mark.parametrize(
    ("outputs", "checker"),
    [
        (["3", "0.5\n"], "numbers"), (["3", "x -.5e3"], "numbers"), (["1.", "2"], "values"), (["3", "1.2.3"], "values"),
        (["e.g. v1.5", "1e5"], "values"), (["3", "1,5"], "values"), (["1", "3e+06"], "numbers"),
        (["1", "1e-05"], "numbers"),
    ],
)  # fmt: skip
def test_rounding_is_forgiven_where_decimals_are_expected(outputs, checker):
    """All tests of a problem are compared the same way."""
    assert {test.checker for test in read(["a", "b"], outputs)} == {checker}


@pytest.mark.parametrize(
    ("outputs", "starter_code", "expected"),
    [
        ([[3], [4]], "def f(a):", [3, 4]),  # Codewars wraps
        ([3, 4], "def f(a):", [3, 4]),
        ([[1, 2], [3]], "def f(a):", [[1, 2], [3]]),
        ([[3], []], "def f(a):", [[3], []]),
        ([[3], [4]], "def f(a) -> int:", [3, 4]),
        ([[3], [4]], "class Solution:\n    def f(self, a: int) -> List[int]:", [[3], [4]]),
        ([[3], [4]], "class Solution:\n    def f(self, a: int) -> int:", [3, 4]),
        ([[[3]], [[4, 5]]], "def f(a) -> List[int]:", [[3], [4, 5]]),
        ([[[3]], [[4, 5]]], "def f(a) -> List[List[int]]:", [[[3]], [[4, 5]]]),
        ([["x"], ["y"]], "def f(a) -> Optional[List[str]]:", [["x"], ["y"]]),
        ([["x"], ["y"]], "def f(a) -> typing.List[str]:", [["x"], ["y"]]),
        ([["x"], ["y"]], "def f(a) -> list:", [["x"], ["y"]]),
        ([[{"a": [1]}]] * 2, "def f(a) -> Dict[str, List[int]]:", [{"a": [1]}] * 2),
    ],
)
def test_answers_are_unwrapped_where_the_data_say_so(outputs, starter_code, expected):
    """All are lists of one element, and no annotation says that such a list is returned."""
    assert read([["p"], ["q"]], outputs, "f", starter_code) == called((("p",), expected[0]), (("q",), expected[1]))


@pytest.mark.parametrize("starter_code", ["", "class Solution:\n    def f(self, a):"])
def test_both_readings_are_right_where_nothing_tells(starter_code):
    """As for original APPS."""
    assert read([[1]], [[3]], "f", starter_code) == called(((1,), [3]), checker="json_wrapped")


@pytest.mark.parametrize(
    ("given", "starter_code", "arguments"),
    [
        ([1, "a", None], "def f(a, b, c):", (1, "a", None)), ([], "def f():", ()), (5, "def f(a):", (5,)),
        ([[1, 2]], "def f(a):", ([1, 2],)), ([1, 2], "def f(a):", ([1, 2],)), ([1, 2], "def f(*a):", (1, 2)),
        ([1, 2], "", (1, 2)), ("text", "def f(a):", ("text",)),
        ({"a": 1, "b": 2}, "def f(a, b):", (1, 2)), ({"x": 1}, "def f(a):", ({"x": 1},)),
        ([{"1": "a", "-2": "b"}], "def f(a):", ({1: "a", -2: "b"},)), ([{}], "def f(a):", ({},)),
        ([{"1": "a", "b": 2}], "def f(a):", ({"1": "a", "b": 2},)),
    ],
)  # fmt: skip
def test_arguments(given, starter_code, arguments):
    """A list of them, what isn't one, or a dictionary by parameter; keys that are whole numbers are such again."""
    assert read([given], [0], "f", starter_code) == called((arguments, 0))


@pytest.mark.parametrize(
    ("inputs", "outputs", "problem"),
    [
        (["1"], ["1", "2"], "has 1 inputs, but 2 outputs"), ({"a": 1}, ["1"], "not dict"),
        ([{"a": 1}], ["1"], "not dict"), (["1"], [None], "not NoneType"), (["1"], [True], "not bool"),
    ],
)  # fmt: skip
def test_what_fits_no_reading_is_refused(inputs, outputs, problem):
    """With the reason."""
    with pytest.raises(ValueError, match=problem):
        read(inputs, outputs)


SORTS = "class Solution:\n    def f(self, k: int, nums: List[int]) -> None:\n        "
SAYS_SO = '"""\n        Do not return anything, modify nums in-place instead.\n        """\n        '


@pytest.mark.parametrize(
    ("starter_code", "statement", "left_in"),
    [
        (SORTS + SAYS_SO, "", 1), (SORTS, "", 0),
        ("def f(k, nums):", "Do not return anything, modify `nums` in place.", 1),
        ("def f(k, nums):", "Do not return anything, modify it in-place instead.", 0),
        ("def f(k, nums):", "Sort in place.", None),
        ("def f(k, nums) -> List[int]:", "Sort in-place and return it.", None), ("", SAYS_SO, None),
    ],
)  # fmt: skip
def test_an_answer_is_left_in_the_argument_where_the_data_say_so(starter_code, statement, left_in):
    """By name, or in the first where the function is annotated to return None."""
    (test,) = read([[3, [2, 1]]], [[1, 2]], "f", starter_code, statement)

    assert test.left_in == left_in
    assert test.arguments == (3, [2, 1])


@pytest.mark.parametrize(("outputs", "expected"), [([[[1, 2]]], [1, 2]), ([[1]], [1]), ([[1, 2]], [1, 2])])
def test_an_answer_in_an_argument_is_as_deep_as_the_argument(outputs, expected):
    """A list around it is a wrap; a list of one element need not be."""
    (test,) = read([[[2, 1]]], outputs, "f", "def f(nums: List[int]) -> None:")

    assert (test.expected, test.left_in) == (expected, 0)


def test_a_function_that_is_expected_to_return_nothing_leaves_no_answer():
    """None is what it returns."""
    (test,) = read([[[2, 1]]], [None], "f", "def f(nums: List[int]) -> None:")

    assert (test.expected, test.left_in) == (None, None)


@pytest.mark.parametrize(
    ("outputs", "statement", "expected", "checker"),
    [
        ([0.5, 2], "", [0.5, 2.0], "json_close"), ([1, 2], "", [1, 2], "json_close"),
        ([0.5, "2"], "", [0.5, "2"], "json_close"),
        ([0.5, 10**6], "", [0.5, 10**6], "json_close"), ([0.5, True], "", [0.5, True], "json_close"),
        ([1, 2], "An error of at most 1e-4 is allowed.", [1.0, 2.0], "json_close 0.0001"),
    ],
)  # fmt: skip
def test_a_small_whole_number_among_decimals_is_a_decimal(outputs, statement, expected, checker):
    """JSON may have written it so; a truth value and a large number are what they are."""
    tests = read([[1], [2]], outputs, "f", "def f(a) -> float:", statement)

    assert [repr(test.expected) for test in tests] == [*map(repr, expected)]
    assert {test.checker for test in tests} == {checker}
