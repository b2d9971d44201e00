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
    """Return the names of a named tuple's fields; None for any other tuple, or where the names can't cross."""
    kind = type(value)
    names = getattr(kind, "_fields", ())
    if type(names) is tuple and len(names) == tuple.__len__(value) > 0 and _is_name(kind.__name__):
        return list(names) if _are_fields(names) else None
    return None


@functools.lru_cache(_KEPT_CLASSES)
def named_tuple(name: str, fields: tuple[str, ...]) -> Any:
    """Return the class of named tuples with these fields; ValueError where the names are invalid."""
    if not _is_name(name) or not _are_fields(fields):
        raise ValueError("names that no named tuple has")
    return collections.namedtuple(name, fields)  # noqa: PYI024 - the typed form is for names known beforehand


def member_names(value: Any) -> list[str] | None:
    """Return kind, class and name of a member of an enumeration; None for anything else, or where they can't cross."""
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
    """Return the member of an enumeration that is a number or a text; ValueError where the names are invalid."""
    base = next((base for base in _KINDS if base.__name__ == kind), None)
    if base is None or type(value) not in (int, str) or not _is_member(enumeration, name, value):
        raise ValueError("names that no member of an enumeration has")
    mixed = {"type": type(value)} if base is enum.Enum else {}
    return base(enumeration, {name: value}, **mixed)[name]
