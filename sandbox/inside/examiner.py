"""Examines programs by the tests of one problem after another, in a jail of its own, and never holds a program.

Runs test statements with a program's names bound to what its candidate answers, and compares what a program printed
with what is expected. Every value that comes from a candidate is of a plain type or a handle. One examiner serves all
programs that have the same tests; each test runs in names of its own. An examiner of plain tests takes over the plain
tests of other problems too: it is the *arbiter*, and holds nothing of a test but its texts.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import functools
import importlib
import json
import os
import resource
import socket
import sys
import time
from contextlib import suppress
from types import CodeType
from typing import Any, NamedTuple, NoReturn

from sandbox.inside import checkers
from sandbox.inside.blame import compiled
from sandbox.inside.clock import Clock
from sandbox.inside.messages import Comparison, ExamineRequest, content_of, receive_work, send_mark
from sandbox.inside.plain import NO_SCRIPT, Plan, plan_of
from sandbox.inside.remote import Remote
from sandbox.inside.server import GOES_ON, READY, WAITS
from sandbox.inside.session import ACCEPTED, Finding, Session, names_of
from sandbox.inside.shown import shown
from sandbox.inside.stream import Gone, Stream, TooLong

_RECURSION_LIMIT = 10_000
"""A value takes some five frames a level, and the test may wrap what came before it goes back."""
_EXAMINATION_CPU_S, _COMPARISON_CPU_S = 30, 10
"""For the work on one program's answers, and on one output; more means that they were made to be hard to compare."""
_REHEARSALS = 30
_MOST_RESIDENT_KIB = 96 << 10
"""An examiner that ever had more makes way for a new one: what one program made it keep must not meet the next."""
_UNMARKED_S = 0.05
"""Replies to a script that took less together are not reported to the candidates' template one by one."""
_ACCEPTED_UNMARKED = json.dumps(ACCEPTED)[:-1] + ", "


class ProblemTests:
    """Holds the tests of a problem, and the plan for them if all are plain."""

    def __init__(self, text: bytes) -> None:
        """Read the tests: a JSON list, as the judge writes it."""
        self.tests: list[dict[str, Any]] = json.loads(text)
        self.names = names_of(self.tests)
        self.forgives = all(test["kind"] != "assert" for test in self.tests)
        self.plan = plan_of(self.tests, self.names, forgives=self.forgives)

    def compile(self) -> None:
        """Compile all tests; an error in one ends the examiner before it meets a program."""
        for test in self.tests:
            if test["kind"] == "assert":
                compiled(test)


class Outlets(NamedTuple):
    """Names the outlets of an examiner: results for the judge, marks for the candidates' template, the clock."""

    results: int
    marks: socket.socket
    clock: Clock


def examine_programs(  # noqa: PLR0917 - descriptors, in the order of a request
    tests: int, judge_fd: int, results: int, clock_file: int, marks: int, schedstat: int
) -> NoReturn:
    """Judge programs by the tests in a memory file, and compare outputs, until the judge closes its socket.

    The judge sends work (see `sandbox.inside.messages`) and gets two letters for each: the outcome, and whether this
    examiner stays ("s") or leaves ("l"). The first two come before any work, and are those of taking over tests: "p"
    if all are plain, and then the script for candidates is in the results; "n" if not. An examination ends with "k",
    and a row a test in the results: a JSON list of a finding, the seconds for which the candidate owed answers, and
    whether the candidates' template got a mark then. A comparison ends with "y", "n", "m"
    for too much memory, or "b" where the checker itself is broken, and then the results say how.

    Args:
        tests: memory file with the first problem.
        judge_fd: packet socket to the judge.
        results: memory file, empty whenever work comes.
        clock_file: memory file for the clock of the test at hand.
        marks: packet socket to the candidates' template, which alone knows what a candidate used.
        schedstat: /proc/self/schedstat, opened; -1 where there is none.
    """
    sys.setrecursionlimit(_RECURSION_LIMIT)
    outlets = Outlets(results, socket.socket(fileno=marks), Clock(clock_file, schedstat))
    text, judge = content_of(tests), socket.socket(fileno=judge_fd)
    problem = ProblemTests(text)
    if problem.plan is None:
        problem.compile()
        if b"numpy" in text and b"random" in text:
            with suppress(ImportError):
                importlib.import_module("numpy.random")  # so that it is seeded for the first program too
    judge.send(_hand_over_script(problem, results) + b"s")
    while received := receive_work(judge):
        work, descriptors = received
        if isinstance(work, ExamineRequest):
            _bound_cpu(_EXAMINATION_CPU_S)
            _forget()
            _examine(problem, work, descriptors[0], outlets)
            outcome = b"k"
        elif isinstance(work, Comparison):
            _bound_cpu(_COMPARISON_CPU_S)
            outcome = _compare(work.checker, descriptors[0], descriptors[1], descriptors[2], results)
        else:
            problem = ProblemTests(content_of(descriptors[0]))
            outcome = _hand_over_script(problem, results)
        for fd in descriptors:
            os.close(fd)
        leaves = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > _MOST_RESIDENT_KIB
        judge.send(outcome + (b"l" if leaves else b"s"))
        if leaves:
            break
    os._exit(0)


