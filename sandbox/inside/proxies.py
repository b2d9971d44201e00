"""Represents the program's objects in a test: handles, coroutines, exceptions.

A handle is compared, ordered, hashed and tested for truth here, as the plain object it is: nothing that the program's
class overrides has a say. Operators work between two objects of the program only, because the other operand of
`f(x) - 3.5` may be what is expected. Runs in the examined interpreter: standard library only.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sandbox.inside.server import BETWEEN_OBJECTS

Remote = Any
"""See `sandbox.inside.remote`, which makes these."""


class Handle:
    """Represents an object that lives in the candidate."""

    __slots__ = ("__weakref__", "_number", "_remote")

    def __init__(self, remote: Remote, number: int) -> None:
        """Represent the object that the candidate knows under `number`."""
        object.__setattr__(self, "_remote", remote)
        object.__setattr__(self, "_number", number)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call the object there."""
        return remote_of(self).call(self, arguments, keywords)

    def __getattr__(self, name: str) -> Any:
        """Read an attribute there, but none of Python's own: numpy asks for a pointer by one of them."""
        if name.startswith("__"):
            raise AttributeError(name)
        return remote_of(self).get(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute there."""
        remote_of(self).set(self, name, value)

    def __iter__(self) -> Any:
        """Iterate over the object there."""
        return remote_of(self).do("iter", self)

    def __next__(self) -> Any:
        """Fetch the next value of an iterator there."""
        return remote_of(self).next(number_of(self))

    def __aiter__(self) -> Any:
        """Iterate over the object there, in a test that is a coroutine."""
        return remote_of(self).do("aiter", self)

    async def __anext__(self) -> Any:
        """Fetch the next value of an asynchronous iterator there."""
        return remote_of(self).do("anext", self, ends=StopAsyncIteration)

    def __len__(self) -> int:
        """Ask for the object's length."""
        return int(remote_of(self).do("len", self))

    def __bool__(self) -> bool:
        """Be true, as a plain object is."""
        return True

    def __getitem__(self, key: Any) -> Any:
        """Ask for one of the object's items."""
        return remote_of(self).do("getitem", self, key)

    def __instancecheck__(self, instance: Any) -> bool:
        """Ask whether something is an instance of the class there."""
        return bool(remote_of(self).do("isinstance", self, instance))

    def __setitem__(self, key: Any, value: Any) -> None:
        """Set one of the object's items."""
        remote_of(self).do("setitem", self, key, value)

    def __delitem__(self, key: Any) -> None:
        """Delete one of the object's items."""
        remote_of(self).do("delitem", self, key)

    def __enter__(self) -> Any:
        """Enter the context that the object manages."""
        return remote_of(self).do("enter", self)

    def __exit__(self, *_: object) -> None:
        """Leave the context; an object that would swallow a failed assertion is not called."""
        remote_of(self).do("leave", self)

    def __copy__(self) -> Any:
        """Copy the object there."""
        return remote_of(self).do("copy", self)

    def __deepcopy__(self, _memo: Any) -> Any:
        """Copy the object there, with all that it holds."""
        return remote_of(self).do("deepcopy", self)

    def __str__(self) -> str:
        """Ask for the object's text."""
        return _text_of(self, "str")

    def __repr__(self) -> str:
        """Ask for the object's other text."""
        return _text_of(self, "repr")

    def __int__(self) -> int:
        """Ask for the object as an integer."""
        return int(remote_of(self).do("int", self))

    def __float__(self) -> float:
        """Ask for the object as a number."""
        return float(remote_of(self).do("float", self))

    def __abs__(self) -> Any:
        """Ask for the object's absolute value."""
        return remote_of(self).do("abs", self)

    def __neg__(self) -> Any:
        """Ask for the object's negative."""
        return remote_of(self).do("neg", self)

    def __pos__(self) -> Any:
        """Ask for the object's positive."""
        return remote_of(self).do("pos", self)

    def __invert__(self) -> Any:
        """Ask for the object's inverse."""
        return remote_of(self).do("invert", self)


def _between_objects(operation: str) -> Callable[[Handle, Any], Any]:
    def operate(handle: Handle, other: Any) -> Any:
        """Ask for the result for two objects there; a value of the test's is not shown to the program."""
        return remote_of(handle).do(operation, handle, other) if isinstance(other, Handle) else NotImplemented

    return operate


for _operation in BETWEEN_OBJECTS:
    setattr(Handle, f"__{_operation}__", _between_objects(_operation))


def _text_of(handle: Handle, operation: str) -> str:
    """Return a text of an object there, or its name where a failure is shown: that must not run the program."""
    remote = remote_of(handle)
    return f"<object {number_of(handle)} of the program>" if remote.at_rest else str(remote.do(operation, handle))


def remote_of(handle: Handle) -> Remote:
    """Return the candidate that an object lives in.

    Args:
        handle: the object's.

    Returns:
        The `sandbox.inside.remote.Remote` that made the handle.
    """
    return object.__getattribute__(handle, "_remote")


def number_of(handle: Handle) -> int:
    """Return the number under which the candidate knows an object.

    Args:
        handle: the object's; its own attributes are read, never those of the object.
    """
    number: int = object.__getattribute__(handle, "_number")
    return number


class Coroutine(Handle):
    """Represents a coroutine of the program: to await it has the candidate run it to its end."""

    __slots__ = ()

    def __await__(self) -> Any:
        """Be awaited."""
        return self

    def send(self, _value: Any) -> Any:
        """Run the coroutine there; its result ends it here.

        Args:
            _value: ignored; the event loop sends None.

        Raises:
            StopIteration: Always, with the result.
        """
        raise StopIteration(remote_of(self).do("await", self))

    def __next__(self) -> Any:
        """Run the coroutine there."""
        return self.send(None)

    def throw(self, error: BaseException, *_: object) -> Any:
        """Give up: what is awaited has not begun yet.

        Args:
            error: raised at once.
            _: ignored; older callers pass a value and a traceback.
        """
        raise error

    def close(self) -> None:
        """Give up."""


class ErrorClass(type):
    """Represents an exception class of the program, so that a test can catch it."""

    remote: Remote
    number: int

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        """Make an exception there."""
        return cls.remote.call(cls, arguments, keywords)


def error_class(remote: Remote, number: int, name: str, bases: tuple[type, ...]) -> type:
    """Return the class that represents an exception class of the program.

    Args:
        remote: the candidate.
        number: that of the class's handle.
        name: that of the class, not checked.
        bases: builtin exception classes, and those that represent the program's.

    Returns:
        A class whose exceptions read public attributes in the candidate.

    Raises:
        TypeError: The bases don't fit together.
        ValueError: The name has a zero character.
    """

    def attribute(error: Any, name: str) -> Any:
        """Read an attribute of the exception there."""
        if name.startswith("_"):
            raise AttributeError(name)
        return remote.get(error.handle, name)

    namespace = {"remote": remote, "number": number, "__getattr__": attribute, "__str__": lambda error: error.shown}
    return ErrorClass(name, bases, namespace)


def error_of(kind: Any, arguments: tuple[Any, ...], message: str, handle: Handle | None) -> BaseException:
    """Return an exception that represents one of the program.

    Args:
        kind: a builtin exception class, or one that `error_class` made.
        arguments: the exception's.
        message: its text, which `str` gives where it has a handle.
        handle: None for an exception of a builtin class.
    """
    error: Any = kind.__new__(kind, *arguments)
    if type(kind) is not ErrorClass:
        with suppress(Exception):  # of a class whose constructor takes other arguments than it keeps
            kind.__init__(error, *arguments)
    if handle is not None:
        error.handle, error.shown = handle, message
    assert isinstance(error, BaseException)
    return error


def mark(error: BaseException, story: str) -> BaseException:
    """Mark an exception as the program's; it stays so however often the test raises it again.

    Args:
        error: changed in place.
        story: the name of its class and its text, as the program gave them.

    Returns:
        The same exception.
    """
    error.__dict__["_story"] = story
    return error


def story_of(error: BaseException) -> str | None:
    """Return what the program said with an exception of its own.

    Args:
        error: any exception that a test raised.

    Returns:
        See `mark`; None where the exception is not the program's.
    """
    story: str | None = error.__dict__.get("_story")
    return story
