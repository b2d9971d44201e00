"""Writes and reads values of the standard library's types and numpy's, without loading their modules early.

Each encoder returns a tree with the type's tag, or NotImplemented where this value has no plain form. A type is known
by its name, so that its module is imported only where a value of it arrives; a program that gives a class of its own
such a name changes nothing but how its own value is written.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import base64
import collections
import re
import sys
import types
from collections.abc import Callable
from typing import Any

Writer = Any
"""See `sandbox.inside.values`."""
Inner = Callable[[Any], Any]


def text(content: Any) -> str:
    """Return what must be a text.

    Args:
        content: a part of a tree, from any sender.

    Raises:
        TypeError: It is not a text.
    """
    if type(content) is not str:
        raise TypeError("text expected")
    return content


def bytes_of(content: Any) -> bytes:
    """Return the bytes that a text encodes.

    Args:
        content: a text in base64, from any sender.

    Raises:
        TypeError: It is not a text.
        ValueError: It is not base64.
    """
    return base64.b64decode(text(content), validate=True)


_MOST_MAGNITUDE = 100_000
"""A decimal of more digits before or behind the point is short to write and endless to turn into an integer."""


def _encode_decimal(value: Any, writer: Writer) -> Any:
    decimal = sys.modules["decimal"].Decimal
    if abs(decimal.adjusted(value)) > _MOST_MAGNITUDE:
        return NotImplemented
    return {"decimal": writer.text(decimal.__str__(value))}


def _decode_decimal(content: Any, _inner: Inner) -> Any:
    import decimal  # noqa: PLC0415 - keeps the examiner small

    value = decimal.Decimal(text(content))
    if abs(value.adjusted()) > _MOST_MAGNITUDE:
        raise ValueError("a decimal of too many digits")
    return value


def _encode_fraction(value: Any, writer: Writer) -> Any:
    return {"fraction": [writer.text(hex(value.numerator)), writer.text(hex(value.denominator))]}


def _decode_fraction(content: Any, _inner: Inner) -> Any:
    import fractions  # noqa: PLC0415 - keeps the examiner small

    numerator, denominator = content
    return fractions.Fraction(int(text(numerator), 16), int(text(denominator), 16))


def _encode_numpy(value: Any, writer: Writer) -> Any:
    array = sys.modules["numpy"].asarray(value)
    if array.dtype.hasobject or array.dtype.names:
        return NotImplemented
    writer.count(array.nbytes)
    content = base64.b64encode(array.tobytes()).decode()
    shape = list(array.shape) if issubclass(type(value), sys.modules["numpy"].ndarray) else None
    return {"numpy": [array.dtype.str, shape, content]}


def _decode_numpy(content: Any, _inner: Inner) -> Any:
    import numpy as np  # noqa: PLC0415 - only where the program used it too; costs a tenth of a second

    dtype, shape, data = content
    if not re.fullmatch(r"[<>|=]([biufcSUmM]\d{1,9})(\[\w{1,8}\])?", text(dtype)):
        raise ValueError("not a plain dtype")
    flat = np.frombuffer(bytes_of(data), dtype=dtype)
    return flat[0] if shape is None else flat.reshape([int(side) for side in shape]).copy()


_DATE, _TIME = ("year", "month", "day"), ("hour", "minute", "second", "microsecond")


def _encode_moment(*fields: str) -> Callable[[Any, Writer], Any]:
    def encode(value: Any, writer: Writer) -> Any:
        writer.count(8 * len(fields))
        zone = getattr(value, "tzinfo", None)
        if zone is not None and type(zone) is not sys.modules["datetime"].timezone:
            return NotImplemented  # its offset depends on the day
        offset = None if zone is None else [zone.utcoffset(None).days, zone.utcoffset(None).seconds]
        return {"moment": [fields[0], [getattr(value, field) for field in fields[1:]], offset]}

    return encode


def _decode_moment(content: Any, _inner: Inner) -> Any:
    import datetime as dt  # noqa: PLC0415 - keeps the examiner small

    kinds: dict[str, Any] = {kind.__name__: kind for kind in (dt.datetime, dt.date, dt.time, dt.timedelta)}
    name, numbers, offset = content
    if not all(type(number) is int for number in [*numbers, *(offset or [])]):
        raise TypeError("integers expected")
    zone = {"tzinfo": dt.timezone(dt.timedelta(*offset))} if offset else {}
    return kinds[name](*numbers, **zone)


def _encode_array(value: Any, writer: Writer) -> Any:
    return {"array": [value.typecode, writer.tree(value.tolist())]}


def _decode_array(content: Any, inner: Inner) -> Any:
    import array  # noqa: PLC0415 - keeps the examiner small

    typecode, parts = content
    return array.array(typecode, inner(parts))


def _encode_memoryview(value: Any, writer: Writer) -> Any:
    if value.format != "B" or value.ndim != 1:
        return NotImplemented
    writer.count(value.nbytes)
    return {"memoryview": base64.b64encode(value.tobytes()).decode()}


_DEQUE: Any = collections.deque

ENCODERS: dict[str, Callable[[Any, Writer], Any]] = {
    "decimal.Decimal": _encode_decimal,
    "fractions.Fraction": _encode_fraction,
    "numpy.ndarray": _encode_numpy,
    "numpy.generic": _encode_numpy,
    "datetime.datetime": _encode_moment("datetime", *_DATE, *_TIME),
    "datetime.date": _encode_moment("date", *_DATE),
    "datetime.time": _encode_moment("time", *_TIME),
    "datetime.timedelta": _encode_moment("timedelta", "days", "seconds", "microseconds"),
    "array.array": _encode_array,
    "builtins.memoryview": _encode_memoryview,
    "builtins.dict_keys": lambda value, writer: {"keys": writer.parts(value)},
    "builtins.dict_values": lambda value, writer: {"values": writer.parts(value)},
    "builtins.dict_items": lambda value, writer: {"items": writer.pairs(value)},
    "builtins.mappingproxy": lambda value, writer: {"mappingproxy": writer.pairs(value.items())},
    "collections.Counter": lambda value, writer: {"counter": writer.pairs(dict.items(value))},
    "collections.OrderedDict": lambda value, writer: {"ordereddict": writer.pairs(dict.items(value))},
    "collections.deque": lambda value, writer: {"deque": [value.maxlen, writer.parts(_DEQUE.__iter__(value))]},
    "collections.UserList": lambda value, writer: {"userlist": writer.parts(value.data)},
    "collections.UserDict": lambda value, writer: {"userdict": writer.pairs(value.data.items())},
    "collections.UserString": lambda value, writer: {"userstring": writer.text(str(value.data))},
    "collections.ChainMap": lambda value, writer: {"chainmap": writer.parts(value.maps)},
    "collections.abc.KeysView": lambda value, writer: {"keys": writer.parts(value)},
    "collections.abc.ValuesView": lambda value, writer: {"values": writer.parts(value)},
    "collections.abc.ItemsView": lambda value, writer: {"items": writer.pairs(value)},
}
"""Encoders by module and name of the type."""


def _maps(parts: Any, inner: Inner) -> list[Any]:
    maps = [inner(part) for part in parts]
    if not all(isinstance(part, dict) for part in maps):
        raise TypeError("dictionaries expected")
    return maps


def _pairs(content: Any, inner: Inner) -> dict[Any, Any]:
    return {inner(key): inner(value) for key, value in content}


def _decode_deque(content: Any, inner: Inner) -> Any:
    longest, parts = content
    return collections.deque([inner(part) for part in parts], longest)


DECODERS: dict[str, Callable[[Any, Inner], Any]] = {
    "decimal": _decode_decimal,
    "fraction": _decode_fraction,
    "numpy": _decode_numpy,
    "moment": _decode_moment,
    "array": _decode_array,
    "memoryview": lambda content, _: memoryview(bytes_of(content)),
    "userlist": lambda content, inner: collections.UserList([inner(part) for part in content]),
    "counter": lambda content, inner: collections.Counter(_pairs(content, inner)),
    "ordereddict": lambda content, inner: collections.OrderedDict(_pairs(content, inner)),
    "deque": _decode_deque,
    "keys": lambda content, inner: dict.fromkeys([inner(part) for part in content]).keys(),
    "values": lambda content, inner: dict(enumerate([inner(part) for part in content])).values(),
    "items": lambda content, inner: _pairs(content, inner).items(),
    "mappingproxy": lambda content, inner: types.MappingProxyType(_pairs(content, inner)),
    "userdict": lambda content, inner: collections.UserDict(_pairs(content, inner)),
    "userstring": lambda content, _: collections.UserString(text(content)),
    "chainmap": lambda content, inner: collections.ChainMap(*_maps(content, inner)),
}
"""Decoders by tag; what they raise of a wrong content means that it is malformed."""
