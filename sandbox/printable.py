"""Escapes text of a program, a model or a file, so that it can be stored, printed and read safely."""

import re

_MAYBE_ODD = re.compile(r"[^\n\t -~]{1,4096}")
"""Stretches in which there may be characters to escape, short enough that few of them are in memory one by one."""


def readable(text: str) -> str:
    r"""Return the text with an escape for each character that can't be printed; ends of lines and tabs stay.

    That is what moves a terminal's cursor or turns the direction of writing, invisible characters, lone surrogates.

    >>> readable("ok\n"), readable("\x1b[2J\ud800\u202e")
    ('ok\n', '\\x1b[2J\\ud800\\u202e')

    Args:
        text: of any origin and length.

    Returns:
        Text that UTF-8 can encode; unchanged where nothing is to be escaped.
    """
    return text if text.isprintable() else _MAYBE_ODD.sub(_escaped, text)


def one_line(text: str) -> str:
    r"""Return the text, readable and with a space for each end of a line.

    >>> one_line("a\nb\r")
    'a b\\r'

    Args:
        text: of any origin and length.

    Returns:
        One line of text that UTF-8 can encode, see `readable`.
    """
    return readable(text).replace("\n", " ")


def _escaped(stretch: re.Match[str]) -> str:
    signs = stretch[0]
    if signs.isprintable():
        return signs
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in signs)
