"""What starter code asks for, and what it leaves to the judge."""

import pytest

from harness.benchmarks.starter_code import (
    complete_program,
    signature_of,
    with_entry_call,
)
from harness.runs.records import Problem
from harness.syntax import MOST_CHARACTERS
from sandbox.records import CallTest, StdioTest


@pytest.mark.parametrize(
    ("starter_code", "name", "in_class", "parameters"),
    [
        ("\ndef drop_cap(str_):\n\t", "drop_cap", False, ("str_",)),
        ("def f(a, b=1):", "f", False, ("a", "b")),
        ("def f(a):\n    # your code", "f", False, ("a",)),
        ("def f(a):\n    '''What it does.'''\n", "f", False, ("a",)),
        ("def f(a):\n\treturn 1\n\ndef g(b):\n\t", "g", False, ("b",)),
        ("class Solution:\n    def f(self, a: int, k: List[int]) -> bool:\n        ", "f", True, ("a", "k")),
        ("# class TreeNode: ...\nclass Solution:\n\tdef __init__(self): pass\n\tdef f(self):", "f", True, ()),
        ("import math\nclass Solution:\n    def f(self, a): # here\n", "f", True, ("a",)),
    ],
)
def test_starter_code_without_its_body(starter_code, name, in_class, parameters):
    """Name and parameters, whatever stands or lacks around them; a method's `self` is none."""
    signature = signature_of(starter_code)

    assert (signature.name, signature.in_class, signature.parameters) == (name, in_class, parameters)


@pytest.mark.parametrize("starter_code", ["", "# nothing", "x = 1", "def", "f(x)", "class A: pass", "\0", "(" * 5000])
def test_text_that_begins_no_function(starter_code):
    """There is no signature then."""
    assert signature_of(starter_code) is None


def test_a_function_may_be_named():
    """Of several, that one counts; one that is not there has no signature."""
    starter_code = "def f(a):\n    pass\ndef g():\n    "

    assert signature_of(starter_code, "f").parameters == ("a",)
    assert signature_of(starter_code, "h") is None


@pytest.mark.parametrize(
    ("starter_code", "fitting"),
    [
        ("def f():", {0}),
        ("def f(a):", {1}),
        ("def f(a, b=1):", {1, 2}),
        ("def f(a, *b):", {1, 2, 3}),
        ("def f(*b):", {0, 1, 2, 3}),
    ],
)
def test_how_many_arguments_fit(starter_code, fitting):
    """Defaults may be left out, and *args takes the rest."""
    signature = signature_of(starter_code)

    assert {count for count in range(4) if signature.takes(count)} == fitting


CALLED = "def solve():\n    print(1)\n"


@pytest.mark.parametrize(
    "program",
    [
        CALLED, "def solve(n=1):\n    print(n)", "def solve(*a, k=1):\n    pass", "import sys\n" + CALLED + "x = 1",
        CALLED + "def main():\n    solve()", "def solve():\n    return 1 if True else solve()",
        "class A:\n    def solve(self): pass\n" + CALLED, CALLED + "# solve()", "'solve()'\n" + CALLED,
    ],
)  # fmt: skip
def test_a_function_that_nobody_calls_is_called(program):
    """At the end of the program, whatever else it defines."""
    assert with_entry_call(program, "def solve():\n\t") == f"{program}\n\nsolve()\n"


@pytest.mark.parametrize(
    "program",
    [
        CALLED + "solve()", CALLED + "if __name__ == '__main__':\n    solve()", CALLED + "for _ in range(2): solve()",
        CALLED + "print(solve())", CALLED + "def main():\n    solve()\nmain()", CALLED + "f = solve\nf()",
        CALLED + "import threading\nthreading.Thread(target=solve).start()",
        CALLED + "class A:\n    def run(self): solve()\nA().run()", CALLED + "def a(): b()\ndef b(): solve()\na()",
        "def solve(n):\n    print(n)", "def solve(*, k):\n    print(k)", "def main():\n    print(1)", "print(1)", "",
        "solve = print", "if True:\n    def solve(): print(1)", "async def solve(): pass", "solve()",
        "def solve(:", "\0", "x" + "(" * 5000,
    ],
)  # fmt: skip
def test_every_other_program_stays_as_it_is(program):
    """One that runs the function itself, by whatever way, that lacks it, that needs arguments, or that is no Python."""
    assert with_entry_call(program, "def solve():\n\t") == program


@pytest.mark.parametrize(
    "starter_code", ["", "def other():", "def solve(n):", "def solve(*n):", "class Solution:\n    def solve(self):"]
)
def test_only_the_function_that_is_asked_for_is_called(starter_code):
    """By name, without parameters, at the top level."""
    assert with_entry_call(CALLED, starter_code) == CALLED


@pytest.mark.parametrize(
    ("test", "starter_code", "program"),
    [
        (StdioTest(stdin="", expected_stdout=""), "def f():", "def f(): pass\n\nf()\n"),
        (CallTest(function="f", arguments=(), expected=None), "def f():", "def f(): pass"),
    ],
)
def test_the_kind_of_test_tells_what_is_left_to_the_judge(test, starter_code, program):
    """A function is entered where the whole program runs."""
    problem = Problem(task_id="1", benchmark="b", split="test", statement="", tests=(test,), starter_code=starter_code)

    assert complete_program("def f(): pass", problem) == program


def test_a_text_too_long_to_be_a_program_is_left_alone():
    """A hostile megabyte is not parsed in our own process."""
    text = "def solve():\n    print(1)\n" + "#" * MOST_CHARACTERS

    assert with_entry_call(text, "def solve():") == text
