"""Writes plain Python values as JSON text and reads them back, safely from a hostile process.

What JSON has is written as JSON, at C speed; all else as an object with one key, its tag. Only the types named here and
in `sandbox.inside.library_values` come back, from checked parts, and no class of the sender. A subclass is written as
its base type reads it; named tuples and enumerations keep their names. `export` and `resolve` do the rest.
Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import base64
import builtins
import collections
import json
from collections.abc import Callable
from typing import Any

from sandbox.inside import library_values
from sandbox.inside.named_values import fields_of, member, member_names, named_tuple

MOST_DEPTH = 160  # levels of nesting; what is deeper is refused
MOST_TEXT_PER_BYTE = 8  # characters of JSON text that a byte of a value takes at most, as `Writer` counts bytes
_JSON_INT_BITS = 1024  # longer integers travel in hexadecimal, which is read in linear time, with any number of digits
_JSON_INT_RANGE = 1 << _JSON_INT_BITS
_SCALAR_BYTES, _TAG_BYTES = 8, 4
_SCALARS = frozenset({str, float, bool, type(None)})
_BUILTIN_TYPES = {kind: name for name, kind in vars(builtins).items() if isinstance(kind, type)}
Export = Callable[[Any], Any]
Resolve = Callable[[str, Any], Any]


class Unencodable(ValueError):  # noqa: N818 - names the value's fault, not ours
    """Reports a value that is too deep, or has no plain form while `export` is None."""


class TooLarge(ValueError):  # noqa: N818 - names the value's fault, not ours
    """Reports a value that is larger than allowed."""


class Malformed(ValueError):  # noqa: N818 - names the sender's fault, not ours
    """Reports a text that `to_text` does not write."""


def to_text(value: Any, export: Export | None = None) -> str:
    """Return a value as text; raise Unencodable where it is too deep, or has no plain form while `export` is None.

    Args:
        value: what to write.
        export: called with an object that has no plain form; returns a tree with a tag of its own for it.
    """
    return json.dumps(to_tree(value, export))


def from_text(text: str | bytes, resolve: Resolve | None = None) -> Any:
    """Return the value of a text; raise Malformed where `to_text` writes no such text.

    Args:
        text: ASCII, from any sender.
        resolve: see `from_tree`.
    """
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from None
    return from_tree(tree, resolve)


def to_tree(
    value: Any, export: Export | None = None, *, most_depth: int = MOST_DEPTH, most_bytes: int | None = None
) -> Any:
    """Return a value as what `json.dumps` takes.

    Args:
        value: what to write.
        export: see `to_text`.
        most_depth: levels of nesting allowed.
        most_bytes: the size allowed, as `Writer` counts it; None for any.

    Raises:
        Unencodable: see `to_text`.
        TooLarge: as soon as what is written so far is larger than `most_bytes`.
    """
    return Writer(export, most_depth, most_bytes).tree(value)


def from_tree(tree: Any, resolve: Resolve | None = None) -> Any:
    """Return the value that `to_tree` made a tree of; raise Malformed where it made no such tree.

    Args:
        tree: what `json.loads` returned.
        resolve: called with the tag and the content of what `export` wrote; returns the object.
    """
    try:
        return _from_tree(tree, resolve, 0)
    except Malformed:
        raise
    except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, ImportError) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from None


class Writer:
    """Writes one value as a tree and counts its size, to stop at the limit instead of behind it.

    A character of ASCII and a byte count one, any other character two, a digit of an integer about one, other scalars
    eight; a tag adds four, a part of a container two: about what Python writes of the value, in any encoding.
    """

    def __init__(self, export: Export | None, most_depth: int, most_bytes: int | None) -> None:
        """See `to_tree`."""
        self.export = export
        self.levels_left = most_depth
        self.bytes_left = float("inf") if most_bytes is None else most_bytes

    def count(self, size: int) -> None:
        """Add to the size; raise TooLarge where it gets larger than allowed.

        Args:
            size: in the unit of the class.
        """
        self.bytes_left -= size
        if self.bytes_left < 0:
            raise TooLarge

    def text(self, text: str) -> str:
        """Count a plain text and return it.

        Args:
            text: of the type `str` itself.
        """
        self.count(len(text) if text.isascii() else 2 * len(text))
        return text

    def tree(self, value: Any) -> Any:
        """Return a value, or a part of one, as a tree; raise as `to_tree` does.

        Args:
            value: what to write.
        """
        kind = type(value)
        if kind is str:
            return self.text(value)
        if kind in _SCALARS:
            self.count(_SCALAR_BYTES)
            return value
        if kind is list and self._is_flat(value):
            return value
        self.count(_TAG_BYTES)
        for base in kind.__mro__:
            encode = _ENCODERS.get(base) or library_values.ENCODERS.get(f"{base.__module__}.{base.__qualname__}")
            if encode is not None and (tree := encode(value, self)) is not NotImplemented:
                return tree
        if kind is type and value in _BUILTIN_TYPES:
            return {"type": _BUILTIN_TYPES[value]}
        if self.export is None:
            raise Unencodable(f"no plain value for an object of type {kind.__name__}")
        self.count(_SCALAR_BYTES)
        return self.export(value)

    def parts(self, parts: Any) -> list[Any]:
        """Return the trees of a container's parts, one level deeper.

        Args:
            parts: an iterable of values.
        """
        if self.levels_left <= 0:
            raise Unencodable(f"nested deeper than {MOST_DEPTH} levels")
        self.levels_left -= 1
        trees = []
        for part in parts:
            self.count(2)
            trees.append(self.tree(part))
        self.levels_left += 1
        return trees

    def pairs(self, items: Any) -> list[Any]:
        """Return the trees of a mapping's items as pairs, one level deeper.

        Args:
            items: an iterable of keys with their values.
        """
        trees = self.parts(part for item in items for part in item)
        return [list(pair) for pair in zip(trees[::2], trees[1::2], strict=True)]

    def _is_flat(self, value: list[Any]) -> bool:
        """Count a list that is its own JSON, scalars only and no huge integer; return whether it is one."""
        left = self.bytes_left
        self.count(2 * len(value))
        kinds = set(map(type, value))
        if kinds <= _SCALARS:
            if str in kinds:
                texts = [part for part in value if type(part) is str]
                self.count(sum(map(len, texts)))
                self.count(0 if all(map(str.isascii, texts)) else sum(map(len, texts)))
            self.count(_SCALAR_BYTES * len(value) if kinds - {str} else 0)
            return True
        if kinds == {int} and min(value) > -_JSON_INT_RANGE and max(value) < _JSON_INT_RANGE:
            self.count(_digits(sum(map(int.bit_length, value))))
            return True
        self.bytes_left = left
        return False


def _digits(bits: int) -> int:
    return bits * 5 // 16


def _from_tree(tree: Any, resolve: Resolve | None, depth: int) -> Any:
    kind = type(tree)
    if kind is list:
        if depth > MOST_DEPTH:
            raise Malformed("too deep")
        if set(map(type, tree)).isdisjoint((list, dict)):
            return list(tree)  # the receiver may change it in place
        return [_from_tree(part, resolve, depth + 1) for part in tree]
    if kind is not dict:
        return tree
    if depth > MOST_DEPTH or len(tree) != 1:
        raise Malformed("too deep, or not one tag")
    ((tag, content),) = tree.items()

    def inner(part: Any) -> Any:
        return _from_tree(part, resolve, depth + 1)

    decode = _DECODERS.get(tag) or library_values.DECODERS.get(tag)
    if decode is not None:
        return decode(content, inner)
    if resolve is None:
        raise Malformed("no such tag")
    return resolve(tag, content)


def _encode_int(value: Any, writer: Writer) -> Any:
    plain = int.__int__(value)
    writer.count(1 + _digits(plain.bit_length()))
    tree = plain if plain.bit_length() <= _JSON_INT_BITS else {"int": hex(plain)}
    names = None if type(value) is int else member_names(value)
    return {"member": [*map(writer.text, names), tree]} if names else tree


def _encode_str(value: Any, writer: Writer) -> Any:
    plain, names = writer.text(str.__str__(value)), member_names(value)
    return {"member": [*map(writer.text, names), plain]} if names else plain


def _encode_bytes(tag: str, kind: Any) -> Callable[[Any, Writer], Any]:
    def encode(value: Any, writer: Writer) -> Any:
        content = kind.__getitem__(value, slice(None))
        writer.count(len(content))
        return {tag: base64.b64encode(content).decode()}

    return encode


def _encode_tuple(value: Any, writer: Writer) -> Any:
    parts = writer.parts(tuple.__iter__(value))
    fields = None if type(value) is tuple else fields_of(value)
    if not fields:
        return {"tuple": parts}
    return {"namedtuple": [writer.text(type(value).__name__), list(map(writer.text, fields)), parts]}


def _encode_defaultdict(value: Any, writer: Writer) -> Any:
    factory = value.default_factory
    name = _BUILTIN_TYPES.get(factory) if isinstance(factory, type) else None
    return {"defaultdict": [name, writer.pairs(dict.items(value))]}


_ENCODERS: dict[type, Callable[[Any, Writer], Any]] = {
    bool: lambda value, _: value,
    int: _encode_int,
    float: lambda value, _: float.__float__(value),
    complex: lambda value, writer: {
        "complex": writer.parts([complex.__pos__(value).real, complex.__pos__(value).imag])
    },
    str: _encode_str,
    bytes: _encode_bytes("bytes", bytes),
    bytearray: _encode_bytes("bytearray", bytearray),
    list: lambda value, writer: writer.parts(list.__iter__(value)),
    tuple: _encode_tuple,
    set: lambda value, writer: {"set": writer.parts(set.__iter__(value))},
    frozenset: lambda value, writer: {"frozenset": writer.parts(frozenset.__iter__(value))},
    dict: lambda value, writer: {"dict": writer.pairs(dict.items(value))},
    collections.defaultdict: _encode_defaultdict,
    range: lambda value, writer: {"range": [writer.text(hex(end)) for end in (value.start, value.stop, value.step)]},
    type(...): lambda _value, _: {"constant": "Ellipsis"},
    type(NotImplemented): lambda _value, _: {"constant": "NotImplemented"},
}
"""Tag and content by type. A type of these is found along the value's real bases, the nearest first."""
Inner = Callable[[Any], Any]


