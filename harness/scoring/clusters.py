"""Groups problems that may be solved or failed together by their families: pure functions.

A family is a contest, or a template of tasks. Where a benchmark names families, the family is the unit that other
benchmarks of the kind would draw anew, not the problem.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from statistics import NormalDist

from harness.runs.records import Tally
from harness.scoring.distributions import student_quantile

Families = Sequence[Hashable]
"""Of each problem; empty where each problem stands alone."""


def families_of(rows: Iterable[Sequence[Tally]]) -> Families:
    """Return the family of each problem.

    Args:
        rows: tallies of the same problems, a row a result; results of older versions don't name families.

    Returns:
        A name for each problem, of its own where it has no family; nothing where no two problems share one.
    """
    named = [next((t.family for t in problem if t.family), "") for problem in zip(*rows, strict=True)]
    shared = len(set(filter(None, named))) < sum(map(bool, named))
    return [(name, 0) if name else ("", place) for place, name in enumerate(named)] if shared else ()


def family_sums(differences: Sequence[Fraction], families: Families) -> list[Fraction]:
    """Return the sum of each family, in the order in which they come.

    Args:
        differences: one a problem.
        families: of the problems.

    Returns:
        As many sums as families; the differences themselves where there are no families.
    """
    if not families:
        return list(differences)
    sums = defaultdict[Hashable, Fraction](Fraction)
    for difference, family in zip(differences, families, strict=True):
        sums[family] += difference
    return list(sums.values())


def between_families(deviations: Iterable[float], families: Families) -> tuple[float, int]:
    """Return the sum of squares of families, and how many there are.

    Args:
        deviations: of each problem from the mean.
        families: of the problems.

    Returns:
        The sum, which without families that matter is that of the deviations' squares, and the number.
    """
    sums = defaultdict[Hashable, float](float)
    for deviation, family in zip(deviations, families, strict=True):
        sums[family] += deviation
    units = len(sums)
    return units / max(1, units - 1) * sum(total**2 for total in sums.values()), units


@lru_cache
def knowledge(units: int, confidence: float) -> float:
    """Return the share of what a variance seems to say that its units bear out.

    Args:
        units: that the variance is of, two or more.
        confidence: of a two-sided interval, in (0, 1).

    Returns:
        The squared ratio of the normal quantile to Student's: 0 for a single unit, near 1 for many.
    """
    quantile = (1 + confidence) / 2
    return (NormalDist().inv_cdf(quantile) / student_quantile(quantile, units - 1)) ** 2


def unit_text(problems: int, families: int) -> str:
    """Return the number of problems, and of the families that tests take for units.

    Args:
        problems: that are compared.
        families: of them, 0 where each problem stands alone.

    Returns:
        Such as "180 problems of 60 families".
    """
    return f"{problems} problems of {families} families" if families else f"{problems} problems"
