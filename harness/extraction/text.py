"""Finds fenced blocks in a Markdown text, and tells a line of English from a line of a program."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from harness.syntax import NO_PROGRAM, Grammar, parse_text

_RUN = re.compile(r"`{3,}|~{3,}")
_FENCE = re.compile(r"^([ \t]*)(`{3,}|~{3,})([^\n]*)(?:\n|\Z)", re.MULTILINE)
_INDENT = 3
"""Characters by which CommonMark lets a fence be indented."""
_NEAR = 200
"""Characters of a line around a fence that are looked at."""
_PYTHON = re.compile(
    r"^(?:i?py(?:thon)?[\d.]*|python(?!.?(?:repl|console|traceback)).*|ipython.*|[pcj]ython.*|pypy.*|jupyter.*|sage|tool_code|.*\.py)$"
)
_SECOND_WORD_NAMES = frozenset({"code", "code-cell", "code-block", "sourcecode", "lang", "language"})
_LABEL = re.compile(r"[\w+#.:{}/-]{0,80}")
_CODE = re.compile(
    r"(?:def|class|import|from|for|while|if|try|with|return|async def|print)\b|@\w|[A-Za-z_]\w*(?:, ?[A-Za-z_]\w*)* = "
)
"""How code begins that is on the line of its fence, behind the label."""


class Block(NamedTuple):
    """Locates a fenced block: the first word after its fence in small letters, and the bounds of its content."""

    language: str
    start: int
    end: int
    indent: int
    """Characters of blank space before its fence."""

    @property
    def is_python(self) -> bool:
        """Return whether its label names Python, one of its versions or interpreters, or a file of Python."""
        return _PYTHON.match(self.language) is not None

    def content(self, text: str) -> str:
        """Return the content, moved to the left by as much as the fence is indented, if its first line is, too.

        Args:
            text: in which the block was found.

        Returns:
            Without its fences.
        """
        content = text[self.start : self.end]
        if not self.indent or content.lstrip("\r\n")[:1] not in {" ", "\t"}:
            return content
        return re.sub(rf"^[ \t]{{1,{self.indent}}}", "", content, flags=re.MULTILINE)


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


class _Fence(NamedTuple):
    """Holds a fence at any place of its line."""

    line: int
    """Where its line begins."""
    start: int
    end: int
    mark: str
    before: str
    """Of its line, `_NEAR` characters at most, as `after`."""
    after: str
    """Of its line, up to the next fence."""
    is_alone: bool
    """Whether no other fence is in its line."""
    line_end: int
    """Where the next line begins."""


def loose_blocks(text: str) -> Iterator[Block]:
    """Find the blocks of a text whose fences may share their lines with prose, tags or code.

    A fence of backticks opens a block also behind other text, if nothing but a label follows; code may follow the
    label. It ends a block also behind code, and before prose, if it is the only fence in its line and not in a comment.

    Args:
        text: Markdown, or any other.

    Yields:
        The blocks, in their order; the same as `blocks` where each fence has its line.
    """
    opening, block = None, None
    for fence in _fences(text):
        if opening is None or block is None:
            if block := _loosely_opened(text, fence):
                opening = fence
        elif fence.mark.startswith(opening.mark) and (end := _loosely_closed(fence, block)) is not None:
            yield block._replace(end=end)
            opening = None
    if opening and block:
        yield block._replace(end=len(text))


def _fences(text: str) -> Iterator[_Fence]:
    runs = [(run.start(), run.end()) for run in _RUN.finditer(text)]
    lines, last = [0], 0
    for start, _ in runs:
        newline = text.rfind("\n", last, start)
        lines.append(newline + 1 if newline >= 0 else lines[-1])
        last = start
    newline = -1
    for number, (start, end) in enumerate(runs):
        line, neighbours = lines[number + 1], (lines[number] if number else -1, *lines[number + 2 : number + 3])
        newline = newline if newline >= end else text.find("\n", end) % (len(text) + 1)
        following = runs[number + 1][0] if number + 1 < len(runs) else len(text)
        yield _Fence(
            line=line,
            start=start,
            end=end,
            mark=text[start:end],
            before=text[max(line, start - _NEAR) : start],
            after=text[end : min(following, newline, end + _NEAR)],
            is_alone=line not in neighbours,
            line_end=min(newline + 1, len(text)),
        )


def _loosely_opened(text: str, fence: _Fence) -> Block | None:
    """Return the block that a fence opens, which ends nowhere yet."""
    info, indent = fence.after.strip(), len(fence.before)
    if fence.before.strip():
        labelled = _LABEL.fullmatch(info) and fence.mark[0] == "`" and _is_last(text, fence)
        if not labelled or not (_language(info) or fence.before.rstrip()[-1] in ":>\uff1a"):
            return None
        return Block(_language(info), fence.line_end, fence.line_end, 0)
    if fence.mark[0] == "`" and (block := _opened_before_code(fence)):
        return block
    if not (info or indent <= _INDENT) or not _is_last(text, fence):
        return None
    return Block(_language(info), fence.line_end, fence.line_end, indent)


def _opened_before_code(fence: _Fence) -> Block | None:
    """Return the block whose first line is on the line of its fence, perhaps behind a label."""
    label, _, rest = fence.after.lstrip().partition(" ")
    if _CODE.match(fence.after.lstrip()):
        label, rest = "", fence.after
    elif not (_PYTHON.match(_language(label)) and _CODE.match(rest.lstrip())):
        return None
    start = fence.end + len(fence.after) - len(rest.lstrip())
    return Block(_language(label), start, start, 0)


def _is_last(text: str, fence: _Fence) -> bool:
    """Return whether no backtick follows in the line, which would make it code in a sentence."""
    return fence.mark[0] == "~" or "`" not in text[fence.end : min(fence.line_end, fence.end + 2 * _NEAR)]


def _loosely_closed(fence: _Fence, block: Block) -> int | None:
    """Return where a block ends, if the fence ends it."""
    before, after = fence.before.strip(), fence.after.strip()
    if not before:
        if len(fence.before) > block.indent + _INDENT or (after and not _is_prose(after)):
            return None
        return fence.start - len(fence.before)
    if fence.mark[0] == "~" or before[0] == "#" or before[-1] in "\"'" or after[:1] in set("\"'"):
        return None
    return fence.start if fence.is_alone or fence.line < block.start else None


def _is_prose(text: str) -> bool:
    """Return whether what follows a fence is not a label: a tag, or several words that set no attribute."""
    return text[0] in "<[(.,!*-" or ("=" not in text and len(text.split()) > 2) or text[-1] in ".:!?"


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
    return Block(_language(opening[3]), opening.end(), end, len(opening[1]))


def _language(info: str) -> str:
    """Return the language that follows a fence, such as python of `python:solution.py` and of `{.python .numbers}`."""
    words = [re.split(r"[:,]", word)[0].strip("{}.") for word in info.lower().split(maxsplit=2)[:2]]
    if len(words) > 1 and words[0] in _SECOND_WORD_NAMES:
        return words[1]
    return words[0] if words else ""


_ITEM = r"(?:(?:[-*>]|\d+[.)])[ ]+)?"
_EMPHASIS = r'["*_]{0,2}'
_CAPITALISED = rf"{_EMPHASIS}(?:[A-Z][a-z'\u2019]+{_EMPHASIS}[,:!?.]?|[AI](?=[ ]))"
_START = r'["*_`(]{0,3}[A-Za-z0-9]'
_WORD = rf'{_START}[A-Za-z0-9\'\u2019]*["*_`)]{{0,3}}'
_END = rf"[,:!?.]*{_EMPHASIS}\s*$"
_SENTENCE = re.compile(rf"{_ITEM}{_CAPITALISED}(?:{_END}|[ ]+{_WORD}(?:{_END}|[,:!?.]?[ ]+{_START}))")
"""What follows a repetition can't be part of it, so a line of any length is gone through once."""
_OTHER_SENTENCE = re.compile(r"[\u0590-\ud7ff\uf900-\ufdff].*[\u3002\uff1a\uff01\uff1f\u0964]\s*$")


def is_sentence(line: str, grammar: Grammar | None = None) -> bool:
    """Return whether a line starts as an English sentence or heading does, and can't be part of a program.

    It starts with a capital letter, perhaps behind an item's mark; two words follow that only a space divides, unless
    it ends before; it holds no "="; and no program starts with it. In a script without capital letters it ends with a
    full stop or a colon of its own.

    Args:
        line: with or without its newline.
        grammar: that says whether it is a program; None for this Python's.

    Returns:
        False in doubt.

    >>> is_sentence("1. First, the list is sorted:"), is_sentence("**Explanation:**"), is_sentence("Sure!")
    (True, True, True)
    >>> is_sentence("returns the sum"), is_sentence("A, B = map("), is_sentence("Solution"), is_sentence("improt sys")
    (False, False, False, False)
    """
    if "=" in line or not (_SENTENCE.match(line) or _OTHER_SENTENCE.match(line)):
        return False
    return (grammar or parse_text)(line) == NO_PROGRAM
