"""Lines of English and lines of programs."""

import pytest

from harness.extraction.text import is_sentence


@pytest.mark.parametrize(
    "line",
    [
        "Sure!",
        "Sure! Here's the code:",
        "Here\u2019s a function:\r\n",
        "Certainly! Below is the Python code.",
        "Explanation:",
        "**Explanation:**",
        "**Note**: this is",
        "1. First, we loop.",
        "- The list is sorted",
        "* Time complexity: O(n)",
        "Time Complexity: O(n)",
        "This function returns x + 1.",
        "I hope this helps!",
        "A simple solution",
        "Note that `x` is an int",
        "We use `def f(x)` here",
        "In Python,",
        "Solution 1:",
        "Step 1: Read the input",
        "Don't use it (yet",
    ],
)
def test_prose(line):
    """Sentences and headings as models write them around a program."""
    assert is_sentence(line)


@pytest.mark.parametrize(
    "line",
    [
        "A, B = map(int, input()split())",
        "A, B, C,' D = map(int, input().split())",
        "A, B = [",
        "N = 5 5",
        "N M",
        "Point = namedtuple('Point', 'x y'",
        "Foo bar = 3",
        "Counter(x y)",
        "Solution().f(",
        "Solution",
        "This is it",
        "Note: this",
        "A and B or (",
        "x y z",
        "improt math",
        "print 'Hello World'",
        "def f(x)",
        "    This is indented",
        "# This is a comment",
        "'''This is a string",
        "",
        "\n",
    ],
)
def test_programs(line):
    """Statements, right, wrong or begun, and what may be either."""
    assert not is_sentence(line)


def test_long_lines_are_no_trouble():
    """A line of a megabyte is looked at once."""
    assert not is_sentence("Sure" + "!" * 1_000_000 + "=")
    assert is_sentence("The end " + "of it " * 200_000)
