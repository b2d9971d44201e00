"""Counts the pages that judging costs: what a candidate and its template write to, the other then has to copy.

Page faults do not depend on the machine's speed, nor on who else is on it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from census import children_of

from sandbox.jail import Jail
from sandbox.judge import Judge
from sandbox.pool import Case

_WARM = 5


class Faults(NamedTuple):
    """Counts page faults for each sample."""

    candidate: float
    template: float


def faults(cases: Sequence[Case]) -> Faults:
    """Judge cases, some of them first to warm up, and return the page faults a case in the candidates' side.

    Args:
        cases: samples that pass, each judged in one execution.
    """
    with Judge(Jail()) as judge:
        warden = judge._candidates._process.pid  # noqa: SLF001 - where to look
        (template,) = children_of(warden)
        for case in cases[:_WARM]:
            judge.judge(case.program, case.tests, case.limits, prelude=case.prelude)
        before = _counts(template)
        for case in cases:
            judgement = judge.judge(case.program, case.tests, case.limits, prelude=case.prelude)
            assert judgement.verdict == "accepted", judgement
        own, reaped = (now - then for now, then in zip(_counts(template), before, strict=True))
    return Faults(candidate=reaped / len(cases), template=own / len(cases))


def _counts(pid: int) -> tuple[int, int]:
    """Return the page faults of a process, and those of the children that it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return int(fields[7]), int(fields[8])
