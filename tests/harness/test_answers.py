"""What statements grant of the answers that they ask for."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.benchmarks.answers import grants, grants_any_case, output_checker, stated_tolerance
from sandbox.inside.checkers import stdio_checker


@pytest.mark.parametrize(
    ("statement", "stated"),
    [
        ("correct if its absolute or relative error will not exceed 10^{ - 4}. ", (1e-4, "")),
        ("All numbers should be correct up to $10^{-6}$ relative or absolute precision.", (1e-6, "")),
        (
            "Your output is right if the relative or absolute error\nfrom the true answer is at most $10^{-9}$",
            (1e-9, ""),
        ),
        ("Answers within 1e-3 are right.", (1e-3, "")),
        ("The answer should not have an error greater than 0.001. You may", (1e-3, "")),
        ("an error of 0.5 \u00d7 10-4 in the output", (5e-5, "")),
        ("the error does not exceed ± 10-3", (1e-3, "")),
        ("an error less than 1.0e-6 will be accepted", (1e-6, "")),
        ("Your answer must have an absolute error of at most 10**-6", (1e-6, " absolute")),
        ("the relative error must be ≤ 10⁻⁷", (1e-7, " relative")),
        ("relative error at most 10^{\u22128}", (1e-8, " relative")),
        ("The absolute difference between your solution and the jury's shouldn't exceed 10^-6", (1e-6, " absolute")),
        ("your result may differ from ours by at most 0.01", (1e-2, "")),
        ("Print the answer modulo 10^9+7.", None),
        ("The absolute difference of the two is at most 1.", None),
        ("Points are the same if they lie within 0.001 of each other.", None),
        ("Print ERROR. All numbers are below 0.5.", None),
        ("Output: print the total number of biscuits produced within T + 0.5 seconds after activation.", None),
        ("Print the values that are stored within 0.05 seconds.", None),
        ("Print the results that are within 0.25 of the mean.", None),
        ("The output should not contain an absolute error greater than 10^-1.", (0.1, " absolute")),
        ("no tolerance", None),
        ("", None),
    ],
)
def test_a_tolerance_is_read_as_contests_state_it(statement, stated):
    """The amount, and whether it is absolute, relative or both."""
    assert stated_tolerance(statement) == stated


@given(
    st.integers(1, 12),
    st.sampled_from(
        ["10^{{-{}}}", "$10^{{-{}}}$", "10^-{}", "10^{{ - {}}}", "1e-{}", "1.0e-{}", "10**-{}", "10^(-{})"]
    ),
    st.sampled_from(["absolute", "relative", "absolute or relative", "relative or absolute", ""]),
    st.sampled_from(
        ["does not exceed", "is at most", "is no more than", "is less than", "must not be greater than", "<="]
    ),
)
def test_every_usual_way_to_state_a_tolerance_is_read(power, written, kind, comparison):
    """Any amount, kind and wording together."""
    statement = f"Print it.\nYour answer is correct if its {kind} error {comparison} {written.format(power)}.\n\nInput"

    assert stated_tolerance(statement) == (float(f"1e-{power}"), f" {kind}" if kind in {"absolute", "relative"} else "")


@pytest.mark.parametrize(
    ("statement", "outputs", "checker"),
    [
        ("", ["3\n"], "values"), ("", ["3\n", "0.5\n"], "numbers"),
        ("An error below 1e-4 is allowed.", ["3\n"], "numbers 0.0001"),
        ("An error below 1e-9 is allowed.", ["0.333333333333\n"], "numbers 1e-09"),  # 12 digits say that much
        ("An error below 1e-9 is allowed.", ["0.3333333\n"], "numbers 1e-07"),  # 7 digits do not
        ("An error below 1e-9 is allowed.", ["0.5\n"], "numbers 1e-06"),
        ("Print it in any case.", ["YES\n"], "values any_case"), ("Print it in any case.", ["YES", "Yes"], "values"),
        ("Print it in any case. An error below 1e-3 is allowed.", ["NO", "0.5"], "numbers 0.001 any_case"),
    ],
)  # fmt: skip
def test_the_checker_grants_what_the_statement_does(statement, outputs, checker):
    """But no tolerance is narrower than the digits of the data, and letters count where the data tell them apart."""
    assert output_checker(statement, outputs) == checker
    assert all(stdio_checker(checker)(output.encode(), output.encode()) for output in outputs)


@pytest.mark.parametrize(
    ("statement", "granted"),
    [
        ("You can print each letter in any case (upper or lower).", True),
        ("You may print every letter in any case you want", True),
        ('You can output "Yes" and "No" in any case (for example, "yEs")', True),
        ("print YES (case-insensitive), if so", True), ("The output is case insensitive", True),
        ("You can output each letter in upper or lower case.", True),
        ("You can print each letter in any register", True),
        ("The case of the letters does not matter.", True),
        ("Your function should be case insensitive to vowels.", False),
        ("In either case, print it in one line", False), ("may not be omitted in any case", False),
        ("s consists of upper or lower case letters", False), ("Print s in upper case.", False),
    ],
)  # fmt: skip
def test_letter_case_is_granted_where_it_is_said_of_the_output(statement, granted):
    """Not where it is said of the input."""
    assert grants_any_case(statement) is granted


@pytest.mark.parametrize(
    ("statement", "granted"),
    [
        ("If there are several answers, print any of them.", ("any answer",)),
        ("Print any integer between 0 and 9 that is not A+B.", ("any answer",)),
        ("If there are multiple solutions, you may output any.", ("any answer",)),
        ("You can print the edges in any order.", ("any order",)), ("Return all of them in any order.", ("any order",)),
        ("Print it in any order. Any valid answer will be accepted.", ("any answer", "any order")),
        ("The numbers are given in any order.", ()), ("You may print any number of digits.", ()),
        ("Choose any edge.", ()),
        ("You may print YES in any case.", ("any letter case",)), ("An error below 1e-4 is fine.", ("a tolerance",)),
    ],
)  # fmt: skip
def test_an_audit_is_told_what_a_statement_grants(statement, granted):
    """For people to look at."""
    assert grants(statement) == granted


@pytest.mark.parametrize(
    "word", ["error ", "within answer ", "print in any ", "1", "10^-", "0.", "any of ", "case of ", "\n", "."]
)
def test_a_hostile_statement_costs_no_more_than_its_length(word):
    """Only its beginning is looked at, in a second of CPU time at the most."""
    statement = word * (1_000_000 // len(word))
    started_s = time.process_time()

    grants(statement)
    assert time.process_time() - started_s < 10
