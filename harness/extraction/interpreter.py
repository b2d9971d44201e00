"""Parses texts as another version of Python does, in a process of that interpreter that only parses."""

import ast
import os
import struct
import subprocess
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, cast

import msgspec

from harness.syntax import NO_PROGRAM, Grammar, ParsedText, is_beyond, parse_text

_CHILD = Path(__file__).with_name("parse_child.py")
_MOST_BYTES = 256 << 20
"""Of an answer; the tree of the longest text that is parsed takes less."""


class _Version(msgspec.Struct):
    version: tuple[int, int]


class _Answer(msgspec.Struct):
    is_unfinished: bool = False
    nodes: list[tuple[str, dict[str, Any], tuple[int | None, int | None]]] = []


class _UnknownStatement(ast.stmt):
    """Replaces a statement, or a part of one, that this Python doesn't have."""


class OtherPython:
    """Parses as one interpreter does; starts it for the first text, and again after a text that ended it."""

    def __init__(self, python: str) -> None:
        """Take the path of the interpreter."""
        self._python = python
        self._lock = Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._is_ours: bool | None = None

    def __call__(self, text: str) -> ParsedText:
        """Return what `harness.syntax.parse_text` would return in that interpreter; no program, where it ends of it."""
        if is_beyond(text):
            return NO_PROGRAM
        with self._lock, suppress(OSError, EOFError, msgspec.DecodeError):
            try:
                child = self._child or self._started()
                if not self._is_ours:
                    return self._parsed(child, text)
            except (OSError, EOFError, msgspec.DecodeError):
                self.end()
                raise
        return parse_text(text) if self._is_ours else NO_PROGRAM

    def _started(self) -> subprocess.Popen[bytes]:
        command = [self._python, "-I", "-S", "-B", str(_CHILD)]
        self._child = child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ.get("PATH", os.defpath)},
            cwd="/",
        )
        version = msgspec.json.decode(_received(cast("BinaryIO", child.stdout)), type=_Version).version
        self._is_ours = version == sys.version_info[:2]
        if self._is_ours:
            self.end()
        return child

    def _parsed(self, child: subprocess.Popen[bytes], text: str) -> ParsedText:
        data = text.encode("utf-8", "surrogatepass")
        wire = cast("BinaryIO", child.stdin)
        wire.write(struct.pack("!I", len(data)) + data)
        wire.flush()
        answer = msgspec.json.decode(_received(cast("BinaryIO", child.stdout)), type=_Answer)
        return ParsedText(_tree(answer), answer.is_unfinished)

    def end(self) -> None:
        """End the process; the next text starts one."""
        if child := self._child:
            self._child = None
            child.kill()
            child.communicate()


def _received(wire: BinaryIO) -> bytes:
    head = wire.read(4)
    size = struct.unpack("!I", head)[0] if len(head) == 4 else _MOST_BYTES + 1
    data = wire.read(size) if size <= _MOST_BYTES else b""
    if len(data) < size:
        raise EOFError
    return data


def _tree(answer: _Answer) -> ast.Module | None:
    """Return the tree of an answer; a node's children come before it, so there is no circle."""
    made: list[ast.AST] = []

    def real(value: object) -> object:
        match value:
            case [int(number)] if 0 <= number < len(made):
                return made[number]
            case {"list": list(items)}:
                return [real(item) for item in items]
        return value if isinstance(value, str) else None

    for name, fields, (line, end) in answer.nodes:
        kind = getattr(ast, name, None)
        if not (isinstance(kind, type) and issubclass(kind, ast.AST)):
            kind = _UnknownStatement
        node = kind.__new__(kind)  # its __init__ would miss what another version's nodes don't have
        for field, value in fields.items():
            setattr(node, field, real(value))
        setattr(node, "_fields", tuple(fields))  # noqa: B010 - another version's may be other ones
        node.lineno, node.end_lineno = line or 0, end or 0  # type: ignore[attr-defined]
        made.append(node)
    return made[-1] if made and isinstance(made[-1], ast.Module) else None


@lru_cache(maxsize=8)
def grammar_of(python: str) -> Grammar:
    """Return what parses as an interpreter does.

    Args:
        python: its path.

    Returns:
        `harness.syntax.parse_text` for this one; one of another version parses in a process of its own, which lasts.
    """
    return parse_text if python == sys.executable else OtherPython(python)