def prepare_examiners() -> None:
    """Go through examinations before any fork has to, so that each inherits specialised code and filled pools.

    A test may convert integers of any length, as a program may: the examiner bounds its own CPU time.
    """
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    test = {"kind": "assert", "setup": "", "code": "assert f([1, (2, 3)]) == [1, 2]", "names": ["f"]}
    loaded, returned = '["ok", {"dict": [["f", {"handle": 0}]]}, {}]', '["ok", [1, 2], {}]'
    ours, theirs = socket.socketpair()
    marks, template = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with ours, theirs, marks, template:
        outlets = Outlets(nowhere, marks, Clock(nowhere, -1))
        problem = ProblemTests(json.dumps([test]).encode())
        for number in range(2 * _REHEARSALS):
            is_scripted = number % 2 == 0
            for reply in (GOES_ON + loaded, GOES_ON + returned) if is_scripted else (READY, loaded, returned):
                Stream(theirs.fileno()).send(reply)
            examination = ExamineRequest(number, 0, exhaustive=False, is_scripted=is_scripted, most_bytes=1 << 20)
            _examine(problem, examination, ours.fileno(), outlets)
            if not is_scripted:
                template.recv(64)
                theirs.recv(1 << 16)
    os.close(nowhere)


def _bound_cpu(seconds: int) -> None:
    """Have the kernel end this process after so many more seconds of CPU time."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + seconds, hard))


def _hand_over_script(problem: ProblemTests, results: int) -> bytes:
    """Write the script for candidates, if there is one; return whether there is."""
    os.write(results, problem.plan.script if problem.plan else NO_SCRIPT)
    return b"p" if problem.plan else b"n"


def _examine(problem: ProblemTests, examination: ExamineRequest, peer: int, outlets: Outlets) -> None:
    clock, plan = outlets.clock, problem.plan if examination.is_scripted else None
    remote = Remote(peer, examination.most_bytes, clock, is_scripted=plan is not None)
    session = Session(remote, clock, problem.names, forgives=problem.forgives)
    report = _Report(examination.number, outlets)
    clock.start()
    replies = _Replies(remote, plan, clock) if plan else None
    for number in range(examination.first, len(problem.tests)):
        if replies is not None and replies.next_is_right(number):
            report.add_accepted(clock.answered_and_owes())
            continue
        report.write()  # lest it be lost over what comes now
        finding = session.judge(problem.tests[number])
        if replies is not None and session.failure is None:  # then nothing more is read
            replies.learn(number, is_right=finding is ACCEPTED)
        report.add(finding, clock.owed_s, is_marked=not remote.is_scripted)
        if finding[0] == "lost" or (finding[0] != "accepted" and not examination.exhaustive):
            break
        clock.start()
        if remote.is_scripted:
            clock.owe()
    report.write()
    clock.stop()


class _Replies:
    """Reads the replies to a script, as long as they are right; others are left for a session to read."""

    def __init__(self, remote: Remote, plan: Plan, clock: Clock) -> None:
        """Wait for the program to be loaded."""
        self._remote, self._plan, self._clock = remote, plan, clock
        self._last = b""
        self._before: list[bytes] = []
        """What came before the first reply: a session that begins has to read it."""
        clock.owe()
        with suppress(Gone, TooLong):
            self._before.append(remote.stream.receive(remote.most_text))
        self._is_plain = self._before == [plan.loaded]
        if not self._is_plain:
            self._leave()

    def next_is_right(self, test: int) -> bool:
        """Whether the next reply is a right one; if not, a session is to judge the test."""
        self._last = b""
        if not (self._is_plain and self._remote.is_scripted):
            return False
        try:  # not `suppress`, which would be the dearest part of a test
            self._last = self._remote.stream.receive(self._remote.most_text)
            if self._last in self._plan.right[test]:
                return True
            self._remote.stream.put_back(self._last)
        except (Gone, TooLong):
            pass
        self._leave()
        return False

    def learn(self, test: int, *, is_right: bool) -> None:
        """Take note of what a session found of the last reply."""
        if not self._remote.is_scripted:
            return
        if not self._remote.has_called:  # the test failed before: the reply is not for the next one
            with suppress(Gone, TooLong):
                reply = self._remote.stream.receive(self._remote.most_text)
                self._remote.is_scripted = reply[:1] != WAITS.encode()
        elif is_right and self._last:
            self._plan.learn(test, self._last)

    def _leave(self) -> None:
        """Give back what was read, and what is known of the clock."""
        self._clock.settle()
        self._clock.set_answers(0)
        for text in reversed(self._before):
            self._remote.stream.put_back(text)
        self._before.clear()


class _Report:
    """Writes a row for each test, and marks for the candidates' template."""

    def __init__(self, number: int, outlets: Outlets) -> None:
        self._number, self._outlets = number, outlets
        self._rows: list[str] = []
        self._unmarked_s = 0.0

    def add_accepted(self, owed_s: float) -> None:
        """Add a test whose reply was right without being read."""
        if self._unmarked_s + owed_s > _UNMARKED_S:
            self.add(ACCEPTED, owed_s, is_marked=False)
        else:
            self._unmarked_s += owed_s
            self._rows.append(f"{_ACCEPTED_UNMARKED}{owed_s!r}, false]")  # as `add` would write it

    def add(self, finding: Finding, owed_s: float, *, is_marked: bool) -> None:
        """Add a test; it is marked in any case where the candidate took its time."""
        self._unmarked_s += owed_s
        is_marked = finding[0] != "lost" and (is_marked or self._unmarked_s > _UNMARKED_S)
        if is_marked:
            send_mark(self._outlets.marks, self._number, self._unmarked_s)
            self._unmarked_s = 0.0
        self._rows.append(json.dumps((*finding, owed_s, is_marked)))

    def write(self) -> None:
        """Write the rows that are left."""
        if self._rows:
            os.write(self._outlets.results, "".join(row + "\n" for row in self._rows).encode("ascii"))
            self._rows.clear()


