"""Escapes the texts of programs, models and files in our output: one function a format.

| where it goes | function |
|---|---|
| a terminal, JSON that is shown as text | `readable`, and `one_line` in a line of ours, of `sandbox.printable` |
| markdown | `in_markdown` in a line of ours, `code_block` for a text of several lines |
| XML and HTML, written as a tree | `in_tree` |
| LaTeX | `in_latex` |
| a cell of CSV | `in_csv` |
"""

import re

from sandbox.printable import readable

_ESCAPES = str.maketrans({sign: f"\\{sign}" for sign in "\\`*[]|~$#"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_LONGEST = 4000
"""Characters of a text in a line of ours; a longer one is cut, and its length given."""
_AT_AN_EDGE = re.compile(r"(?<![^\W_])_|_(?![^\W_])|^[-+=](?=[-+= ]|$)|^[0-9]+(?=[.)](?: |$))")
"""An underscore within a word means nothing; the last two begin a list or a rule, at the start of a line."""


def in_markdown(text: str) -> str:
    r"""Return text that a markdown renderer shows as it is, within one line, one heading, one cell of a table.

    Args:
        text: of any length; cut after 4000 characters.

    Returns:
        One line, with markup escaped and unprintable characters as escapes.

    >>> print(in_markdown("a|b <i> *c* d_e _f_\n\x1b[1m"))
    a\|b &lt;i&gt; \*c\* d_e \_f\_ \\x1b\[1m
    """
    return _AT_AN_EDGE.sub(_escaped, " ".join(_cut(text).split()).translate(_ESCAPES))


def code_block(text: str) -> str:
    r"""Return text of several lines as code in markdown: indented, because a text could close any fence.

    Args:
        text: of any length; not cut.

    Returns:
        The readable text, each line behind four spaces, without a last newline.

    >>> code_block("a\n```")
    '    a\n    ```'
    """
    return "    " + readable(text).removesuffix("\n").replace("\n", "\n    ")


def in_tree(text: str) -> str:
    r"""Return text that an element or attribute of XML or HTML may hold; what writes the tree escapes its markup.

    Args:
        text: of any length; cut after 4000 characters.

    Returns:
        One line without characters that XML forbids.

    >>> in_tree("<a\x00b\ud800\n>")
    '<a\\x00b\\ud800 >'
    """
    return _cut(text).replace("\n", " ")


_LATEX = str.maketrans(
    {sign: f"\\{sign}" for sign in "%_&#${}"}
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "`": r"\textasciigrave{}"}
    | {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\symbol{34}"}
    | {"[": "{[}", "]": "{]}", "*": "{*}", "±": r"$\pm$", "▼": r"$\downarrow$", "†": r"$\dagger$"}
)
"""A bracket or an asterisk would be an option of the command before it."""
_LIGATURE = re.compile(r"([-'])(?=\1)")


def in_latex(text: str) -> str:
    r"""Return text that LaTeX sets as it is, within one line or one cell of a table.

    Args:
        text: of any length; cut after 4000 characters.

    Returns:
        One line with every special sign escaped.

    >>> print(in_latex("a_b & 50 % #1\n\\input{x}"))
    a\_b \& 50 \% \#1 \textbackslash{}input\{x\}
    """
    return _LIGATURE.sub(r"\1{}", " ".join(_cut(text).split()).translate(_LATEX))


def in_csv(text: str) -> str:
    r"""Return text that is no formula where it is the cell of a spreadsheet.

    Args:
        text: of any length; cut after 4000 characters.

    Returns:
        One line, behind an apostrophe where it would begin a formula.

    >>> in_csv("=1+1"), in_csv("a=1\n")
    ("'=1+1", 'a=1')
    """
    line = " ".join(_cut(text).split())
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line


def _cut(text: str) -> str:
    return readable(text) if len(text) <= _LONGEST else f"{readable(text[:_LONGEST])}... ({len(text)} characters)"


def _escaped(sign: re.Match[str]) -> str:
    return f"{sign[0]}\\" if sign[0].isdigit() else f"\\{sign[0]}"
