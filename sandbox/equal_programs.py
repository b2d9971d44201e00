"""Finds equal programs: what was judged once by the same tests need not be judged again."""

from typing import NamedTuple

from sandbox.records import Judgement, Limits, Test, Verdict

_UNSTABLE = {Verdict.TIME_LIMIT, Verdict.SANDBOX_ERROR}
"""What may come out otherwise when the machine is less busy."""


class Key(NamedTuple):
    """Holds all that a judgement by the same tests in the same jail depends on."""

    program: str
    limits: Limits
    exhaustive: bool


class First:
    """Stands for the first of some equal programs."""

    def __init__(self) -> None:
        """Begin without a judgement."""
        self.judgement: Judgement | None = None
        """That the equal ones get; None where it isn't there yet, or where each needs its own."""
        self.needs_own = False

    def settle(self, judgement: Judgement) -> None:
        """Take the judgement of the first, if an equal program would get the same, however busy the machine."""
        if can_be_reused(judgement):
            self.judgement = judgement
        else:
            self.needs_own = True


class EqualPrograms:
    """Remembers what was judged of the problem at hand, which is that of the tests that came last."""

    def __init__(self) -> None:
        """Begin without any."""
        self._tests: tuple[Test, ...] = ()
        self._firsts = dict[Key, First]()

    def first_of(self, tests: tuple[Test, ...], key: Key) -> First:
        """Return the first of the programs that are equal to this one, which may be itself."""
        if tests is not self._tests:
            self._tests, self._firsts = tests, {}
        first = self._firsts.get(key)
        if first is None or first.needs_own:
            first = self._firsts[key] = First()
        return first


def can_be_reused(judgement: Judgement) -> bool:
    """Tell whether an equal program would be judged alike, however busy the machine.

    >>> can_be_reused(Judgement(verdict=Verdict.ACCEPTED, per_test=(), cpu_s=0.0))
    True
    >>> can_be_reused(Judgement(verdict=Verdict.TIME_LIMIT, per_test=(), cpu_s=0.0))
    False
    """
    return judgement.verdict not in _UNSTABLE and all(test.verdict not in _UNSTABLE for test in judgement.per_test)
