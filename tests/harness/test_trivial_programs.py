"""Programs that do no work."""

import msgspec
import pytest

from harness.trivial_programs import CONSTANTS, constant_programs
from sandbox.records import AssertTest, CallTest, StdioTest


@pytest.fixture
def programs_of(make_problem):
    """Return a function that gives the constant programs of a problem with these tests."""
    return lambda *tests: constant_programs(msgspec.structs.replace(make_problem(), tests=tests))


def value_of(program, name):
    """Return what the program's function returns."""
    names = {}
    exec(program, names)  # noqa: S102 - our own program, of this module's making
    return names[name](1, key=2)


def test_a_stdio_program_prints_the_first_answer(programs_of, capsys):
    """Whatever it reads, to the byte."""
    (program,) = programs_of(StdioTest(stdin="1", expected_stdout="a\n"), StdioTest(stdin="2", expected_stdout="b"))

    exec(programs_of(StdioTest(stdin="1", expected_stdout="a\n"))[program])  # noqa: S102
    assert (program, capsys.readouterr().out) == (r"prints 'a\n'", "a\n")


def test_every_function_returns_the_constant(programs_of):
    """Each constant, and what the first test compares with; other tests' answers would be too many."""
    programs = programs_of(
        AssertTest(code="assert f(1) == 'yes' and g(2) != f(3)", names=("f",)),
        AssertTest(code="assert g(1) == 'no'", names=("g",)),
    )

    assert list(programs) == [f"returns {constant}" for constant in (*CONSTANTS, "'yes'")]
    assert [value_of(programs["returns 'yes'"], name) for name in "fg"] == ["yes", "yes"]
    assert value_of(programs["returns None"], "f") is None


@pytest.mark.parametrize("function", ["add", "Solution().add"])
def test_a_method_returns_the_constant_too(programs_of, function):
    """The tests may call a function or a method of Solution."""
    programs = programs_of(CallTest(function=function, arguments=(1,), expected=[3]))
    names = {}

    exec(programs["returns [3]"], names)  # noqa: S102
    assert names["Solution"]().add(1) == names["add"](1) == [3]


def test_an_answer_without_a_literal_is_left_out(programs_of):
    """Nothing of a test is executed to make a program."""
    programs = programs_of(AssertTest(code="assert f(1) == open('x')", names=("f",)))

    assert list(programs) == [f"returns {constant}" for constant in CONSTANTS]
