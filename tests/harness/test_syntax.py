"""What the parser says of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.syntax import MOST_CHARACTERS, defines, does_nothing, leans_on, parse_text

PROMPT = "from math import pi as PI\nimport os.path\nLIMIT = 3\n\ndef helper(argument):\n    inner = 1\n\ndef f(x):\n"
PROMPT += '    """Do it."""\n'


@given(st.text())
def test_any_text_can_be_asked_about(text):
    """Nothing is raised, and a program is not unfinished."""
    assert parse_text(text).tree is None or not parse_text(text).is_unfinished


@pytest.mark.parametrize(
    "text",
    ["a\0b", "'\ud800'", "(" * 300 + ")" * 300, "-" * 99_999 + "1", "9" * 5000, "x" + ".x" * 50_000, "# coding: no"],
)
def test_what_the_parser_refuses(text):
    """Null bytes, lone surrogates, deep nesting, huge numbers and unknown encodings are no programs."""
    assert parse_text(text).tree is None
    assert not parse_text(text).is_unfinished


def test_long_texts_are_not_parsed():
    """They count as no program, whatever they hold."""
    assert parse_text("#" * MOST_CHARACTERS).tree is not None
    assert parse_text("#" * (MOST_CHARACTERS + 1)).tree is None
    assert not parse_text("(" + "#" * MOST_CHARACTERS).is_unfinished


@pytest.mark.parametrize(
    "text", ["x = (1,", "def f():\n", "@a\n", "'''x\ny", "try:\n    x\n", "if a:\n    x\nelse:\n", "a\\"]
)
def test_what_ends_too_early(text):
    """Within a bracket, a long string or before a body, more text could make a program of it."""
    assert parse_text(text).is_unfinished


@pytest.mark.parametrize(
    "text", ["x = 1\n", "x = )", "print 1\n", "def f(:\n", "x = (\ndef f():\n    pass\n", "x y\n", ""]
)
def test_what_is_wrong_or_whole(text):
    """No further text could mend it, or none needs to."""
    assert not parse_text(text).is_unfinished


@pytest.mark.parametrize("text", ["", "# f()", "Sure", "Note: this", "'text'", "a.b\nc - d", "pass"])
def test_what_does_nothing(text):
    """Words that happen to parse."""
    assert does_nothing(parse_text(text).tree)


@pytest.mark.parametrize("text", ["x = 1", "print()", "x: int = 1", "def f(): pass", "import x", "a\nb()"])
def test_what_does_something(text):
    """Calls, assignments, definitions, imports."""
    assert not does_nothing(parse_text(text).tree)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("def f(): pass", "f"),
        ("async def f(): pass", "f"),
        ("f = max", "f"),
        ("import f", "f"),
        ("import f.g", "f"),
        ("from x import y as f", "f"),
        ("if a:\n    def f(): pass", "f"),
        ("class Solution:\n    def f(self): pass", "f"),
        ("class Solution:\n    def f(self): pass", "Solution().f"),
        ("pass", ""),
    ],
)
def test_what_defines_a_name(text, name):
    """Every way to bind it at the top level, and a method of the class Solution."""
    assert defines(parse_text(text).tree, name)


@pytest.mark.parametrize(
    "text", ["f()", "def g():\n    def f(): pass", "def g(f): pass", "class A:\n    def f(self): pass", "lambda f: 1"]
)
def test_what_does_not_define_a_name(text):
    """A use, an inner function, an argument, a method of another class."""
    assert not defines(parse_text(text).tree, "f")


@pytest.mark.parametrize(
    ("text", "leans"),
    [
        ("def f(x): return helper(x)", True),
        ("def f(x): return PI", True),
        ("def f(x): return os.path.sep", True),
        ("def f(x): return LIMIT", True),
        ("def g(x): return 1", True),
        ("def f(x): return 1", False),
        ("def f(x, helper=max): return helper(x)", False),
        ("from math import pi as PI\ndef f(x): return PI", False),
        ("def f(x): return inner, argument, print(x)", False),
        ("from __future__ import annotations\ndef f(x): return PI", False),
    ],
)
def test_a_program_leans_on_the_prompt(text, leans):
    """It uses what only the prompt defines at its top level, or lacks the function itself."""
    assert leans_on(parse_text(text).tree, PROMPT, "f") == leans


@pytest.mark.parametrize("prompt", ["", "Write f.", '"""f and g"""\n', "def f(x:"])
def test_no_program_leans_on_prose(prompt):
    """A prompt that isn't Python, or defines nothing, gives nothing."""
    assert not leans_on(parse_text("g(f)").tree, prompt, "f")
