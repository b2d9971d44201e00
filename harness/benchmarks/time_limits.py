"""Reads time limits that `proctor audit` measured on the references."""

import math
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import msgspec

from harness.benchmarks.problem_info import prepare_problems
from harness.errors import UserError
from harness.runs.jsonl import read
from harness.runs.records import Problem
from sandbox.records import Limits

MARGIN = 4.0
"""A program may take this many times the CPU time of the reference."""


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the CPU limits of a benchmark's problems and the method of their measurement; the file's format."""

    benchmark: str
    python: str
    proctor: str
    repeat: int
    cpu_s: dict[str, float]
    """Task id -> limit of each of its tests."""


def calibrated_limits(limits: Limits, cpu_s: float) -> Limits:
    """Return limits with another CPU time, and wall time in the usual proportion.

    Args:
        limits: of which the others remain.
        cpu_s: CPU seconds of each test.

    Returns:
        The limits; wall time grows as CPU time does.
    """
    usual = Limits()
    return msgspec.structs.replace(limits, cpu_s=cpu_s, wall_s=usual.wall_s * cpu_s / usual.cpu_s)


def limit_of_reference(reference_cpu_s: float) -> float:
    """Return max(4 s, 4 x the CPU seconds of the reference's slowest test), to the tenth.

    Args:
        reference_cpu_s: CPU seconds; 0 where it wasn't measured.

    Returns:
        CPU seconds, rounded up.

    >>> limit_of_reference(0.3), limit_of_reference(2.513)
    (4.0, 10.1)
    """
    return max(Limits().cpu_s, math.ceil(10 * MARGIN * reference_cpu_s) / 10)


def read_calibration(path: Path, problems: Mapping[str, Problem]) -> Calibration:
    """Read a file that `proctor audit --out` wrote.

    Args:
        path: of the file.
        problems: by task id; only their ids are looked at.

    Returns:
        Limits of some or all of these problems.

    Raises:
        UserError: It is not such a file, or is about problems that are not here.
    """
    calibration = read(path, Calibration)
    known = frozenset(problems)
    if unknown := next((task_id for task_id in calibration.cpu_s if task_id not in known), None):
        raise UserError(
            f"{path}: has a limit for task {unknown!r} of {calibration.benchmark}, which is not among the problems "
            "loaded; check --benchmark and --data, or run proctor audit on these"
        )
    return calibration


class CalibratedProblems(Mapping[str, Problem]):
    """Puts problems under the limits of a calibration; those that it doesn't name keep their own."""

    def __init__(self, problems: Mapping[str, Problem], calibration: Calibration) -> None:
        """Take over the problems."""
        self._problems = problems
        self._cpu_s = calibration.cpu_s
        self.data_version: str = getattr(problems, "data_version", "")

    def prepare(self, task_ids: Collection[str]) -> None:
        """Prepare problems that will be looked up.

        Args:
            task_ids: of problems that there are.
        """
        prepare_problems(self._problems, task_ids)

    def __getitem__(self, task_id: str) -> Problem:
        """Return a problem; its tests are the very same."""
        problem = self._problems[task_id]
        cpu_s = self._cpu_s.get(task_id)
        if cpu_s is None:
            return problem
        return msgspec.structs.replace(problem, limits=calibrated_limits(problem.limits, cpu_s))

    def __iter__(self) -> Iterator[str]:
        """Go through the task ids."""
        return iter(self._problems)

    def __len__(self) -> int:
        """Return how many problems there are."""
        return len(self._problems)
