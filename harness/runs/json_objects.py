"""Reads the rows of a large JSON file one by one, as Python writes JSON.

Each row is found without decoding it and with a small part of the file in memory. NaN, infinities, half surrogate
pairs and integers of any length are read.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from harness.errors import UserError
from harness.runs.python_json import parse_row

_CHUNK_BYTES = 1 << 20
_MOST_BETWEEN_BYTES = 1 << 16
_MOST_NAME_BYTES = 1 << 24
_OPENING, _CLOSING = (b"{", b"["), (b"}", b"]")
_SPACE = b" \t\r\n"
_TEXT_END = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
"""The rest of a string, up to its closing quote, or up to where the chunk ends."""
_NO_BRACE = re.compile(rb'(?:[^"{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
"""All that has no brace outside a string, up to a brace, or to a string that the chunk cuts off."""
_NO_BRACKET = re.compile(rb'(?:[^"{}\[\]]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
"""The same, of brackets of either kind."""


class Span(NamedTuple):
    """Locates a row: in the user's words, by its number (from 0), and by first byte and length in the file."""

    where: str
    number: int
    start: int
    length: int


def spans(file: BinaryIO, path: Path) -> Iterator[Span]:
    """Yield the rows of JSON Lines, or the objects of one JSON list, whichever the file holds.

    Args:
        file: what to read, from its beginning.
        path: its name, for errors.

    Returns:
        The rows' places, in the order of the file; it is read as they are taken.

    Raises:
        UserError: It is empty, or a list that holds something else than objects, or is cut off. Whether each row is
            JSON is left to who decodes it.
    """
    first = _first_byte(file)
    if not first:
        raise UserError(f"{path}: is empty; nothing to read")
    return _objects(file, path) if first == b"[" else _lines(file, path)


def _first_byte(file: BinaryIO) -> bytes:
    """Return the first byte that isn't white space, and go back to the beginning."""
    byte = file.read(1)
    while byte and byte in _SPACE:
        byte = file.read(1)
    file.seek(0)
    return byte


def _lines(file: BinaryIO, path: Path) -> Iterator[Span]:
    start = number = 0
    for line_number, line in enumerate(file, 1):
        if not line.isspace():
            yield Span(f"{path}:{line_number}", number, start, len(line))
            number += 1
        start += len(line)


def _objects(file: BinaryIO, path: Path) -> Iterator[Span]:
    """Yield the objects of a list: follow strings and braces, and look closely only at what lies between objects."""
    number = depth = start = 0
    between = b""
    for kind, offset, text in _marks(file, _NO_BRACE):
        if depth == 0:
            between += text
            if len(between) > _MOST_BETWEEN_BYTES:
                _refuse_between(between, b"", f"{path}: before element {number}")
        if kind == b"{":
            if depth == 0:
                _refuse_between(between, b"[" if number == 0 else b",", f"{path}: before element {number}")
                start = offset
            depth += 1
        elif kind == b"}":
            depth -= 1
            if depth < 0:
                raise UserError(f"{path}: one brace too many after {number} objects; correct it or fetch it again")
            if depth == 0:
                yield Span(f"{path}: element {number}", number, start, offset + 1 - start)
                number, between = number + 1, b""
    if depth:
        raise UserError(f"{path}: ends within element {number}; it is cut off, fetch it again")
    _refuse_between(between, b"]" if number else b"[]", f"{path}: after {number} objects")


def _refuse_between(text: bytes, wanted: bytes, where: str) -> None:
    if text.translate(None, _SPACE) != wanted:
        found = text.strip()[:40].decode(errors="backslashreplace")
        raise UserError(f"{where}: {found!r} where an object or the end belongs; this must be a JSON list of objects")


def children(file: BinaryIO, path: Path, member: str = "") -> Iterator[tuple[str, Span]]:
    """Yield the lists and objects inside a JSON document, or inside one member of it, without decoding them.

    Args:
        file: what to read, from its beginning.
        path: its name, for errors.
        member: of the document, which is an object then; "" for the document itself.

    Yields:
        (name, place); the name of an element of a list is "".

    Raises:
        UserError: The file ends too early, or is no such document.
    """
    level, number = 1 + bool(member), 0
    name, start, is_inside = "", 0, not member
    for kind, offset, depth, between in _nesting(file, path, level):
        if kind in _OPENING and depth <= level and (is_inside or depth == 1):
            *others, name = _names_before(between, f"{path}: before element {number}")
            start = offset
            if others and not member:
                raise UserError(f"{path}: {others[0]!r} is neither a list nor an object")
            is_inside = is_inside if depth == level and member else not member or name == member
        elif kind in _CLOSING and is_inside and depth == level:
            yield name, Span(f"{path}: {name or f'element {number}'}", number, start, offset + 1 - start)
            number += 1
        elif (kind == b"]" or not member) and is_inside and depth == level - 1:
            _refuse_text(between, f"{path}: after {number} elements")
        if member and is_inside and kind in _CLOSING and depth < level:
            return


def _nesting(file: BinaryIO, path: Path, level: int) -> Iterator[tuple[bytes, int, int, bytes]]:
    """Yield each bracket outside a string with its offset, how many are open around it, and the text before it.

    The text is kept down to a level only.

    Raises:
        UserError: The file ends while one is open, or holds much text outside the level.
    """
    depth, between = 0, b""
    for kind, offset, text in _marks(file, _NO_BRACKET):
        if depth <= level:
            between += text
            if len(between) > _MOST_NAME_BYTES:
                raise UserError(f"{path}: holds a text of more than {_MOST_NAME_BYTES >> 20} MiB where a list belongs")
        if kind:
            depth -= kind in _CLOSING
            yield kind, offset, depth, between
            depth += kind in _OPENING
            between = b""
    if depth:
        raise UserError(f"{path}: ends too early; it is cut off, fetch it again")


def _names_before(text: bytes, where: str) -> list[str]:
    """Return the names of the members in a text and of the one that begins behind it, which is "" in a list."""
    if not text.rstrip().endswith(b":"):
        _refuse_text(text.strip().removeprefix(b","), where)
        return [""]
    before = text.strip().removeprefix(b",").strip()
    members: dict[str, object] = parse_row(b"{%s null}" % before, where)
    return list(members)


def _refuse_text(text: bytes, where: str) -> None:
    if text := text.strip():
        found = text[:40].decode(errors="backslashreplace")
        raise UserError(f"{where}: {found!r} where a list or an object belongs")


def _marks(file: BinaryIO, without: re.Pattern[bytes]) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield each brace outside a string with its offset in the file, and what there is before it in its chunk.

    A chunk's last part comes with no brace; of a string that goes on in the next chunk only its beginning is there.
    """
    base, is_text, rest = 0, False, b""
    while read := file.read(_CHUNK_BYTES):
        chunk = rest + read
        rest = b""
        place = since = 0
        while place < len(chunk):
            place = (_TEXT_END if is_text else without).match(chunk, place).end()  # type: ignore[union-attr]
            kind = chunk[place : place + 1]
            if kind == b"\\":  # the first half of an escape
                rest = kind
                break
            place += len(kind)
            if kind == b'"':
                is_text = not is_text
            elif kind:
                yield kind, base + place - 1, chunk[since : place - 1]
                since = place
        yield b"", base + place, chunk[since:place]
        base += len(chunk) - len(rest)
