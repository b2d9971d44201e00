"""Runs the miniature's own programs in this process, which is quick: never a model's, which belong into the sandbox."""

import io
import sys
from collections.abc import Sequence
from functools import partial
from types import CodeType, FrameType
from typing import Any

from sandbox.checkers import lines
from sandbox.testcase import StdioTest
from sandbox.verdict import Verdict

MOST_LINES = 20_000
"""Lines that a program may run; those that come to an end run far fewer."""

_FILE = "<miniature>"


class _Endless(BaseException):
    """The program has run more lines than it may; no program catches this."""


def printed(program: str | CodeType, stdin: str) -> str:
    """Return what a program of ours prints."""
    rows, stdout = iter(stdin.splitlines()), io.StringIO()

    def read() -> str:
        try:
            return next(rows)
        except StopIteration:
            raise EOFError from None

    exec(program, {"input": read, "print": partial(print, file=stdout)})  # noqa: S102 - one of our own programs
    return stdout.getvalue()


def verdict_of(program: str, tests: Sequence[StdioTest]) -> Verdict | None:
    """Return the verdict on a program of ours, or None where it doesn't come to an end."""
    try:
        code = compile(program, _FILE, "exec")
    except SyntaxError:
        return Verdict.COMPILE_ERROR
    for test in tests:
        try:
            output = _printed_soon(code, test.stdin)
        except _Endless:
            return None
        except Exception:  # noqa: BLE001 - whatever the program does wrong
            return Verdict.RUNTIME_ERROR
        if not lines(test.expected_stdout.encode(), output.encode()):
            return Verdict.WRONG_ANSWER
    return Verdict.ACCEPTED


def _printed_soon(code: CodeType, stdin: str) -> str:
    """Return what the program prints; raise _Endless where it runs more lines than it may."""
    left = MOST_LINES

    def count(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename != _FILE:
            return None
        left -= event == "line"
        if left < 0:
            raise _Endless
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        return printed(code, stdin)
    finally:
        sys.settrace(before)
