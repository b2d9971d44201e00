"""Which difficulties get a column, a row or a bar of their own."""

from collections.abc import Iterable

from harness.records import Tally
from harness.strata import ALL


def difficulties(tallies: Iterable[Tally]) -> tuple[str, ...]:
    """Return "all", then each difficulty in the order of the problems; "all" alone where every problem has the same.

    One difficulty that all problems share would only say the same thing twice, and once more in Holm's correction.
    """
    found = tuple(dict.fromkeys(tally.difficulty for tally in tallies))
    return (ALL, *filter(None, found)) if len(found) > 1 else (ALL,)
