"""Inside a jail of its own: holds the tests and the expected answers, and never the program.

Runs test statements with the program's names bound to what the candidate answers, and writes one JSON line a test into
a memory file that only the judge reads. Every value that comes from the candidate is of a plain type or a handle.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import ast
import json
import os
import reprlib
import socket
from typing import Any, NoReturn

from sandbox import checkers, frames, values
from sandbox.remote import Remote, Uncompilable
from sandbox.wire import receive_lap, send_mark

_TEST_FILE = "<test>"
_LEFT, _RIGHT = "_proctor_left", "_proctor_right"

_brief = reprlib.Repr()
_brief.maxlevel, _brief.maxstring, _brief.maxother, _brief.maxlong = 6, 400, 200, 100
_brief.maxlist = _brief.maxtuple = _brief.maxdict = _brief.maxset = _brief.maxfrozenset = _brief.maxdeque = 30


def examine(tests: int, results: int, peer: int, marks: int, *, number: int, most_bytes: int) -> NoReturn:
    """Judge the program behind `peer` by the tests in one memory file, into another, and leave.

    Args:
        tests: `{"tests": [...], "exhaustive": bool}` as the judge writes it.
        results: a line a test: verdict, detail, expected, actual, cpu_s, wall_s; "lost" where the candidate died.
        peer: stream socket to the candidate.
        marks: packet socket to the candidates' zygote, which tells the CPU time of a test.
        number: this execution's number, for the marks.
        most_bytes: longest reply of the candidate.
    """
    asked = json.loads(os.pread(tests, os.fstat(tests).st_size, 0))
    clock = _Clock(socket.socket(fileno=marks), number)
    session = _Session(Remote(peer, most_bytes), asked["tests"])
    for test in asked["tests"]:
        finding = session.judge(test)
        lost = finding["verdict"] == "lost"
        line = finding if lost else {**finding, **clock.lap()}
        os.write(results, json.dumps(line).encode("utf-8", "backslashreplace") + b"\n")
        if lost or (finding["verdict"] != "accepted" and not asked["exhaustive"]):
            break
    os._exit(0)


class _Clock:
    """The candidates' zygote, which alone can tell what a candidate used."""

    def __init__(self, marks: socket.socket, number: int) -> None:
        self.marks = marks
        self.number = number

    def lap(self) -> dict[str, float]:
        """Return CPU and wall seconds since the last lap."""
        send_mark(self.marks, self.number)
        while (lap := receive_lap(self.marks)).number != self.number:
            continue  # the answer to an examiner before us, which did not live to read it
        return {"cpu_s": lap.cpu_s, "wall_s": lap.wall_s}


Finding = dict[str, Any]


def _finding(verdict: str, detail: str = "", expected: str = "", actual: str = "") -> Finding:
    return {"verdict": verdict, "detail": detail[:1000], "expected": expected[:2000], "actual": actual[:2000]}


