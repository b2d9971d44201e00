"""Parses texts with the interpreter that it is started by, for `harness.extraction.interpreter`; executes none.

On both pipes a message is its length in four bytes and then its bytes. A text comes in as UTF-8; what goes back is
JSON: first the interpreter's version, then for each text its tree, as a list of nodes, children before their parents.
"""

import ast
import json
import resource
import struct
import sys
import warnings

_CPU_S = 20
"""For one text."""
_MEMORY_BYTES = 2 << 30
_ALLOW_INCOMPLETE_INPUT = 0x4000 if sys.version_info >= (3, 11) else 0
_SIGNS = (
    "incomplete input",
    "unexpected EOF",
    "was never closed",
    "unterminated triple-quoted",
    "expected an indented",
)
"""Of a text that ends too early; but for the first, what a Python without that flag says at the end."""
_REFUSES = (ValueError, RecursionError, MemoryError, OverflowError)


def main() -> None:
    """Answer until the texts end."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    warnings.simplefilter("ignore")
    _send({"version": sys.version_info[:2]})
    while head := sys.stdin.buffer.read(4):
        text = sys.stdin.buffer.read(struct.unpack("!I", head)[0])
        used = resource.getrusage(resource.RUSAGE_SELF)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + _CPU_S, resource.RLIM_INFINITY))
        _send(_answer(text))


def _send(message: object) -> None:
    data = json.dumps(message).encode()
    sys.stdout.buffer.write(struct.pack("!I", len(data)) + data)
    sys.stdout.buffer.flush()


def _answer(text: bytes) -> object:
    flags = ast.PyCF_ONLY_AST | _ALLOW_INCOMPLETE_INPUT
    try:
        return {"nodes": _flat(compile(text, "program.py", "exec", flags, dont_inherit=True))}
    except SyntaxError as error:
        at_end = not _ALLOW_INCOMPLETE_INPUT and (error.lineno or 0) >= text.rstrip().count(b"\n") + 1
        return {"is_unfinished": any(sign in str(error) for sign in (_SIGNS if at_end else _SIGNS[:1]))}
    except _REFUSES:
        return {}


def _flat(tree: ast.AST) -> list[object]:
    """Return the nodes of a tree; where one has a child, the child's number is in a list of its own."""
    order, todo = [], [tree]
    while todo:
        order.append(node := todo.pop())
        todo.extend(ast.iter_child_nodes(node))
    order.reverse()
    number = {id(node): place for place, node in reversed([*enumerate(order)])}  # the first of one that is shared

    def plain(value: object) -> object:
        if isinstance(value, ast.AST):
            return [number[id(value)]]
        if isinstance(value, list):
            return {"list": [plain(item) for item in value]}
        return value if isinstance(value, str) else None

    return [
        [
            type(node).__name__,
            {} if isinstance(node, ast.Constant) else {name: plain(value) for name, value in ast.iter_fields(node)},
            [getattr(node, name, 0) for name in ("lineno", "end_lineno")],
        ]
        for node in order
    ]


if __name__ == "__main__":
    main()
