"""Answers an examiner's requests to the loaded program.

Requests and replies (JSON lists):
    ["load", [name, ...], forgives]            -> the values of those top-level names that exist, as a dictionary; if it
                                                  forgives, also where the top level ran out of standard input
    ["call", function, [argument, ...], {...}] -> the result, and what became of arguments that were changed in place
    ["get", object, attribute]                 -> the attribute
    ["set", object, attribute, value]          -> None
    ["do", operation, object, argument ...]    -> one of OPERATIONS, of an object
    ["take", iterator, most]                   -> a list of its next values: one at least, at most so many
    ["plain", handle's number, whether arguments are trees, [argument, ...]] -> the result; from a script only
A call may have one more part, {index or name: that of the argument that is the same object}; such arguments are null.
Every reply is ["ok", value, {argument's index or name: its new value}], ["raise", exception, name of its class,
message, {...}], ["too long"] or, to "load" only, ["uncompilable", message]. Before its reply the candidate may ask for
a function that the test gave to the program, or for an iterator's next value, and other requests may come meanwhile:
    ["callback", number, [argument, ...], {...}] -> ["return", value] or ["throw", [builtin's name, ...], text]

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import builtins
import functools
import importlib
import json
import operator
import time
import types
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.inside import values
from sandbox.inside.given import Callback, Iterator
from sandbox.inside.program import COMPILER_REFUSES, compiled_program, compiler_message, new_module, run_prelude
from sandbox.inside.stream import Stream

READY = "ready"
"""Greeting to the examiner, before any of the program ran: from here on, every failure is the program's."""
GOES_ON, WAITS = "=", "?"
"""First character of each reply to a script: whether the next one follows by itself, or on request only."""
_MOST_REQUEST_BYTES = 1 << 31
_MOST_AHEAD_S, _MOST_AHEAD_BYTES = 0.01, 1 << 16
"""When to stop fetching several values of an iterator at once."""
_MOST_ERROR_BYTES, _MOST_MESSAGE = 4096, 1000
_TOO_LONG = json.dumps(["too long"])
_decoded = json.JSONDecoder().raw_decode
_chunks: Any = json.encoder.c_make_encoder(  # type: ignore[attr-defined]
    None,
    None,
    json.encoder.encode_basestring_ascii,
    None,
    ": ",
    ", ",
    False,
    False,
    True,
)
"""Does what `json.dumps` does, without what that makes, and touches, each time."""
_NO_SAME: Mapping[str, str] = types.MappingProxyType({})


_PLAIN = frozenset({int, bool, float, type(None)})
_SMALL, _FEW = 1 << 64, 64


def _text(tree: Any) -> str:
    return "".join(_chunks(tree, 0))


def _is_instance(kind: type, value: Any) -> bool:
    return isinstance(value, kind)


def _enter(manager: Any) -> Any:
    return type(manager).__enter__(manager)


def _leave(manager: Any) -> None:
    type(manager).__exit__(manager, None, None, None)


def _copy(value: Any) -> Any:
    return _module("copy").copy(value)


def _deepcopy(value: Any) -> Any:
    return _module("copy").deepcopy(value)


def _module(name: str) -> Any:
    """Return a module that only few programs need."""
    return importlib.import_module(name)


def _await(awaitable: Any) -> Any:
    """Run a coroutine to its end, all of a program in the same event loop."""
    return _event_loop().run_until_complete(awaitable)


def _anext(iterator: Any) -> Any:
    async def next_value() -> Any:
        return await type(iterator).__anext__(iterator)

    return _await(next_value())


@functools.cache
def _event_loop() -> Any:
    return _module("asyncio").new_event_loop()


BETWEEN_OBJECTS = tuple("add sub mul matmul truediv floordiv mod pow lshift rshift and or xor".split())
OPERATIONS: dict[str, Callable[..., Any]] = {
    "iter": iter, "next": next, "len": len, "str": str, "repr": repr, "int": int, "float": float, "abs": abs,
    "neg": operator.neg, "pos": operator.pos, "invert": operator.invert, "isinstance": _is_instance,
    "getitem": operator.getitem, "setitem": operator.setitem, "delitem": operator.delitem,
    "enter": _enter, "leave": _leave, "copy": _copy, "deepcopy": _deepcopy, "aiter": aiter, "anext": _anext,
    "await": _await, **{name: getattr(operator, f"__{name}__") for name in BETWEEN_OBJECTS},
}  # fmt: skip


