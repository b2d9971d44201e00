"""Examines programs by the tests of one problem, in a jail of its own, and never holds a program.

Runs test statements with a program's names bound to what its candidate answers, compares what a program printed with
what is expected, and writes one JSON line a test into a memory file that only the judge reads. Every value that comes
from a candidate is of a plain type or a handle. One examiner serves all programs that have the same tests; each
test runs in names of its own.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import functools
import importlib
import json
import os
import reprlib
import resource
import socket
import sys
import time
from contextlib import suppress
from types import CodeType
from typing import Any, NoReturn

from sandbox.inside import checkers, messages, values
from sandbox.inside.blame import SETUP_FILE, TEST_FILE, frames_of, is_the_tests_own
from sandbox.inside.clock import Clock
from sandbox.inside.messages import ExamineRequest, content_of, receive_work, send_mark
from sandbox.inside.proxies import ErrorClass, Handle, story_of
from sandbox.inside.remote import NeverReady, Remote, Uncompilable, few_digits, shown
from sandbox.inside.server import READY

_RECURSION_LIMIT = 10_000
"""A value takes some five frames a level, and the test may wrap what came before it goes back."""
_EXAMINATION_CPU_S, _COMPARISON_CPU_S = 30, 10
"""For the work on one program's answers, and on one output; more means that they were made to be hard to compare."""
_REHEARSALS = 30
_MOST_RESIDENT_KIB = 96 << 10
"""An examiner that ever had more makes way for a new one: what one program made it keep must not meet the next."""

_BORDER: tuple[tuple[type[Exception], str, str], ...] = (
    (NeverReady, "sandbox_error", "the candidate ended before it came to the program"),
    (messages.Gone, "lost", ""),
    (Uncompilable, "compile_error", ""),
    (messages.TooLong, "output_limit", "the program answered with "),
    (values.Malformed, "runtime_error", "the program answered with something that is not a value: "),
)
"""What can go wrong on the stream to the candidate, and what that means; the error's own text follows the words."""

_brief = reprlib.Repr()
_brief.maxlevel, _brief.maxstring, _brief.maxother, _brief.maxlong = 6, 400, 200, 100
_brief.maxlist = _brief.maxtuple = _brief.maxdict = _brief.maxset = _brief.maxfrozenset = _brief.maxdeque = 30


def examine_programs(tests: int, judge_fd: int, clock_file: int, marks: int, schedstat: int) -> NoReturn:
    """Judge programs by the tests in a memory file, and compare outputs, until the judge closes its socket.

    Args:
        tests: a JSON list, as the judge writes it.
        judge_fd: packet socket on which the judge sends its work. An examination comes with two descriptors: a memory
            file for the results (a line a test: verdict, detail, expected, actual, line; "lost" where the candidate
            died) and the stream socket to the candidate. A comparison comes with the expected output and the actual
            one. The answer is two letters: the outcome, and whether this examiner stays or leaves.
        clock_file: memory file for the clock of the test at hand.
        marks: packet socket to the candidates' template, which alone knows what a candidate used: it gets a mark where
            each test ends.
        schedstat: /proc/self/schedstat, opened; -1 where there is none.
    """
    sys.setrecursionlimit(_RECURSION_LIMIT)
    text = content_of(tests)
    cases = [_compiled(case) for case in json.loads(text)]
    if b"numpy" in text and b"random" in text:
        with suppress(ImportError):
            importlib.import_module("numpy.random")  # so that the seed of its lots is set for the first program too
    judge, marking, clock = socket.socket(fileno=judge_fd), socket.socket(fileno=marks), Clock(clock_file, schedstat)
    while received := receive_work(judge):
        work, descriptors = received
        if isinstance(work, ExamineRequest):
            _bound_cpu(_EXAMINATION_CPU_S)
            _forget()
            _examine(cases, work, descriptors, marking, clock)
            outcome = b"k"
        else:
            _bound_cpu(_COMPARISON_CPU_S)
            outcome = _compare(work, *descriptors)
        for fd in descriptors:
            os.close(fd)
        leaves = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > _MOST_RESIDENT_KIB
        judge.send(outcome + (b"l" if leaves else b"s"))
        if leaves:
            break
    os._exit(0)


