"""Assigns the blame for an error of a test: a broken test must not count against a program.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import signal
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.inside.shown import shown
from sandbox.inside.values import Unencodable


def symbols_of(*texts: str) -> Iterator[Any]:
    """Yield the symbols of all scopes of some texts.

    Args:
        *texts: Python source.

    Yields:
        Entries of `symtable`, which know how a name is used in their scope.

    Raises:
        SyntaxError: A text is not Python.
    """
    import symtable  # noqa: PLC0415 - only where a test raised; keeps the examiner small

    tables = [symtable.symtable(text, "<text>", "exec") for text in texts]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        yield from table.get_symbols()


SETUP_FILE, TEST_FILE = "<setup>", "<test>"
_CANARY_CPU_S = 1.0


def compiled(test: dict[str, Any]) -> tuple[Any, Any]:
    """Return the code of an assertion's set-up and of the assertion, compiled once for all programs.

    Args:
        test: of the kind "assert", see `sandbox.examiner_client`; keeps the code.

    Raises:
        SyntaxError: One of them is not Python.
    """
    if "compiled" not in test:
        test["compiled"] = compile(test["setup"], SETUP_FILE, "exec"), compile(test["code"], TEST_FILE, "exec")
    setup, code = test["compiled"]
    return setup, code


def is_the_tests_own(
    error: BaseException, test: dict[str, Any], encode: Callable[[Any], Any], *, answered: bool
) -> bool:
    """Whether a test raised an error that any program would have met.

    The test is tried on a canary, which answers everything with itself. Only if it raises the same error there can the
    test be to blame. Once the program has answered, it must also be an error of the few kinds that no answer leads to:
    an import of what is not there, a name that nothing in the test binds, a value that can't be passed to any program.

    Args:
        error: what the test raised, and the program did not.
        test: the test.
        encode: raises Unencodable for a value that can't be passed to a program.
        answered: whether the test knows anything of the program, so that the error may be of the program's choosing.
    """
    if answered and not isinstance(error, (ImportError, NameError, Unencodable)):
        return False
    if isinstance(error, NameError) and error.name in _bound_names(test["setup"], test["code"]):
        return False
    return _signature(error) == _signature(_error_on_a_canary(test, encode))


def frames_of(error: BaseException) -> Iterator[tuple[str, int]]:
    """Yield file and line of every frame that an error went through, the outermost first.

    Args:
        error: as it was caught.

    Yields:
        The name that the code was compiled under, and the number of the line, from 1.
    """
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next


def _signature(error: BaseException | None) -> tuple[Any, ...]:
    """Return what makes two errors the same: kind, text, and the lines of the test that they went through."""
    if error is None:
        return ()
    return type(error), shown(error), [frame for frame in frames_of(error) if frame[0] in (SETUP_FILE, TEST_FILE)]


class _Canary:
    """Acts as all of a program's objects, functions and answers in one."""

    def __init__(self, encode: Callable[[Any], Any]) -> None:
        self._encode = encode

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        for argument in (*arguments, *keywords.values()):
            self._encode(argument)
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, _key: Any) -> Any:
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter((self,))


class _TooLongError(BaseException):
    """Ends a test that the canary keeps running."""


def _error_on_a_canary(test: dict[str, Any], encode: Callable[[Any], Any]) -> BaseException | None:
    def give_up(*_: object) -> None:
        raise _TooLongError

    canary = _Canary(encode)
    namespace = {"__name__": "test", **dict.fromkeys(test["names"], canary)}
    usual = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, _CANARY_CPU_S)
    try:
        for code in compiled(test):
            exec(code, namespace)  # noqa: S102 - the benchmark's own code
    except BaseException as error:  # noqa: BLE001 - anything that the test raises
        return error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, usual)
    return None


def _bound_names(*texts: str) -> set[str]:
    """Return the names that some programs bind, in any scope."""
    return {symbol.get_name() for symbol in symbols_of(*texts) if symbol.is_assigned() or symbol.is_parameter()}
