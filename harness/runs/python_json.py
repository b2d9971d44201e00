"""Reads and writes JSON as Python does: NaN, infinities, half surrogate pairs and integers of any length."""

import decimal
import json
from typing import Any, TypeVar

import msgspec

from harness.errors import UserError

_DIGITS_READ = 4300
"""Python reads no longer integer by default."""

T = TypeVar("T")


def parse_json(data: bytes | str, where: str, *, strict: bool = True) -> Any:
    """Decode one JSON value.

    Args:
        data: JSON in UTF-8; NaN, infinities and integers of any length pass.
        where: place of the data, with which an error begins.
        strict: whether control characters in strings are refused.

    Returns:
        The value, of plain types.

    Raises:
        UserError: It isn't JSON, or is nested too deep.
    """
    try:
        try:
            return json.loads(data, strict=strict)
        except json.JSONDecodeError:
            raise
        except ValueError:  # an integer that is too long
            return json.loads(data, strict=strict, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where}: is not JSON ({error}); correct or remove it") from error


def parse_row(data: bytes, where: str) -> Any:
    """Decode one JSON value of a file that others wrote, whatever characters its strings hold.

    Args:
        data: JSON; a byte that is not UTF-8 becomes half a surrogate pair, as Python's `surrogateescape` has it.
        where: place of the data, with which an error begins.

    Returns:
        The value, of plain types.

    Raises:
        UserError: It isn't JSON, or is nested too deep.
    """
    try:
        return parse_json(data.decode("utf-8", "surrogatepass"), where, strict=False)
    except UnicodeDecodeError:
        return parse_json(data.decode("utf-8", "surrogateescape"), where, strict=False)


def decode(data: bytes, type_: type[T], where: str) -> T:
    """Decode a record: msgspec is fast, and what it refuses is read as Python writes it.

    Args:
        data: JSON in UTF-8.
        type_: of the record; a field of type `msgspec.Raw` stays JSON, and may be written otherwise than in the data.
        where: place of the data, with which an error begins.

    Returns:
        The record.

    Raises:
        UserError: It isn't JSON, or not of this type.
    """
    try:
        return msgspec.json.decode(data, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # wrong, or what only Python's own decoder takes
        tree = parse_json(data, where)
    if isinstance(tree, dict) and isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        raw = {field.encode_name for field in msgspec.structs.fields(type_) if field.type is msgspec.Raw}
        tree |= {name: _raw(tree[name]) for name in raw & tree.keys()}
    return converted(tree, type_, where)


def _raw(value: Any) -> msgspec.Raw:
    try:
        return msgspec.Raw(json.dumps(value).encode())
    except ValueError:  # an integer that is too long: only that there is something counts
        return msgspec.Raw(b'"?"')


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


def encoded(value: object) -> bytes:
    r"""Return a record as JSON in one line; half a surrogate pair, which UTF-8 lacks, is written as an escape.

    Args:
        value: a record, or plain types.

    Returns:
        UTF-8, which `parse_row` reads back.

    >>> encoded({"a": "é"}).decode(), encoded({"a": "é\ud835"})
    ('{"a":"é"}', b'{"a":"\\u00e9\\ud835"}')
    """
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":")).encode()


def _integer(digits: str) -> int:
    return int(digits) if len(digits) <= _DIGITS_READ else int(decimal.Decimal(digits))
