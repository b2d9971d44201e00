"""Holds the examiner's conversation with a candidate: requests, replies, calls back.

What the program raises never steers a loop or a protocol of the test: its StopIteration arrives as a RuntimeError
(PEP 479), except where the test requested an iterator's next value. Runs in the examined interpreter: standard
library only.
"""

import json
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sandbox.inside import values
from sandbox.inside.arguments import assign
from sandbox.inside.clock import Clock
from sandbox.inside.lookahead import Lookahead
from sandbox.inside.proxies import Coroutine, ErrorClass, Handle, error_class, error_of, mark, number_of
from sandbox.inside.server import READY, WAITS
from sandbox.inside.shown import few_digits, shown
from sandbox.inside.stream import Gone, Stream, TooLong

_FRAME_BYTES = 1 << 16
"""What a frame may hold beyond a value."""
_ENDS = (StopIteration, StopAsyncIteration)
_LIBRARY_ERRORS = (ArithmeticError, LookupError, OSError, TypeError, ValueError)
_MOST_ERROR_CLASSES = 100


class NeverReady(Exception):  # noqa: N818 - a finding about the candidate
    """Reports a candidate that ended before it came to the program: not the program's fault."""


class Uncompilable(Exception):  # noqa: N818 - a finding about the program
    """Reports a program that is not Python."""


_BROKEN = (Gone, TooLong, values.Malformed, Uncompilable)
"""What ends a conversation, or a test of it."""


