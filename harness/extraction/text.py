"""Finds fenced blocks in a Markdown text, and tells a line of English from a line of a program."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from harness.syntax import NO_PROGRAM, parse_text

_FENCE = re.compile(r"^([ \t]*)(`{3,}|~{3,})([^\n]*)(?:\n|\Z)", re.MULTILINE)
_INDENT = 3
"""Characters by which CommonMark lets a fence be indented."""


class Block(NamedTuple):
    """Locates a fenced block: the first word after its fence in small letters, and the bounds of its content."""

    language: str
    start: int
    end: int
    indent: int
    """Characters of blank space before its fence."""

    def content(self, text: str) -> str:
        """Return the content, moved to the left by as much as the fence is indented.

        Args:
            text: in which the block was found.

        Returns:
            Without its fences.
        """
        content = text[self.start : self.end]
        return re.sub(rf"^[ \t]{{1,{self.indent}}}", "", content, flags=re.MULTILINE) if self.indent else content


def blocks(text: str) -> Iterator[Block]:
    """Find the blocks as CommonMark has them: a block ends at a bare fence of its own kind, or with the text.

    A fence that is indented by more than three characters is in a program's string, unless it names a language.

    Args:
        text: Markdown, or any other.

    Yields:
        The blocks, in their order.
    """
    opening: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opening is None:
            opening = fence if _opens(fence) else None
        elif not fence[3].strip() and fence[2].startswith(opening[2]) and len(fence[1]) <= len(opening[1]) + _INDENT:
            yield _block(opening, fence.start())
            opening = None
    if opening:
        yield _block(opening, len(text))


def lone_fence(text: str) -> int | None:
    """Return the end of a block whose opening fence is before the text, in the prompt; None if there is none.

    Args:
        text: Markdown, or any other.

    Returns:
        Characters before the fence that ends it.
    """
    fences = (fence for fence in _FENCE.finditer(text) if len(fence[1]) <= _INDENT)
    first = next(fences, None)
    if first is None or first[3].strip():
        return None
    return first.start() if sum(1 for _ in fences) % 2 == 0 else None


def _opens(fence: re.Match[str]) -> bool:
    info = fence[3].strip()
    return (bool(info) or len(fence[1]) <= _INDENT) and (fence[2][0] == "~" or "`" not in info)


def _block(opening: re.Match[str], end: int) -> Block:
    words = opening[3].lower().split(maxsplit=1)
    return Block(words[0].strip("{}.") if words else "", opening.end(), end, len(opening[1]))


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
    it ends before; it holds no "="; and no program starts with it.

    Args:
        line: with or without its newline.

    Returns:
        False in doubt.

    >>> is_sentence("1. First, the list is sorted:"), is_sentence("**Explanation:**"), is_sentence("Sure!")
    (True, True, True)
    >>> is_sentence("returns the sum"), is_sentence("A, B = map("), is_sentence("Solution"), is_sentence("improt sys")
    (False, False, False, False)
    """
    return "=" not in line and _SENTENCE.match(line) is not None and parse_text(line) == NO_PROGRAM