def _compare(checker: str, expected_fd: int, actual_fd: int, source_fd: int, results: int) -> bytes:
    """Return whether a checker takes an output for the expected one; see `examine_programs` for the letters."""
    expected, actual, source = content_of(expected_fd), content_of(actual_fd), content_of(source_fd)
    try:
        if source and (fault := _fault_of(checker, source, expected)):
            os.write(results, fault)
            return b"b"
        check = _own_checker(checker, source) if source else checkers.stdio_checker(checker)
        return b"y" if _is_true(check(expected, actual)) else b"n"
    except MemoryError:
        return b"m"
    except BaseException:
        if not source:
            raise
        return b"n"  # a benchmark's own code, and an output that it can't read


@functools.lru_cache(16)
def _fault_of(checker: str, source: bytes, expected: bytes) -> bytes:
    """Return what is wrong with a benchmark's own checker that fails on no output at all, b"" if nothing is.

    It is tried before it sees what a program printed, so that no program can choose to be judged by a broken one.
    """
    try:
        _is_true(_own_checker(checker, source)(expected, b""))
    except MemoryError:
        raise
    except BaseException as error:  # noqa: BLE001 - it may raise what it likes
        return f"{type(error).__name__}: {shown(error)}".encode("ascii", "backslashreplace")
    return b""


def _is_true(same: object) -> bool:
    if not isinstance(same, bool):
        raise TypeError(f"it returned an object of type {type(same).__name__}, not a bool")
    return same


def _own_checker(name: str, source: bytes) -> Any:
    """Return a function of a benchmark's own module, in names of its own: no comparison finds what another left."""
    namespace: dict[str, Any] = {"__name__": "checker"}
    exec(_compiled_checker(source), namespace)  # noqa: S102 - the benchmark's own code
    return namespace[name]


@functools.lru_cache(1)
def _compiled_checker(source: bytes) -> CodeType:
    return compile(source, "<checker>", "exec")


def _forget() -> None:
    """Undo what tests do to the modules of random and rounded numbers: every program meets the same examiner."""
    for name in ("random", "numpy.random"):
        if name in sys.modules:
            sys.modules[name].seed(0)
    if "decimal" in sys.modules:
        sys.modules["decimal"].setcontext(sys.modules["decimal"].Context())
