"""Reads the beginning of a file, as much as tells its format."""

import json
from typing import Any, BinaryIO

import msgspec

HEAD_BYTES = 1 << 20
MOST_ROWS = 8
"""Of JSON Lines: one of the first rows may be odd."""
BOM = b"\xef\xbb\xbf"
CUT = None
"""In place of a value that the beginning of the file holds no end of."""
_SPACE = " \t\r\n"
_DECODER = json.JSONDecoder(strict=False)


class Head(msgspec.Struct, kw_only=True):
    """Describes the beginning of a file."""

    data: bytes = b""
    """Its first bytes, unpacked."""
    first: str = ""
    """Its first character that isn't white space: `[` begins a list, `{` an object; or nothing."""
    rows: tuple[Any, ...] = ()
    """The first objects of JSON Lines or elements of a list; the members that are cut off are None."""
    names: tuple[str, ...] = ()
    """Of a zip archive: its entries; of a folder: its files and folders."""

    @property
    def is_list(self) -> bool:
        """Return whether the file is one JSON list."""
        return self.first == "["

    @property
    def row(self) -> dict[str, Any]:
        """Return the first object, or an empty one."""
        return self.rows[0] if self.rows and isinstance(self.rows[0], dict) else {}


def head_of(file: BinaryIO) -> Head:
    """Read the beginning of a file, and go back.

    Args:
        file: at its beginning.

    Returns:
        What there is.
    """
    data = file.read(HEAD_BYTES)
    file.seek(0)
    text = data.removeprefix(BOM).decode("utf-8", "surrogateescape").lstrip(_SPACE)
    first = text[:1]
    if first == "[":
        return Head(data=data, first=first, rows=tuple(_elements(text)))
    if first == "{":
        return Head(data=data, first=first, rows=tuple(_objects(text)))
    return Head(data=data, first=first)


def _objects(text: str) -> list[dict[str, Any]]:
    """Return the objects at the beginning of a text, one a line, or one over several lines."""
    found: list[dict[str, Any]] = []
    for line in text.split("\n", MOST_ROWS)[:MOST_ROWS]:
        if not line.strip():
            continue
        try:
            row = _DECODER.decode(line)
        except (ValueError, RecursionError):
            return found or [_members(text)]
        if isinstance(row, dict):
            found.append(row)
    return found


def _elements(text: str) -> list[Any]:
    found: list[Any] = []
    place = _after_space(text, 1)
    while len(found) < MOST_ROWS and text[place : place + 1] not in {"", "]"}:
        try:
            value, place = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            return found or [_members(text[place:]) if text[place] == "{" else [CUT] if text[place] == "[" else CUT]
        found.append(value)
        place = _after_space(text, place)
        if text[place : place + 1] == ",":
            place = _after_space(text, place + 1)
    return found


def _members(text: str) -> dict[str, Any]:
    """Return the members of an object that may go on after the text; the last may be cut off."""
    found: dict[str, Any] = {}
    place = _after_space(text, 1)
    try:
        while text[place : place + 1] == '"':
            name, place = _DECODER.raw_decode(text, place)
            found[name] = CUT
            place = _after_space(text, _after_space(text, place) + 1)
            found[name], place = _DECODER.raw_decode(text, place)
            place = _after_space(text, _after_space(text, place) + 1)
    except (ValueError, RecursionError):
        pass
    return found


def _after_space(text: str, place: int) -> int:
    while text[place : place + 1] and text[place] in _SPACE:
        place += 1
    return place