def prepare_examiners() -> None:
    """Go through an examination before any fork has to, so that each inherits specialised code and filled pools."""
    case = {"kind": "assert", "setup": "", "code": "assert f([1, (2, 3)]) == [1, 2]", "names": ["f"]}
    replies = [READY, '["ok", {"dict": [["f", {"handle": 0}]]}, {}]', '["ok", [1, 2], {}]']
    ours, theirs = socket.socketpair()
    marks, template = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with ours, theirs, marks, template:
        for number in range(_REHEARSALS):
            for reply in replies:
                messages.Stream(theirs.fileno()).send(reply)
            examination = ExamineRequest(number, 0, exhaustive=False, most_bytes=1 << 20)
            _examine([_compiled(case)], examination, [nowhere, ours.fileno()], marks, Clock(nowhere, -1))
            template.recv(64)
            theirs.recv(1 << 16)
    os.close(nowhere)


def _bound_cpu(seconds: int) -> None:
    """Have the kernel end this process after so many more seconds of CPU time."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + seconds, hard))


def _examine(
    cases: list[dict[str, Any]], examination: ExamineRequest, descriptors: list[int], marks: socket.socket, clock: Clock
) -> None:
    results, peer = descriptors
    session = _Session(peer, examination.most_bytes, cases, clock)
    for case in cases[examination.first :]:
        clock.start()
        finding = session.judge(case)
        if finding["verdict"] != "lost":
            send_mark(marks, examination.number, clock.owed_s)
        os.write(results, json.dumps(finding).encode("utf-8", "backslashreplace") + b"\n")
        if finding["verdict"] == "lost" or (finding["verdict"] != "accepted" and not examination.exhaustive):
            break
    clock.stop()


def _compare(checker: str, expected: int, actual: int, source: int) -> bytes:
    """Return whether a checker takes an output for the expected one: yes, no, or too much memory."""
    own = content_of(source)
    try:
        check = _own_checker(checker, own) if own else checkers.STDIO[checker]
        same = check(content_of(expected), content_of(actual))
    except MemoryError:
        return b"m"
    if not isinstance(same, bool):
        raise TypeError(f"it returned {_shown(same)}, not a bool")
    return b"y" if same else b"n"


def _own_checker(name: str, source: bytes) -> Any:
    """Return a function of a benchmark's own module, in names of its own: no comparison finds what another left."""
    namespace: dict[str, Any] = {"__name__": "checker"}
    exec(_compiled_checker(source), namespace)  # noqa: S102 - the benchmark's own code
    return namespace[name]


@functools.lru_cache(1)
def _compiled_checker(source: bytes) -> CodeType:
    return compile(source, "<checker>", "exec")


def _compiled(case: dict[str, Any]) -> dict[str, Any]:
    """Return a test with its code compiled, once for all programs."""
    if case["kind"] != "assert":
        return case
    code, setup = compile(case["code"], TEST_FILE, "exec"), compile(case["setup"], SETUP_FILE, "exec")
    return {**case, "code": code, "setup": setup, "setup_text": case["setup"], "code_text": case["code"]}


def _forget() -> None:
    """Undo what tests do to the modules of random and rounded numbers: every program meets the same examiner."""
    for name in ("random", "numpy.random"):
        if name in sys.modules:
            sys.modules[name].seed(0)
    if "decimal" in sys.modules:
        sys.modules["decimal"].setcontext(sys.modules["decimal"].Context())


Finding = dict[str, Any]


def _finding(verdict: str, detail: str = "", expected: str = "", actual: str = "", line: int = 0) -> Finding:
    return {
        "verdict": verdict,
        "detail": detail[:1000],
        "expected": expected[:2000],
        "actual": actual[:2000],
        "line": line,
    }


