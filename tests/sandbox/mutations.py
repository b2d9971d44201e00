"""Mutates what a candidate says: replies as sandbox/inside/candidate.py writes them, and their frames.

Every mutation has a number and is the same each time. Standard library only, and alone: its text is also the first half
of the programs that say such replies themselves.
"""

import functools
import json
import os
import random
import stat
import struct

_B64 = "AAECAwQFBgc="
_PAIRS = [["a", 1], [{"tuple": [1]}, [2]]]
_OWN_CLASS = {"error class": [3, "program", "Odd", [{"type": "ValueError"}]]}
VALUES = [
    None, True, 3, -1.5, "text", [1, 2, 3], [[1], ["a", None]], {"int": "0x1" + "0" * 300}, {"complex": [1.0, -2.0]},
    {"bytes": _B64}, {"bytearray": _B64}, {"tuple": [1, "b", [2]]}, {"namedtuple": ["Point", ["x", "y"], [1, 2]]},
    {"member": ["IntEnum", "Color", "RED", 1]}, {"set": [1, 2, {"tuple": [3]}]}, {"frozenset": ["a"]},
    {"dict": _PAIRS}, {"counter": [["a", 2]]}, {"ordereddict": _PAIRS}, {"defaultdict": ["int", [["a", 1]]]},
    {"deque": [None, [1, 2]]}, {"deque": [2, [1, 2]]}, {"range": ["0x0", "0x5", "0x1"]}, {"constant": "Ellipsis"},
    {"constant": "NotImplemented"}, {"decimal": "1.50"}, {"fraction": ["0x1", "0x3"]}, {"numpy": ["<i8", [1], _B64]},
    {"numpy": ["<f8", None, _B64]}, {"numpy": ["|b1", [2, 4], _B64]}, {"moment": ["datetime", [2020, 2, 29, 0, 0, 0, 0]]},
    {"moment": ["timedelta", [1, 2, 3]]}, {"array": ["i", _B64]}, {"memoryview": _B64}, {"keys": ["a", "b"]},
    {"values": [1, 2]}, {"items": _PAIRS}, {"mappingproxy": _PAIRS}, {"userdict": _PAIRS}, {"userlist": [1, 2]},
    {"userstring": "abc"}, {"chainmap": [{"dict": _PAIRS}, {"dict": []}]}, {"type": "int"}, {"handle": 0}, {"handle": 7},
    {"coroutine": 1}, {"callback": [0, "f"]}, {"iterator": [1, ""]}, _OWN_CLASS, {"error": [{"type": "KeyError"}, ["a"], "no", None]},
    {"error": [_OWN_CLASS, [], "no", 4]}, {"error class": [5, "decimal", "DivisionByZero", [{"type": "ArithmeticError"}]]},
]  # fmt: skip
"""A value of every type, as a tree."""
ERRORS = [
    "KeyError",
    "IndexError",
    "StopIteration",
    "SystemExit",
    "OSError",
    "AssertionError",
    "MemoryError",
    "NameError",
]
REPLIES = [
    *(["ok", value, {}] for value in VALUES),
    *(["ok", None, {"0": value}] for value in VALUES),
    *(["raise", {"error": [{"type": name}, ["no"], "no", None]}, name, "no", {}] for name in ERRORS),
    ["raise", {"error": [_OWN_CLASS, [1], "odd", 4]}, "Odd", "odd", {"0": [1]}],
    ["callback", 0, [1], {}],
    ["ok", {"dict": [["f", {"handle": 0}], ["g", 3]]}, {}],
    ["too long"],
    ["uncompilable", "SyntaxError: no"],
]
ODD_NUMBERS = [0, -1, 2**31, 2**63, 2**64, -(2**63), 10**30, 10**4000, 1e308, -0.0, float("nan"), float("inf"), 1e-320]
ODD_TEXTS = [
    "",
    "\x00",
    "\ud800",
    "0x",
    "-0x1",
    "1e999999999",
    "1e-999999999",
    "__class__",
    "mro",
    "<O8",
    "<U99999999",
    "=",
]
TAGS = sorted({tag for value in VALUES if isinstance(value, dict) for tag in value} | {"object", "exec", "ok", "raise"})
MOST_BYTES = 1 << 16
"""So much fits into a socket that nobody reads."""


def mutated_text(number: str, valid=REPLIES) -> bytes:
    """Return a mutation; making it may take longer than reading it, so the last ones are kept."""
    return _mutated_text(number, valid is VALUES)


@functools.lru_cache(8)
def _mutated_text(number: str, of_values: bool) -> bytes:  # noqa: FBT001 - a key of the cache
    """Return what is, most likely, no valid text any more: mutated as a tree, as a text, or both."""
    rng = random.Random(number)  # noqa: S311 - to be the same each time
    tree = rng.choice(VALUES if of_values else REPLIES)
    way = rng.random()
    if way < 0.8:
        for _ in range(rng.choice((1, 1, 1, 2, 5))):
            tree = _mutated_tree(rng, tree, 0)
    text = json.dumps(tree).encode()
    if way > 0.7:
        for _ in range(rng.choice((1, 1, 2, 4))):
            text = mutated_bytes(rng, text)
    return text[:MOST_BYTES]


