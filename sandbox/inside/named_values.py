"""Rebuilds plain values that carry names: named tuples, and members of enumerations of numbers or texts.

Their classes are made again from names that were checked, on both sides of the stream: nothing of the program's class
but these names crosses, and no name may take the place of a method of tuples, numbers and texts.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import collections
import enum
import functools
import keyword
from typing import Any

_LONGEST_NAME, _MOST_FIELDS, _LONGEST_VALUE, _KEPT_CLASSES = 100, 100, 1000, 250
"""Small enough that an examiner can keep the classes of all the programs that it meets."""
_KINDS = tuple(kind for name in ("IntEnum", "StrEnum", "Enum") if (kind := getattr(enum, name, None)))
"""The nearest first; StrEnum is there from Python 3.11 on."""


def _is_name(text: Any) -> bool:
    return (
        type(text) is str and len(text) <= _LONGEST_NAME and text.isascii() and text.isidentifier()
        and not keyword.iskeyword(text)
    )  # fmt: skip


def _are_fields(names: Any) -> bool:
    """Whether some names may be those of a tuple's fields: none is private, or what every tuple has."""
    return len(names) <= _MOST_FIELDS and all(
        _is_name(name) and not name.startswith("_") and not hasattr(tuple, name) for name in names
    )


def fields_of(value: tuple[Any, ...]) -> list[str] | None:
    """Return the names of a named tuple's fields.

    Args:
        value: a tuple of any class.

    Returns:
        The names in order; None where it is not a named tuple, has no fields, or a name can't cross.
    """
    kind = type(value)
    names = getattr(kind, "_fields", ())
    if type(names) is tuple and len(names) == tuple.__len__(value) > 0 and _is_name(kind.__name__):
        return list(names) if _are_fields(names) else None
    return None


@functools.lru_cache(_KEPT_CLASSES)
def named_tuple(name: str, fields: tuple[str, ...]) -> Any:
    """Return the class of named tuples with these fields.

    Args:
        name: that of the class.
        fields: their names, 100 at most, each of 100 characters at most.

    Returns:
        A class that is none of the program's; the very same for the same names, while it is kept.

    Raises:
        ValueError: A name is invalid, private, or that of a method of all tuples.
    """
    if not _is_name(name) or not _are_fields(fields):
        raise ValueError("names that no named tuple has")
    return collections.namedtuple(name, fields)  # noqa: PYI024 - the typed form is for names known beforehand


def member_names(value: Any) -> list[str] | None:
    """Return the names that a member of an enumeration travels with.

    Args:
        value: a number or a text, of any class.

    Returns:
        Its kind ("IntEnum", "StrEnum" or "Enum"), class and name; None where it is no member, or they can't cross.
    """
    kind = type(value)
    base = next((base.__name__ for base in _KINDS if issubclass(kind, base)), None)
    name: Any = getattr(value, "_name_", None)
    return [base, kind.__name__, name] if base and _is_member(kind.__name__, name, value) else None


def _is_member(enumeration: Any, name: Any, value: Any) -> bool:
    length = len(value) if isinstance(value, str) else int.bit_length(value)
    named = _is_name(enumeration) and _is_name(name) and not name.startswith("_") and name != "mro"
    return named and length <= _LONGEST_VALUE


@functools.lru_cache(_KEPT_CLASSES, typed=True)
def member(kind: str, enumeration: str, name: str, value: int | str) -> Any:
    """Return the member of an enumeration that is a number or a text.

    Args:
        kind: "IntEnum", "StrEnum" or "Enum".
        enumeration: name of its class.
        name: its own.
        value: 1000 bits or characters at most.

    Returns:
        The one member of a class that is none of the program's.

    Raises:
        ValueError: A name, the kind or the value is invalid.
        TypeError: The kind is "StrEnum" and the value a number.
    """
    base = next((base for base in _KINDS if base.__name__ == kind), None)
    if base is None or type(value) not in (int, str) or not _is_member(enumeration, name, value):
        raise ValueError("names that no member of an enumeration has")
    mixed = {"type": type(value)} if base is enum.Enum else {}
    return base(enumeration, {name: value}, **mixed)[name]