class _Session:
    """One candidate and the tests it is put to."""

    def __init__(self, remote: Remote, tests: list[dict[str, Any]]) -> None:
        self.remote = remote
        self.names = tuple(dict.fromkeys(name for test in tests for name in _names_of(test)))
        self.loaded = False
        self.program: dict[str, Any] = {}
        """The program's values by name, of the names that it defines."""
        self.failure: Finding | None = None

    def judge(self, test: dict[str, Any]) -> Finding:
        """Return the finding of one test; a program that failed to load fails every test in the same way."""
        if self.failure is not None:
            return self.failure
        try:
            if not self.loaded:
                self.program = self.remote.load(self.names)
                self.loaded = True
            return self._assert(test) if test["kind"] == "assert" else self._call(test)
        except BaseException as error:  # noqa: BLE001 - the test's, the program's or the line's: told apart below
            finding = self._of_error(error, test)
        if not self.loaded and finding["verdict"] != "lost":
            self.failure = finding
        return finding

    def _assert(self, test: dict[str, Any]) -> Finding:
        namespace = {"__name__": "test", **{name: self.program[name] for name in test["names"] if name in self.program}}
        if test["setup"]:
            exec(compile(test["setup"], _TEST_FILE, "exec"), namespace)  # noqa: S102 - the benchmark's own code
        exec(compile(_recording(test["code"]), _TEST_FILE, "exec"), namespace)  # noqa: S102 - the benchmark's own code
        return _finding("accepted")

    def _call(self, test: dict[str, Any]) -> Finding:
        function = self._function(test["function"])
        arguments = tuple(values.from_tree(test["arguments"]))
        expected = values.from_tree(test["expected"])
        actual = self.remote.call(function, arguments, {})
        if checkers.CALL[test["checker"]](expected, actual):
            return _finding("accepted")
        call = f"{test['function']}({', '.join(map(_shown, arguments))})"
        return _finding("wrong_answer", call, _shown(expected), _shown(actual))

    def _function(self, name: str) -> Any:
        """Return a top-level function, or a method of a new object of the program's class Solution."""
        method = name.removeprefix("Solution().")
        if method == name and name in self.program:
            return self.program[name]
        if "Solution" not in self.program:
            raise NameError(name)
        return self.remote.get(self.remote.call(self.program["Solution"], (), {}), method)

    def _of_error(self, error: BaseException, test: dict[str, Any]) -> Finding:
        """Tell whose error it is, and what that means for the program."""
        if isinstance(error, frames.Gone):
            return _finding("lost")
        if isinstance(error, Uncompilable):
            return _finding("compile_error", str(error))
        if isinstance(error, frames.TooLong):
            return _finding("output_limit", f"the program answered with {error}")
        if isinstance(error, values.Malformed):
            return _finding("runtime_error", f"the program answered with something that is no value: {error}")
        if isinstance(error, values.Unencodable):
            return _finding("sandbox_error", str(error))
        if error is self.remote.raised:
            return _finding("memory_limit" if isinstance(error, MemoryError) else "runtime_error", str(error))
        if isinstance(error, MemoryError):
            return _finding("memory_limit", "the program's answer takes more memory than allowed")
        if missing := self._missing_name(error):
            return _finding("runtime_error", f"the program defines no {missing!r}")
        if isinstance(error, AssertionError):
            return _finding("wrong_answer", _source(test), *_compared(error, self))
        text = f"{_source(test)}: {type(error).__name__}: {error}"
        return _finding("wrong_answer", text, "", _shown(self.remote.result))

    def _missing_name(self, error: BaseException) -> str | None:
        """Return the name that the test needs and the program lacks, if that is what the error says."""
        name = (error.name or str(error)) if isinstance(error, NameError) else None
        return name if name in self.names and name not in self.program else None


def _names_of(test: dict[str, Any]) -> list[str]:
    if test["kind"] == "assert":
        names: list[str] = test["names"]
        return names
    return [test["function"].removeprefix("Solution()."), "Solution"]


def _source(test: dict[str, Any]) -> str:
    if test["kind"] == "assert":
        code: str = test["code"].strip()
        return code
    return f"{test['function']}(...)"


class _Record(ast.NodeTransformer):
    """Keeps both sides of every asserted comparison in local names, so that a failure can show them."""

    def visit_Assert(self, node: ast.Assert) -> ast.Assert:  # noqa: N802 - the name that ast looks for
        test = node.test
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            sides = zip((_LEFT, _RIGHT), (test.left, test.comparators[0]), strict=True)
            left, right = (ast.NamedExpr(ast.Name(name, ast.Store()), side) for name, side in sides)
            test.left, test.comparators = left, [right]
        return node


def _recording(code: str) -> ast.Module:
    return ast.fix_missing_locations(_Record().visit(ast.parse(code)))


def _compared(error: BaseException, session: _Session) -> tuple[str, str]:
    """Return what was expected and what came: the sides of the comparison that failed, or the last result."""
    trace, found = error.__traceback__, None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _TEST_FILE:
            found = trace.tb_frame.f_locals
        trace = trace.tb_next
    if found and _LEFT in found and _RIGHT in found:
        return _shown(found[_RIGHT]), _shown(found[_LEFT])
    return "", _shown(session.remote.result)


def _shown(value: Any) -> str:
    """Return a value as readable text of bounded length, whatever the value."""
    try:
        return _brief.repr(value)
    except (ValueError, RecursionError, MemoryError) as error:  # an integer with too many digits, say
        return f"<{type(value).__name__}, not shown: {error}>"

