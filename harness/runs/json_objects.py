"""Reads the rows of a large JSON file one by one, as Python writes JSON.

Each row is found without decoding it and with a small part of the file in memory. NaN, infinities, half surrogate
pairs and integers of any length are read.
"""

import decimal
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

import msgspec

from harness.errors import UserError
from harness.runs.jsonl import unpacked

_CHUNK_BYTES = 1 << 20
_MOST_BETWEEN_BYTES = 1 << 16
_SPACE = b" \t\r\n"
_TEXT_END = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
"""The rest of a string, up to its closing quote, or up to where the chunk ends."""
_NO_BRACE = re.compile(rb'(?:[^"{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
"""All that has no brace outside a string, up to a brace, or to a string that the chunk cuts off."""


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
    for kind, offset, text in _braces(file):
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


def _braces(file: BinaryIO) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield each brace outside a string with its offset in the file, and what there is before it in its chunk.

    A chunk's last part comes with no brace; of a string that goes on in the next chunk only its beginning is there.
    """
    base, is_text, rest = 0, False, b""
    while read := file.read(_CHUNK_BYTES):
        chunk = rest + read
        rest = b""
        place = since = 0
        while place < len(chunk):
            place = (_TEXT_END if is_text else _NO_BRACE).match(chunk, place).end()  # type: ignore[union-attr]
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


_DIGITS_READ = 4300
"""Python reads no longer integer by default."""

T = TypeVar("T")


def parse_json(data: bytes | str, where: str) -> Any:
    """Decode one JSON value.

    Args:
        data: JSON, bytes in UTF-8; NaN, infinities and integers of any length pass.
        where: place of the data, with which an error begins.

    Returns:
        The value, of plain types.

    Raises:
        UserError: It isn't JSON, or is nested too deep.
    """
    try:
        try:
            return json.loads(data)
        except json.JSONDecodeError:
            raise
        except ValueError:  # an integer that is too long
            return json.loads(data, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where}: is not JSON ({error}); correct or remove it") from error


def converted(tree: Any, type_: type[T], where: str) -> T:
    """Return a decoded value as a record.

    Args:
        tree: value of plain types.
        type_: of the record.
        where: place of the value, with which an error begins.

    Returns:
        The record.

    Raises:
        UserError: The value is not of this type.
    """
    try:
        return msgspec.convert(tree, type_)
    except msgspec.ValidationError as error:
        raise UserError(f"{where}: {error}; correct or remove it") from error


def read_objects(path: Path, type_: type[T]) -> Iterator[tuple[str, T]]:
    """Read the rows of JSON Lines, or of a JSON list of objects.

    Args:
        path: of the file, plain or .gz.
        type_: of each row.

    Yields:
        (place, row), in the order of the file.

    Raises:
        UserError: The file can't be read, or a row isn't of this type.
    """
    with unpacked(path) as file:
        for where, _, start, length in list(spans(file, path)):
            file.seek(start)
            yield where, converted(parse_json(file.read(length), where), type_, where)


def _integer(digits: str) -> int:
    return int(digits) if len(digits) <= _DIGITS_READ else int(decimal.Decimal(digits))