class _Session:
    """Judges one candidate by the tests."""

    def __init__(self, peer: int, most_bytes: int, cases: list[dict[str, Any]], clock: Clock) -> None:
        self.remote = Remote(peer, most_bytes, clock)
        self.clock = clock
        self.names = tuple(dict.fromkeys(name for case in cases for name in _names_of(case)))
        self.calls_only = all(case["kind"] != "assert" for case in cases)
        self.loaded = False
        self.program: dict[str, Any] = {}
        """The program's values by name, of the names that it defines."""
        self.failure: Finding | None = None

    def judge(self, test: dict[str, Any]) -> Finding:
        """Return the finding of one test; a program that failed to load fails every test in the same way."""
        if self.failure is not None:
            return self.failure
        self.remote.begin_test()
        try:
            if not self.loaded:
                self.program = self.remote.load(self.names, forgives=self.calls_only)
                self.loaded = True
            has_values = any(not isinstance(value, (Handle, ErrorClass)) for value in self.program.values())
            self.clock.set_answers(1 if has_values else 0)
            return self._assert(test) if test["kind"] == "assert" else self._call(test)
        except BaseException as error:  # noqa: BLE001 - the test's, the program's or the stream's: told apart below
            self.remote.at_rest = True
            finding = self._of_error(self.remote.broken or error, test)
        if not self.loaded and finding["verdict"] != "lost":
            self.failure = finding
        return finding

    def _assert(self, test: dict[str, Any]) -> Finding:
        namespace = {"__name__": "test", **{name: self.program[name] for name in test["names"] if name in self.program}}
        exec(test["setup"], namespace)  # noqa: S102 - the benchmark's own code
        exec(test["code"], namespace)  # noqa: S102 - the benchmark's own code
        if self.remote.broken is not None:  # and the test caught it
            raise self.remote.broken
        return _finding("accepted")

    def _call(self, test: dict[str, Any]) -> Finding:
        function = self._function(test["function"])
        arguments = tuple(values.from_tree(test["arguments"]))
        if test["kind"] == "value":
            value = self.remote.call(function, arguments, {})
            return _finding("accepted") | {"actual": values.to_text(value, export=lambda _: {"handle": 0})}
        expected = values.from_tree(test["expected"])
        actual = self.remote.call(function, arguments, {})
        if checkers.CALL[test["checker"]](expected, actual) and self.remote.broken is None:
            return _finding("accepted")
        self.remote.at_rest = True
        call = f"{test['function']}({', '.join(map(_shown, arguments))})"
        return _finding("wrong_answer", call, _shown(expected), _shown(actual))

    def _function(self, name: str) -> Any:
        """Return a top-level function, or a method of a new object of the program's class Solution."""
        method = name.removeprefix("Solution().")
        if method == name and name in self.program:
            return self.program[name]
        if "Solution" not in self.program:
            missing = name if method == name else "Solution"
            raise NameError(missing, name=missing)
        return self.remote.get(self.remote.call(self.program["Solution"], (), {}), method)

    def _of_error(self, error: BaseException, test: dict[str, Any]) -> Finding:
        """Tell whose error it is, and what that means for the program."""
        text, answered = shown(error), self.clock.answers > 0
        for kind, verdict, words in _BORDER:
            if isinstance(error, kind):
                return _finding(verdict, words + text)
        if (story := story_of(error)) is not None:
            return _finding("memory_limit" if isinstance(error, MemoryError) else "runtime_error", story)
        if missing := self._missing_name(error):
            return _finding("runtime_error", f"the program defines no {missing!r}")
        if isinstance(error, MemoryError) and answered:
            return _finding("memory_limit", "the program's answer takes more memory than allowed")
        failed = isinstance(error, AssertionError) and _failing_line(error) > 0
        if (
            test["kind"] == "assert"
            and not failed
            and is_the_tests_own(error, test, self.remote.encode, answered=answered)
        ):
            return _finding("sandbox_error", f"the test itself is broken: {type(error).__name__}: {text}")
        detail = text if isinstance(error, AssertionError) else f"{type(error).__name__}: {text}"
        return _finding("wrong_answer", detail, actual=_shown(self.remote.result), line=_failing_line(error))

    def _missing_name(self, error: BaseException) -> str | None:
        """Return the name that the test needs and the program lacks, if that is what the error says."""
        name = error.name if isinstance(error, NameError) else None
        return name if name in self.names and name not in self.program else None


def _names_of(test: dict[str, Any]) -> list[str]:
    if test["kind"] == "assert":
        names: list[str] = test["names"]
        return names
    return [test["function"].removeprefix("Solution()."), "Solution"]


def _failing_line(error: BaseException) -> int:
    """Return the line of the test on which an error arose."""
    return next((line for file, line in reversed([*frames_of(error)]) if file == TEST_FILE), 0)


def _shown(value: Any) -> str:
    """Return any value as readable text of bounded length."""
    try:
        with few_digits():
            return _brief.repr(value)
    except BaseException as error:  # noqa: BLE001 - an integer with too many digits, say
        return f"<{type(value).__name__}, not shown: {type(error).__name__}>"
