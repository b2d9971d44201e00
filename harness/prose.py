"""Tells a line of English from a line of a program, as far as that can be told from one line."""

import re

from harness.syntax import NO_PROGRAM, read

_ITEM = r"(?:(?:[-*>]|\d+[.)])[ ]+)?"
_EMPHASIS = r'["*_]{0,2}'
_CAPITALISED = rf"{_EMPHASIS}(?:[A-Z][a-z'\u2019]+{_EMPHASIS}[,:!?.]?|[AI](?=[ ]))"
_START = r'["*_`(]{0,3}[A-Za-z0-9]'
_WORD = rf'{_START}[A-Za-z0-9\'\u2019]*["*_`)]{{0,3}}'
_END = rf"[,:!?.]*{_EMPHASIS}\s*$"
_SENTENCE = re.compile(rf"{_ITEM}{_CAPITALISED}(?:{_END}|[ ]+{_WORD}(?:{_END}|[,:!?.]?[ ]+{_START}))")
"""What follows a repetition can't be part of it, so a line of any length is gone through once."""


def is_sentence(line: str) -> bool:
    """Return whether a line starts as an English sentence or heading does, and can't be part of a program.

    It starts with a capital letter, perhaps behind an item's mark; two words follow that only a space divides, unless
    it ends before; it holds no "="; and no program starts with it. In doubt it is none.

    >>> is_sentence("1. First, the list is sorted:"), is_sentence("**Explanation:**"), is_sentence("Sure!")
    (True, True, True)
    >>> is_sentence("returns the sum"), is_sentence("A, B = map("), is_sentence("Solution"), is_sentence("improt sys")
    (False, False, False, False)
    """
    return "=" not in line and _SENTENCE.match(line) is not None and read(line) == NO_PROGRAM
