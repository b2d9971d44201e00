"""The fenced blocks of a Markdown text."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_FENCE = re.compile(r"^([ \t]*)(`{3,}|~{3,})([^\n]*)(?:\n|\Z)", re.MULTILINE)
_INDENT = 3
"""Characters by which CommonMark lets a fence be indented."""


class Block(NamedTuple):
    """A fenced block: the first word after its fence in small letters, and where its content starts and ends."""

    language: str
    start: int
    end: int
    indent: int
    """Characters of blank space before its fence."""

    def content(self, text: str) -> str:
        """Return the content, moved to the left by as much as the fence is indented."""
        content = text[self.start : self.end]
        return re.sub(rf"^[ \t]{{1,{self.indent}}}", "", content, flags=re.MULTILINE) if self.indent else content


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks as CommonMark has them: a block ends at a bare fence of its own kind, or with the text.

    A fence that is indented by more than three characters stands in a program's string, unless it names a language.
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
    """Return where the block ends whose opening fence stands before the text, in the prompt; None if there is none."""
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