class Server:
    """Serves the loaded program, and the objects of its own classes that the examiner holds handles of."""

    def __init__(self, program: bytes, stream: Stream, most_bytes: int) -> None:
        """Serve a program with its prelude, if any; no value in a reply may be larger than `most_bytes`."""
        self.program = program
        self.stream = stream
        self.most_bytes = most_bytes
        self.given: dict[int, Any] = {}
        self.pending: dict[int, BaseException] = {}
        self.objects: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.gave_handles = False
        """Whether the last reply to "plain" has a handle in it."""

    def receive(self) -> list[Any]:
        """Return the next message of the examiner."""
        message: list[Any] = _decoded(self.stream.receive(_MOST_REQUEST_BYTES).decode("ascii"))[0]
        return message

    def answer(self, request: list[Any]) -> str:
        """Return the reply to one request; the program may do anything.

        Args:
            request: its kind, which names the method, and its parts; see the module.

        Returns:
            The reply as JSON text; what the program raises is a reply too.
        """
        kind, *parts = request
        try:
            reply: str = getattr(self, f"_{kind}")(*parts)
        except values.TooLarge:
            return _TOO_LONG
        except BaseException as error:  # noqa: BLE001 - anything that the program raises
            return self._raised(error, {})
        return reply

    def _load(
        self,
        names: list[str],
        forgives: bool,  # noqa: FBT001 - a part of the request
        called: tuple[str, ...] | None = None,
        usual: str = "",
    ) -> str:
        """Run the program's top level; return its values of the names that exist.

        Where these are the functions `called`, the reply of a script's first request is the `usual` one.
        """
        try:
            compiled = compiled_program(self.program)
        except COMPILER_REFUSES as error:
            return _text(["uncompilable", compiler_message(error)])
        module = new_module("program")
        try:
            if type(compiled) is tuple:
                prelude, compiled = compiled
                run_prelude(prelude, module)
            exec(compiled, module.__dict__)  # noqa: S102 - this is the program
        except EOFError:
            if not forgives:
                raise
        found = [name for name in names if name in module.__dict__]
        bound = [module.__dict__[name] for name in found]
        if tuple(found) == called and _are_functions(bound):
            self.objects += bound
            self.numbers.update({id(value): number for number, value in enumerate(bound)})
            return usual
        trees = [self._bound(value) for value in bound]
        return _text(["ok", {"dict": [list(pair) for pair in zip(found, trees, strict=True)]}, {}])

    def _bound(self, value: Any) -> Any:
        """Return the value of a name; what can be called is called here, even if it is one of Python's own types."""
        is_called = callable(value) and not _is_error_class(value)
        return {"handle": self._number(value)} if is_called else self._encode(value)

    def _call(
        self, function: Any, arguments: list[Any], keywords: dict[str, Any], same: Mapping[str, str] = _NO_SAME
    ) -> str:
        sent = {**{str(index): argument for index, argument in enumerate(arguments)}, **keywords}
        callee, given = self._decode(function), {name: self._decode(tree) for name, tree in sent.items()}
        given |= {name: given[first] for name, first in same.items()}
        positional = [given[str(index)] for index in range(len(arguments))]
        try:
            result = self._encode(callee(*positional, **{name: given[name] for name in keywords}))
        except values.TooLarge:
            return _TOO_LONG
        except BaseException as error:  # noqa: BLE001 - anything that the program raises
            return self._raised(error, self._changed(sent, given))
        return _text(["ok", result, self._changed(sent, given)])

    def _plain(self, function: int, are_trees: bool, arguments: list[Any]) -> str:  # noqa: FBT001 - a part of the request
        """Call a function with arguments that are not needed afterwards."""
        self.gave_handles = False
        given = map(self._decode, arguments) if are_trees else arguments
        return _text(["ok", self._encode(self.objects[function](*given)), {}])

    def _changed(self, sent: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments whose content is not what was sent; only lists, and what has a tag, can change."""
        now = {name: self._encode(given[name]) for name, tree in sent.items() if _can_change(tree)}
        return {name: tree for name, tree in now.items() if _text(tree) != _text(sent[name])}

    def _get(self, target: Any, attribute: str) -> str:
        return self._ok(getattr(self._decode(target), attribute))

    def _set(self, target: Any, attribute: str, value: Any) -> str:
        setattr(self._decode(target), attribute, self._decode(value))
        return self._ok(None)

    def _do(self, operation: str, *operands: Any) -> str:
        return self._ok(OPERATIONS[operation](*map(self._decode, operands)))

    def _take(self, iterator: Any, most: int) -> str:
        """Return the next values of an iterator, or what it raised; what it raises behind a value comes next time."""
        target, items, size = self._decode(iterator), list[Any](), 0
        number, started_s = self._number(target), time.perf_counter()
        if number in self.pending:
            raise self.pending.pop(number)
        while len(items) < most and size < _MOST_AHEAD_BYTES and time.perf_counter() - started_s < _MOST_AHEAD_S:
            try:
                writer = self._writer()
                items.append(writer.tree(next(target)))
                size += self.most_bytes - int(writer.bytes_left)
            except BaseException as error:
                if not items:
                    raise
                self.pending[number] = error
                break
        return _text(["ok", items, {}])

    def _ok(self, value: Any) -> str:
        return _text(["ok", self._encode(value), {}])

    def _raised(self, error: BaseException, changed: dict[str, Any]) -> str:
        return _text(["raise", self._error(error), type(error).__name__, _message(error), changed])

    def _writer(self) -> values.Writer:
        return values.Writer(self._export, values.MOST_DEPTH, self.most_bytes)

    def _encode(self, value: Any) -> Any:
        if type(value) in _PLAIN and (type(value) is not int or -_SMALL < value < _SMALL) and self.most_bytes >= _FEW:
            return value  # as the writer would
        return self._writer().tree(value)

    def _decode(self, tree: Any) -> Any:
        return values.from_tree(tree, self._resolve)

    def _export(self, value: Any) -> Any:
        """Return a tree for what has no plain form: a handle, which says of what kind it is where that matters."""
        if isinstance(value, (Callback, Iterator)):
            return value.tree
        if isinstance(value, BaseException):
            return self._error(value)
        if _is_error_class(value):
            bases = [self._encode(base) for base in value.__bases__ if _is_error_class(base)]
            return {"error class": [self._number(value), value.__module__, value.__name__, bases]}
        return {"coroutine" if type(value) is types.CoroutineType else "handle": self._number(value)}

    def _error(self, error: BaseException) -> Any:
        """Return the tree of an exception: its class, arguments, message, and its handle if the class is its own."""
        kind = type(error)
        try:
            arguments = values.to_tree(list(error.args), self._export, most_bytes=_MOST_ERROR_BYTES)
        except BaseException:  # noqa: BLE001 - too large, too deep, or the program's own exception class
            arguments = [_message(error)]
        number = None if kind.__module__ == "builtins" else self._number(error)
        return {"error": [self._encode(kind), arguments, _message(error), number]}

    def _number(self, value: Any) -> int:
        """Return the number of an object's handle; being kept here, its identity stays its own."""
        self.gave_handles = True
        number = self.numbers.setdefault(id(value), len(self.objects))
        if number == len(self.objects):
            self.objects.append(value)
        return number

    def _resolve(self, tag: str, content: Any) -> Any:
        """Return the object of a handle, or the representative of a function or an iterator of the test."""
        if tag == "handle":
            return self.objects[content]
        number, name = content
        return self.given.setdefault(number, (Callback if tag == "callback" else Iterator)(self.ask, number, name))

    def ask(self, number: int, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Return what the test's function or iterator returns, or raise what it raises; answer requests until then.

        Args:
            number: under which the test gave it.
            arguments: by position; none for an iterator.
            keywords: by name; none for an iterator.
        """
        trees = [self._encode(argument) for argument in arguments], {n: self._encode(v) for n, v in keywords.items()}
        self.stream.send(_text(["callback", number, *trees]))
        while (message := self.receive())[0] not in ("return", "throw"):
            self.stream.send(self.answer(message))
        if message[0] == "return":
            return self._decode(message[1])
        kinds = (vars(builtins)[name] for name in message[1])
        raise next(error for kind in kinds if (error := _made(kind, message[2])))


def _are_functions(found: list[Any]) -> bool:
    """Whether some values are functions, and none of them twice."""
    return {type(value) for value in found} <= {types.FunctionType} and len(set(map(id, found))) == len(found)


def _can_change(tree: Any) -> bool:
    return isinstance(tree, list) or (isinstance(tree, dict) and not tree.keys() & {"handle", "callback", "iterator"})


def _is_error_class(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _message(error: BaseException) -> str:
    try:
        return str(error)[:_MOST_MESSAGE]
    except BaseException:  # noqa: BLE001 - the program's own exception class
        return ""


def _made(kind: Any, message: str) -> BaseException | None:
    """Return an exception with a message; None for one with a constructor of its own, such as UnicodeDecodeError."""
    try:
        error: BaseException = kind(message)
    except TypeError:
        return None
    return error
