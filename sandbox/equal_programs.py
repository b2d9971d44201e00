"""Finds equal programs, so that the same tests judge them once."""

from typing import NamedTuple

from sandbox.records import Judgement, Limits, Test, Verdict

_UNSTABLE = {Verdict.TIME_LIMIT, Verdict.SANDBOX_ERROR}
"""Verdicts that may change when the machine is less busy."""


class Key(NamedTuple):
    """Holds all that a judgement by the same tests in the same jail depends on."""

    program: str
    limits: Limits
    exhaustive: bool
    prelude: str = ""


class First:
    """Represents the first of some equal programs."""

    def __init__(self) -> None:
        """Begin without a judgement."""
        self.judgement: Judgement | None = None
        """That the equal ones get; None where it isn't there yet, or where each needs its own."""
        self.needs_own = False

    def settle(self, judgement: Judgement) -> None:
        """Take the judgement of the first, if an equal program would get the same, however busy the machine.

        Args:
            judgement: of the first program.
        """
        if can_be_reused(judgement):
            self.judgement = judgement
        else:
            self.needs_own = True


class EqualPrograms:
    """Remembers the programs of the problem at hand, until other tests come."""

    def __init__(self) -> None:
        """Begin without any."""
        self._tests: tuple[Test, ...] = ()
        self._firsts = dict[Key, First]()

    def first_of(self, tests: tuple[Test, ...], key: Key) -> First:
        """Return the first of the programs that are equal to this one, which may be itself.

        Args:
            tests: of the problem; another tuple, even an equal one, begins another problem.
            key: the program, and all else that its judgement depends on.

        Returns:
            A new one, without a judgement, where there was none before, or where each needs its own.
        """
        if tests is not self._tests:
            self._tests, self._firsts = tests, {}
        first = self._firsts.get(key)
        if first is None or first.needs_own:
            first = self._firsts[key] = First()
        return first


def can_be_reused(judgement: Judgement) -> bool:
    """Return whether an equal program would be judged alike, however busy the machine.

    Args:
        judgement: of the first program.

    >>> can_be_reused(Judgement(verdict=Verdict.ACCEPTED, per_test=(), cpu_s=0.0))
    True
    >>> can_be_reused(Judgement(verdict=Verdict.TIME_LIMIT, per_test=(), cpu_s=0.0))
    False
    """
    return judgement.verdict not in _UNSTABLE and all(test.verdict not in _UNSTABLE for test in judgement.per_test)