class Remote:
    """Sends requests to one candidate, over a stream socket."""

    def __init__(self, fd: int, most_bytes: int, clock: Clock, *, is_scripted: bool = False) -> None:
        """Talk over a socket.

        Args:
            fd: of the socket.
            most_bytes: what a value may have, as `sandbox.inside.values.Writer` counts.
            clock: runs while an answer is owed.
            is_scripted: whether the candidate follows a script, see `sandbox.inside.plain`.
        """
        self.stream = Stream(fd)
        self.most_text = values.MOST_TEXT_PER_BYTE * most_bytes + _FRAME_BYTES
        """Bytes of the longest reply."""
        self.is_scripted = is_scripted
        """Whether the next reply comes without a request."""
        self._most_bytes = most_bytes
        self._clock = clock
        self._handles: dict[int, Handle] = {}
        self._error_classes: dict[int, type] = {}
        self._given: list[Any] = []
        self._given_numbers: dict[int, int] = {}
        self._lookahead = Lookahead()
        self.result: Any = None
        """The last result of a call, to show where a test fails."""
        self.broken: BaseException | None = None
        """What broke the conversation, or failed in a callback: whoever catches it, the test has not passed."""
        self.at_rest = False
        """Whether objects are named here instead of showing their own text."""
        self.has_called = False
        """Whether the test has called the program."""

    def begin_test(self) -> None:
        """Forget what went wrong in the test before."""
        self.broken = self.result = None
        self.at_rest = False

    def load(self, names: tuple[str, ...], *, forgives: bool) -> dict[str, Any]:
        """Run the program's top level.

        Args:
            names: the top-level names that the tests need.
            forgives: whether a top level that ends for want of standard input has ended well.

        Returns:
            The values of those names that exist.

        Raises:
            NeverReady: The candidate ended before it came to the program; with a script, the judge finds that out.
            Uncompilable: The program is not Python.
        """
        self._clock.owe()
        try:
            self._send("load", list(names), forgives)
            if not self.is_scripted:
                self.stream.receive(len(READY))
        except Gone:
            raise NeverReady from None
        loaded = self._reply()
        if type(loaded) is not dict:
            raise values.Malformed("no dictionary of names")
        return loaded

    def call(self, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call a function of the program; arguments that it changes in place are changed here too.

        Args:
            function: its stand-in.
            arguments: by position.
            keywords: by name.
        """
        self.has_called = True
        given = {**{str(index): argument for index, argument in enumerate(arguments)}, **keywords}
        same = _repeated(given)
        trees = {name: None if name in same else self.encode(argument) for name, argument in given.items()}
        positional, named = [trees[str(index)] for index in range(len(arguments))], {n: trees[n] for n in keywords}
        request = ("call", self.encode(function), positional, named)
        self.result = self._ask(*request, same, given=given) if same else self._ask(*request, given=given)
        return self.result

    def get(self, target: Any, attribute: str) -> Any:
        """Return an attribute of an object of the program.

        Args:
            target: the object.
            attribute: its name.
        """
        return self._ask("get", self.encode(target), attribute)

    def set(self, target: Any, attribute: str, value: Any) -> None:
        """Set an attribute of an object of the program.

        Args:
            target: the object.
            attribute: its name.
            value: of the test.
        """
        self._ask("set", self.encode(target), attribute, self.encode(value))

    def do(self, operation: str, target: Any, *arguments: Any, ends: type | None = None) -> Any:
        """Perform an operation on an object of the program.

        Args:
            operation: one of `sandbox.inside.server.OPERATIONS`.
            target: the object.
            *arguments: the other operands.
            ends: StopIteration or StopAsyncIteration, if the operation may end an iteration.
        """
        return self._ask("do", operation, self.encode(target), *map(self.encode, arguments), ends=ends)

    def next(self, number: int) -> Any:
        """Return the next value of an iterator of the program, of which several are fetched at once in long loops.

        Args:
            number: that of the iterator's handle.
        """
        if not self._lookahead.holds(number):
            items = self._ask("take", {"handle": number}, self._lookahead.wanted(number), ends=StopIteration)
            if type(items) is not list or not items:
                raise values.Malformed("no list of items")
            self._lookahead.fill(number, items)
        return self._lookahead.pop(number)

    def encode(self, value: Any) -> Any:
        """Return a value of the test as the program is sent it.

        Args:
            value: plain, an object of the program, or something that the program may call or iterate.

        Raises:
            Unencodable: It can't be passed.
        """
        if type(value) is Handle:
            return {"handle": number_of(value)}
        try:
            most_depth = 2 * values.MOST_DEPTH  # what came may go back, wrapped
            return values.to_tree(value, self._export, most_depth=most_depth)
        except RecursionError:
            raise values.Unencodable("an argument is nested too deep") from None

    def _export(self, value: Any) -> Any:
        """Write what has no plain form: an object of the program, or something that the program may call or iterate."""
        if isinstance(value, Handle):
            return {"handle": number_of(value)}
        if isinstance(value, ErrorClass):
            return {"handle": value.number}
        if isinstance(type(value), ErrorClass):
            return {"handle": number_of(value.handle)}
        if callable(value) or hasattr(type(value), "__next__"):
            number = self._given_numbers.setdefault(id(value), len(self._given))
            if number == len(self._given):
                self._given.append(value)
            name = getattr(value, "__name__", None)
            return {"callback" if callable(value) else "iterator": [number, name if isinstance(name, str) else ""]}
        raise values.Unencodable(f"an argument of type {type(value).__name__} can't be passed to the program")

    def _ask(self, *request: Any, given: Mapping[str, Any] = MappingProxyType({}), ends: type | None = None) -> Any:
        self._lookahead.another_request()
        self._clock.owe()
        self._send(*request)
        return self._reply(given, ends=ends)

    def _send(self, *request: Any) -> None:
        if not self.is_scripted:
            self.stream.send(json.dumps(request))

    def _receive(self) -> Any:
        """Return the candidate's next message; numbers in it must not be longer than values write them."""
        try:
            text = self.stream.receive(self.most_text)
        finally:
            self._clock.settle()
        if self.is_scripted:
            self.is_scripted, text = text[:1] != WAITS.encode(), text[1:]
        try:
            with few_digits():
                return json.loads(text.decode("ascii"))
        except (ValueError, RecursionError) as error:
            raise values.Malformed(f"the reply is not JSON: {error}") from None

    def _reply(self, given: Mapping[str, Any] = MappingProxyType({}), *, ends: type | None = None) -> Any:
        """Change what the program changed of what was given; return the value, or raise what it raised.

        Raises:
            Gone: where the candidate died.
            values.Malformed, TooLong: where it sent what it must not.
        """
        try:
            outcome = self._outcome(given)
        except _BROKEN as error:
            self.broken = self.broken or error
            raise
        if not isinstance(outcome, _Raised):
            return outcome
        raised = outcome.error
        if isinstance(raised, _ENDS) and not (ends and isinstance(raised, ends)):
            raised = RuntimeError(f"the program raised {type(raised).__name__}")
        raise mark(raised, outcome.story)

    def _outcome(self, given: Mapping[str, Any]) -> Any:
        """Return the value that the program answers with, or what it raised; serve its calls back meanwhile."""
        while True:
            match self._receive():
                case ["callback", int(number), [*arguments], dict(keywords)]:
                    self._call_back(number, arguments, keywords)
                case ["ok", value, dict(changed)]:
                    self._change(given, changed)
                    return self._decode(value)
                case ["raise", dict(tree), str(kind), str(message), dict(changed)]:
                    self._change(given, changed)
                    error = self._decode(tree)
                    if not isinstance(error, BaseException):
                        raise values.Malformed("what was raised is not an exception")
                    return _Raised(error, f"{kind}: {message}")
                case ["uncompilable", str(message)]:
                    raise Uncompilable(message)
                case ["too long"]:
                    raise TooLong(f"a value of more than {self._most_bytes} bytes")
                case _:
                    raise values.Malformed("no such reply")

    def _call_back(self, number: int, arguments: list[Any], keywords: dict[str, Any]) -> None:
        """Call a function that the test gave to the program, or fetch the next value of its iterator."""
        if not 0 <= number < len(self._given):
            raise values.Malformed("a call back of what was not given")
        given = self._given[number]
        try:
            if callable(given):
                named = {name: self._decode(tree) for name, tree in keywords.items()}
                result = given(*map(self._decode, arguments), **named)
            else:
                result = next(given)
            reply: tuple[Any, ...] = ("return", self.encode(result))
        except _BROKEN:
            raise
        except BaseException as error:  # noqa: BLE001 - the test's own function may raise what it likes
            if isinstance(error, AssertionError):
                self.broken = self.broken or error
            names = [base.__name__ for base in type(error).__mro__ if base.__module__ == "builtins"]
            reply = ("throw", names, shown(error))
        self._clock.owe()
        self._send(*reply)

    def _change(self, given: Mapping[str, Any], changed: dict[str, Any]) -> None:
        for name, argument in given.items():
            if name in changed:
                assign(argument, self._decode(changed[name]))

    def _decode(self, tree: Any) -> Any:
        try:
            return values.from_tree(tree, self._resolve)
        except RecursionError:
            raise values.Malformed("nested too deep") from None

    def _resolve(self, tag: str, content: Any) -> Any:
        """Return the stand-in of an object of the program; always the same one, so identity here is identity there."""
        match tag, content:
            case "handle" | "coroutine", int(number) if type(number) is int:
                kind = Handle if tag == "handle" else Coroutine
                return self._handles.setdefault(number, kind(self, number))
            case "callback" | "iterator", [int(number), str()] if 0 <= number < len(self._given):
                return self._given[number]
            case "error class", [int(number), str(module), str(name), [*bases]]:
                return self._error_classes.get(number) or self._new_error_class(number, module, name, bases)
            case "error", [kind, [*arguments], str(message), int() | None as number]:
                handle = None if number is None else self._handles.setdefault(number, Handle(self, number))
                return error_of(self._error_kind(kind), tuple(map(self._decode, arguments)), message, handle)
        raise values.Malformed("no such tag")

    def _new_error_class(self, number: int, module: str, name: str, bases: list[Any]) -> type:
        """Return the class of a library, if the test knows it too, or a class that represents the program's.

        None that a library takes for an order, as unittest does SkipTest and asyncio CancelledError: they are of no
        kind of error here.
        """
        if len(self._error_classes) > _MOST_ERROR_CLASSES:
            raise values.Malformed("too many exception classes")
        is_library = module.partition(".")[0] in sys.stdlib_module_names
        kind = vars(sys.modules[module]).get(name) if is_library and module in sys.modules else None
        if not (isinstance(kind, type) and issubclass(kind, _LIBRARY_ERRORS)):
            try:
                kind = error_class(self, number, name, tuple(map(self._error_kind, bases)) or (Exception,))
            except (TypeError, ValueError) as error:  # a name with a zero, bases that don't fit together
                raise values.Malformed(f"no exception class: {error}") from None
        self._error_classes[number] = kind
        return kind

    def _error_kind(self, tree: Any) -> type:
        kind = self._decode(tree)
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise values.Malformed("no exception class")
        return kind


class _Raised:
    """Carries an exception of the program, with its text."""

    def __init__(self, error: BaseException, story: str) -> None:
        self.error = error
        self.story = story


def _repeated(given: Mapping[str, Any]) -> dict[str, str]:
    """Return the arguments that are the very object of an earlier one: name by name."""
    first: dict[int, str] = {}
    names = {name: first.setdefault(id(argument), name) for name, argument in given.items()}
    return {name: earlier for name, earlier in names.items() if name != earlier}
