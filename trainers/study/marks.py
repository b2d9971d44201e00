"""Reads the marks of finished steps, and estimates from them the time that others take."""

from collections.abc import Iterable
from datetime import timedelta
from statistics import fmean

import msgspec

from harness.runs.jsonl import read
from trainers.study.steps import StudyStep


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Records the origin of a finished step."""

    command: tuple[str, ...]
    inputs: tuple[str, ...]
    version: str
    """Of proctor."""
    seconds: float


class Pace:
    """Estimates the time of steps: as others of their name took, else as the file of the study says.

    What the file says is scaled by how fast this machine did the steps of which it says something.
    """

    def __init__(self, steps: Iterable[StudyStep]) -> None:
        """Take what is done already.

        Args:
            steps: Of the study.
        """
        self._took: dict[str, list[float]] = {}
        self._expected_s = self._took_s = 0.0
        for step in steps:
            if step.is_done:
                self.add(step)

    def add(self, step: StudyStep) -> None:
        """Take the time of a step.

        Args:
            step: One that is done.
        """
        took_s = read(step.done, Mark).seconds
        self._took.setdefault(step.name, []).append(took_s)
        if step.seconds:
            self._expected_s, self._took_s = self._expected_s + step.seconds, self._took_s + took_s

    def expected_s(self, step: StudyStep) -> float | None:
        """Return the seconds that a step takes; None where nothing tells.

        Args:
            step: Done or not.
        """
        if took := self._took.get(step.name):
            return fmean(took)
        scale = self._took_s / self._expected_s if self._expected_s else 1.0
        return scale * step.seconds if step.seconds else None

    def left(self, steps: Iterable[StudyStep], jobs: int) -> str:
        """Return the time that steps take, in words that follow the number of one; empty where nothing tells.

        Args:
            steps: Those that are not done.
            jobs: Steps that run at once.
        """
        found = [self.expected_s(step) for step in steps]
        known = [seconds for seconds in found if seconds is not None]
        if not known:
            return ""
        more = "about" if len(known) == len(found) else "more than"
        return f", {more} {timedelta(seconds=round(sum(known) / jobs))} left"