def mutated_frame(number: str) -> bytes:
    """Return a frame with a mutated reply, now and then one that is no frame."""
    text, rng = mutated_text(number), random.Random(f"frame {number}")  # noqa: S311 - to be the same each time
    frame = struct.pack("=I", len(text)) + text
    return frame if rng.random() < 0.97 else mutated_bytes(rng, frame)[:MOST_BYTES]


def _mutated_tree(rng, tree, depth):
    """Return a tree with one node changed; the way down to it is drawn."""
    if isinstance(tree, dict) and tree and rng.random() < 0.8:
        key = rng.choice(list(tree))
        return {**tree, key: _mutated_tree(rng, tree[key], depth + 1)}
    if isinstance(tree, list) and tree and rng.random() < (0.9 if depth else 0.97):
        place = rng.randrange(len(tree))
        return [*tree[:place], _mutated_tree(rng, tree[place], depth + 1), *tree[place + 1 :]]
    return rng.choice(_CHANGES)(rng, tree)


def _nested(rng, tree):
    tag = rng.choice(("list", "tuple", "set", "deque", "dict"))
    for _ in range(rng.choice((2, 50, 158, 161, 200))):
        tree = (
            [tree]
            if tag == "list"
            else {tag: [None, [tree]] if tag == "deque" else [[1, tree]] if tag == "dict" else [tree]}
        )
    return tree


def _without(rng, tree):
    if not isinstance(tree, (list, str)) or not tree:
        return None
    place = rng.randrange(len(tree))
    return tree[:place] + tree[place + 1 :]


_CHANGES = [
    lambda rng, _: rng.choice(VALUES),
    lambda rng, _: rng.choice(ODD_NUMBERS),
    lambda rng, _: rng.choice(ODD_TEXTS),
    lambda rng, tree: {rng.choice(TAGS): tree},
    lambda rng, tree: {rng.choice(TAGS): rng.choice(VALUES), **(tree if isinstance(tree, dict) else {})},
    lambda rng, tree: {rng.choice(TAGS): next(iter(tree.values()))} if isinstance(tree, dict) and tree else [],
    lambda rng, tree: [tree] * rng.choice((0, 1, 2, 300)),
    lambda _, tree: str(tree)[:1000],
    _nested,
    _without,
]
"""Ways to change a node."""


def mutated_bytes(rng, text):
    """Return a text with one change."""
    start, end = sorted(rng.randrange(len(text) + 1) for _ in range(2))
    way = rng.randrange(8)
    if way == 0 and text:  # a bit
        place = rng.randrange(len(text))
        return text[:place] + bytes([text[place] ^ 1 << rng.randrange(8)]) + text[place + 1 :]
    if way == 1:
        return text[:end]
    if way == 2:
        return text[:start] + text[end:]
    if way == 3:
        return text[:end] + text[start:]
    if way == 4:  # a splice
        other = json.dumps(rng.choice(REPLIES)).encode()
        return text[:start] + other[rng.randrange(len(other)) :]
    if way == 5:
        return text[:start] + rng.randbytes(rng.randrange(1, 9)) + text[start:]
    if way == 6:  # deep, or a number of many digits
        return (
            text[:start]
            + rng.choice((b"[", b'{"tuple":[', b"9", b"-", b"1e")) * rng.choice((2, 200, 6000))
            + text[start:]
        )
    return (
        text.replace(b'"', rng.choice((b"", b"'", b'\\"')), rng.randrange(3))
        .decode("latin-1")
        .encode("utf-16" if start % 2 else "utf-8")
    )


def say_mutations(seed):
    """Be a program that answers every request with the mutation whose number it was given, until nobody asks."""
    peer = next(fd for fd in range(3, 32) if _is_socket(fd))
    _write(peer, b'["ok", {"dict": [["f", {"handle": 0}]]}, {}]')
    asked = 0
    while True:
        (length,) = struct.unpack("=I", _read(peer, 4))
        request = json.loads(_read(peer, length))
        asked += 1
        number = next(iter(request[2]), None) if request[0] == "call" else None
        frame = mutated_frame(f"{seed}/{number}" if isinstance(number, int) else f"{seed}/{asked} {request[:2]}")
        (announced,) = struct.unpack("=I", (frame + bytes(4))[:4])
        os.write(peer, frame)
        if announced != len(frame) - 4:  # nobody would know any more whose turn it is
            os._exit(0)


def _is_socket(fd):
    try:
        return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        return False


def _write(fd, text):
    os.write(fd, struct.pack("=I", len(text)) + text)


def _read(fd, count):
    found = b""
    while len(found) < count:
        part = os.read(fd, count - len(found))
        if not part:
            os._exit(0)
        found += part
    return found
