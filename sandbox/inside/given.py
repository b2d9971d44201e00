"""Represents a function or an iterator of the test, given to the program as an argument.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

Ask = Callable[[int, tuple[Any, ...], dict[str, Any]], Any]
"""Calls what the test gave under a number, with arguments and keywords."""


class Callback:
    """Represents a function of the test, for the program to call."""

    def __init__(self, ask: Ask, number: int, name: str) -> None:
        """Represent the function that the test gave under `number`."""
        self.__name__ = self.__qualname__ = name
        self.tree = {"callback": [number, name]}
        self._ask = partial(ask, number)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call the function there."""
        return self._ask(arguments, keywords)


class Iterator:
    """Represents an iterator of the test, for the program to use."""

    def __init__(self, ask: Ask, number: int, name: str) -> None:
        """Represent the iterator that the test gave under `number`."""
        self.tree = {"iterator": [number, name]}
        self._ask = partial(ask, number)

    def __iter__(self) -> Any:
        """Be an iterator."""
        return self

    def __next__(self) -> Any:
        """Fetch the next value there."""
        return self._ask((), {})