def _items(content: Any) -> list[Any]:
    if type(content) is not list:
        raise Malformed("list expected")
    return content


def _pairs(content: Any, inner: Inner) -> list[tuple[Any, Any]]:
    return [(inner(key), inner(value)) for key, value in map(_items, _items(content))]


def _parts(content: Any, inner: Inner) -> list[Any]:
    return [inner(part) for part in _items(content)]


def _integer(content: Any) -> int:
    return int(library_values.text(content), 16)


def _in_order(kind: Callable[[Any], Any], parts: list[Any]) -> Any:
    """Return a set with its parts in the sender's order: one grown by members differs from one merged, as a literal."""
    grown = kind(parts)
    if list(grown) == parts:
        return grown
    merged = kind(set(parts))
    return merged if list(merged) == parts else grown


def _decode_defaultdict(content: Any, inner: Inner) -> Any:
    name, pairs = content
    factory = None if name is None else _builtin_type(name)
    return collections.defaultdict(factory, _pairs(pairs, inner))


def _decode_complex(content: Any, _inner: Inner) -> Any:
    real, imaginary = content
    return complex(real, imaginary)


def _builtin_type(name: Any) -> type:
    found = vars(builtins).get(library_values.text(name))
    if not isinstance(found, type):
        raise Malformed("not a builtin type")
    return found


_DECODERS: dict[str, Callable[[Any, Inner], Any]] = {
    "int": lambda content, _: _integer(content),
    "complex": _decode_complex,
    "bytes": lambda content, _: library_values.bytes_of(content),
    "bytearray": lambda content, _: bytearray(library_values.bytes_of(content)),
    "tuple": lambda content, inner: tuple(_parts(content, inner)),
    "namedtuple": lambda content, inner: named_tuple(content[0], tuple(content[1]))(*_parts(content[2], inner)),
    "member": lambda content, inner: member(*content[:3], inner(content[3])),
    "set": lambda content, inner: _in_order(set, _parts(content, inner)),
    "frozenset": lambda content, inner: _in_order(frozenset, _parts(content, inner)),
    "dict": lambda content, inner: dict(_pairs(content, inner)),
    "defaultdict": _decode_defaultdict,
    "range": lambda content, _: range(*map(_integer, _items(content))),
    "constant": lambda content, _: {"Ellipsis": ..., "NotImplemented": NotImplemented}[content],
    "type": lambda content, _: _builtin_type(content),
}
