"""Whose fault it is that a test raised: a broken test must not count against a program.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

from collections.abc import Collection, Iterator

from sandbox.scopes import symbols_of

SETUP_FILE, TEST_FILE = "<setup>", "<test>"


def is_the_tests_own(error: BaseException, setup: str, code: str, names: Collection[str]) -> bool:
    """Whether a test raised an error that any program would have met.

    That is: it imports what is not there; it uses a name that nothing in it binds; or its setup fails, and has nothing
    to do with the program. A name that the test binds somewhere may be missing because of what the program answered.

    Args:
        error: what the test raised, and the program did not.
        setup: the text of its setup.
        code: the text of the test itself.
        names: those that the program is to define.
    """
    files = [file for file, _ in frames_of(error)]
    if isinstance(error, ImportError):
        return not _met_in_a_text(files)
    if isinstance(error, NameError) and error.name:
        bound = {
            symbol.get_name() for symbol in symbols_of(setup, code) if symbol.is_assigned() or symbol.is_parameter()
        }
        return error.name not in bound and not _met_in_a_text(files)
    in_setup = SETUP_FILE in files and TEST_FILE not in files
    return in_setup and not any(symbol.get_name() in names for symbol in symbols_of(setup))


def _met_in_a_text(files: list[str]) -> bool:
    """Whether an error went through what the test evaluated from a text, maybe the program's answer."""
    return any(not file.startswith(("/", "<frozen ")) and file not in (SETUP_FILE, TEST_FILE) for file in files)


def frames_of(error: BaseException) -> Iterator[tuple[str, int]]:
    """Yield file and line of every frame that an error went through, the outermost first."""
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
