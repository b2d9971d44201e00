"""Judges one candidate by the tests of a problem, in a conversation.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

from collections.abc import Iterable
from typing import Any

from sandbox.inside import checkers, values
from sandbox.inside.blame import TEST_FILE, compiled, frames_of, is_the_tests_own
from sandbox.inside.clock import Clock
from sandbox.inside.proxies import ErrorClass, Handle, story_of
from sandbox.inside.remote import NeverReady, Remote, Uncompilable
from sandbox.inside.shown import shown, shown_value
from sandbox.inside.stream import Gone, TooLong

_BORDER: tuple[tuple[type[Exception], str, str], ...] = (
    (NeverReady, "sandbox_error", "the candidate ended before it came to the program"),
    (Gone, "lost", ""),
    (Uncompilable, "compile_error", ""),
    (TooLong, "output_limit", "the program answered with "),
    (values.Malformed, "runtime_error", "the program answered with something that is not a value: "),
)
"""What can go wrong on the stream to the candidate, and what that means; the error's own text follows the words."""

Finding = tuple[str, str, str, str, int]
"""Verdict ("lost" where the candidate died), detail, what was expected, what came, the line of the test that failed."""


def _finding(verdict: str, detail: str = "", expected: str = "", actual: str = "", line: int = 0) -> Finding:
    return verdict, detail[:1000], expected[:2000], actual[:2000], line


ACCEPTED = _finding("accepted")


class Session:
    """Judges one candidate by tests, one after another."""

    def __init__(self, remote: Remote, clock: Clock, names: tuple[str, ...], *, forgives: bool) -> None:
        """Begin with a candidate that has not loaded its program.

        Args:
            remote: the candidate.
            clock: of the test at hand.
            names: those that the tests need.
            forgives: whether a top level may end for want of standard input.
        """
        self.remote = remote
        self.clock = clock
        self.names = names
        self.forgives = forgives
        self.loaded = False
        self.program: dict[str, Any] = {}
        """The program's values by name, of the names that it defines."""
        self.failure: Finding | None = None

    def judge(self, test: dict[str, Any]) -> Finding:
        """Judge the program by one test; a program that failed to load fails every test in the same way.

        Args:
            test: as the judge writes it, see `sandbox.examiner_client`.

        Returns:
            The finding; what the test or the program raises is part of it.
        """
        if self.failure is not None:
            return self.failure
        self.remote.begin_test()
        try:
            if not self.loaded:
                self.program = self.remote.load(self.names, forgives=self.forgives)
                self.loaded = True
            has_values = any(not isinstance(value, (Handle, ErrorClass)) for value in self.program.values())
            self.clock.set_answers(1 if has_values else 0)
            return self._assert(test) if test["kind"] == "assert" else self._call(test)
        except BaseException as error:  # noqa: BLE001 - the test's, the program's or the stream's: the difference is made below
            self.remote.at_rest = True
            finding = self._of_error(self.remote.broken or error, test)
        if not self.loaded and finding[0] != "lost":
            self.failure = finding
        return finding

    def _assert(self, test: dict[str, Any]) -> Finding:
        namespace = {"__name__": "test", **{name: self.program[name] for name in test["names"] if name in self.program}}
        setup, code = compiled(test)
        exec(setup, namespace)  # noqa: S102 - the benchmark's own code
        exec(code, namespace)  # noqa: S102 - the benchmark's own code
        if self.remote.broken is not None:  # and the test caught it
            raise self.remote.broken
        return ACCEPTED

    def _call(self, test: dict[str, Any]) -> Finding:
        function = self._function(test["function"])
        arguments = tuple(values.from_tree(test["arguments"]))
        if test["kind"] == "value":
            value = self.remote.call(function, arguments, {})
            return "accepted", "", "", values.to_text(value, export=lambda _: {"handle": 0}), 0
        expected = values.from_tree(test["expected"])
        actual = self.remote.call(function, arguments, {})
        if actual is None and test.get("left_in") is not None:
            actual = arguments[test["left_in"]]
        if checkers.call_checker(test["checker"])(expected, actual) and self.remote.broken is None:
            return ACCEPTED
        self.remote.at_rest = True
        arguments = tuple(values.from_tree(test["arguments"]))  # as they were before the program changed them
        call = f"{test['function']}({', '.join(map(shown_value, arguments))})"
        return _finding("wrong_answer", call, shown_value(expected), shown_value(actual))

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
        """Return the finding of an error, by its side: the test, the program or the stream."""
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
        return _finding("wrong_answer", detail, actual=shown_value(self.remote.result), line=_failing_line(error))

    def _missing_name(self, error: BaseException) -> str | None:
        """Return the name that the test needs and the program lacks, if that is what the error says."""
        name = error.name if isinstance(error, NameError) else None
        return name if name in self.names and name not in self.program else None


def names_of(tests: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """Return the names that tests need of a program.

    Args:
        tests: as the judge writes them.

    Returns:
        Each name once, the first needed first.
    """
    return tuple(dict.fromkeys(name for test in tests for name in _names_of(test)))


def _names_of(test: dict[str, Any]) -> list[str]:
    if test["kind"] == "assert":
        names: list[str] = test["names"]
        return names
    return [test["function"].removeprefix("Solution()."), "Solution"]


def _failing_line(error: BaseException) -> int:
    """Return the line of the test on which an error arose."""
    return next((line for file, line in reversed([*frames_of(error)]) if file == TEST_FILE), 0)
