"""Defines the records of judging: limits, tests, executions, verdicts."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Literal

import msgspec


class Refused(ValueError):  # noqa: N818 - says what the host's answer means
    """Reports, with the reason and a remedy in one line, a host that can't hold an untrusted program."""


class Fault(RuntimeError):  # noqa: N818 - a fault of ours, as a noun
    """Reports a failure of the sandbox itself; never the program's doing as far as we know."""


class Verdict(StrEnum):
    """Names the judge's finding, from harmless to grave: the order of the members is the order of precedence."""

    ACCEPTED = "accepted"
    WRONG_ANSWER = "wrong_answer"
    RUNTIME_ERROR = "runtime_error"
    OUTPUT_LIMIT = "output_limit"
    MEMORY_LIMIT = "memory_limit"
    TIME_LIMIT = "time_limit"
    COMPILE_ERROR = "compile_error"
    SANDBOX_ERROR = "sandbox_error"


_GRAVITY = {verdict: gravity for gravity, verdict in enumerate(Verdict)}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the gravest verdict.

    >>> worst([Verdict.TIME_LIMIT, Verdict.ACCEPTED, Verdict.WRONG_ANSWER])
    <Verdict.TIME_LIMIT: 'time_limit'>

    Args:
        verdicts: one at least, in any order.

    Returns:
        The last of them in the order of `Verdict`.

    Raises:
        ValueError: There are none.
    """
    return max(verdicts, key=_GRAVITY.__getitem__)


BOUNDS: dict[str, tuple[float, float]] = {
    "cpu_s": (0.01, 3600.0),
    "wall_s": (0.01, 3600.0),
    "memory_bytes": (32 << 20, 1 << 40),
    "output_bytes": (1, 1 << 30),
    "processes": (1, 4096),
    "file_bytes": (1 << 20, 1 << 40),
    "open_files": (8, 65536),
}
"""The least and the most of each limit: below, no program could be loaded; above, no host could keep it."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds one execution; raises ValueError, or msgspec's on reading, for a limit that can't be kept.

    CPU seconds decide (threads and children included); wall seconds only catch sleepers, and time spent waiting for a
    busy processor does not count towards them. A test of a program's functions has the CPU and wall limit to itself,
    loading the program counts towards its first test; what it waits in all of them together is bounded by `waiting_s`.
    """

    cpu_s: float = 4.0
    wall_s: float = 10.0
    memory_bytes: int = 1 << 30
    """Address space of each process, and resident memory of all of them together."""
    output_bytes: int = 16 << 20
    """Standard output; also the size of one value that a function returns, as `inside.values.Writer` counts it."""
    processes: int = 32
    """Processes and threads alive at once."""
    file_bytes: int = 64 << 20
    """Size of one file."""
    open_files: int = 64

    @property
    def waiting_s(self) -> float:
        """Seconds that a program may wait in all its tests together, beyond its CPU time: three wall limits."""
        return 3 * self.wall_s

    def __post_init__(self) -> None:
        """Refuse what can't be kept."""
        for name, (least, most) in BOUNDS.items():
            value = getattr(self, name)
            kinds = (int, float) if isinstance(least, float) else (int,)
            if type(value) not in kinds or not least <= value <= most:  # not a number is neither
                raise ValueError(f"a limit {name} of {value!r} can't be kept: give a number from {least} to {most}")


class OwnChecker(msgspec.Struct, frozen=True, kw_only=True):
    """Carries a benchmark's own checker into the jail: the function `name` of a module with this source.

    It takes the expected output and the actual one as bytes and returns a bool. The module is executed for each
    comparison and may import the standard library only. An error in it is a fault, never the program's.
    """

    name: str
    source: str


class StdioTest(msgspec.Struct, frozen=True, kw_only=True, tag="stdio"):
    """Runs the program as `__main__` with `stdin`; `checker` compares its output with `expected_stdout`."""

    stdin: str
    expected_stdout: str
    checker: str | OwnChecker = "lines"


class CallTest(msgspec.Struct, frozen=True, kw_only=True, tag="call"):
    """Calls `function` of the program with `arguments`; `checker` compares the result with `expected`.

    Where `left_in` is the number of an argument, from 0, a function that returns None has left its answer there.
    `function` is a top-level name, or a method of the program's class `Solution`, written `Solution().name` or just
    `name`. A program may go on to use the function on standard input, which is empty here: where its top level asks for
    more (EOFError), what it has defined by then is called.
    """

    function: str
    arguments: tuple[Any, ...]
    expected: Any
    checker: str = "equal"
    left_in: int | None = None


class AssertTest(msgspec.Struct, frozen=True, kw_only=True, tag="assert"):
    """Executes `setup`, then `code`, with the program's `names` bound; an AssertionError is a wrong answer.

    Only `names` come from the program. Every other name, builtins included, is the test's own, so that a program that
    defines its own `abs` or `set` can't bend the comparison.
    """

    code: str
    setup: str = ""
    names: tuple[str, ...] = ()


class ValueTest(msgspec.Struct, frozen=True, kw_only=True, tag="value"):
    """Calls `function` as a CallTest does, to learn its value.

    Every value is accepted, and is in the outcome's `actual` as `sandbox.inside.values` writes it; an object of the
    program's own, which has no plain form, is written as a handle.
    """

    function: str
    arguments: tuple[Any, ...]


FunctionTest = CallTest | AssertTest | ValueTest
"""What needs an examiner, between the program's functions and the test."""
Test = StdioTest | FunctionTest


def are_same_tests(some: tuple[Test, ...], others: tuple[Test, ...]) -> bool:
    """Return whether two tuples hold the same tests, as far as that shows: tests that are text throughout are compared.

    Values are not, because Python takes 1, 1.0 and True for equal, and a program does not.

    >>> are_same_tests((AssertTest(code="assert f() == 1"),), (AssertTest(code="assert f() == 1"),))
    True
    >>> are_same_tests((ValueTest(function="f", arguments=(1,)),), (ValueTest(function="f", arguments=(True,)),))
    False

    Args:
        some: one tuple.
        others: the other; the very same one holds the same tests whatever their kind.
    """
    if some is others:
        return True
    return len(some) == len(others) and {type(test) for test in some} <= {AssertTest, StdioTest} and some == others


Exceeded = Literal["cpu", "wall", "memory", "output", "processes", "open_files", "file_size"]


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """Reports one execution, by the kernel; stdout and stderr are the part of the program's output that is shown."""

    exit_code: int | None
    """None where a signal ended it."""
    signal: int | None
    stdout: bytes
    stdout_bytes: int
    """How much there is of it; beyond the limit, how much is shown."""
    stderr: bytes
    cpu_s: float
    """User and system time of the process, its threads and its children."""
    wall_s: float
    peak_memory_bytes: int
    """Peak resident memory of its largest process, the warm interpreter's share included."""
    exceeded: Exceeded | None


class TestOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """Reports one test; `expected` and `actual` are cut to a readable length, and empty if it passed."""

    verdict: Verdict
    cpu_s: float
    wall_s: float
    peak_memory_bytes: int
    exceeded: Exceeded | None = None
    detail: str = ""
    expected: str = ""
    actual: str = ""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Reports the judge's finding on a program.

    `per_test` holds every test in exhaustive mode, otherwise those up to the first that failed; it is empty where the
    program does not compile. `detail` explains a verdict other than accepted in one line. `reused` says that it is the
    judgement of an equal program, see `sandbox.pool.judge_all`.
    """

    verdict: Verdict
    per_test: tuple[TestOutcome, ...]
    cpu_s: float
    detail: str = ""
    reused: bool = False
