"""What the judge can say of a program, and which of several findings counts."""

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """The judge's finding, from harmless to grave: the order of the members is the order of precedence."""

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
    """Return the gravest verdict, whatever order they came in; raise ValueError if there are none.

    >>> worst([Verdict.TIME_LIMIT, Verdict.ACCEPTED, Verdict.WRONG_ANSWER])
    <Verdict.TIME_LIMIT: 'time_limit'>
    """
    return max(verdicts, key=_GRAVITY.__getitem__)
