"""Turns results and trainings into figures: every number of a plot, before it is rendered."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import msgspec

from harness.errors import UserError
from harness.runs.jsonl import appended_rows
from harness.runs.records import Result
from harness.scoring.intervals import interval_over
from harness.scoring.passk import pass_at_k
from harness.scoring.proportions import Interval
from harness.scoring.score import ALL
from leaderboards.plots.shapes import Axis, Bar, BarFigure, Figure, LineFigure, PlotLine, thinned, ticks
from leaderboards.results import difficulties
from sandbox.records import Verdict

METRICS_FILE = "metrics.jsonl"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the metrics of one training step that are plotted."""

    step: int
    loss: float
    accepted: float | None
    """Mean log-probability of the step's accepted programs; None where it had none."""
    rejected: float | None
    gradient_norm: float
    learning_rate: float


def read_training(checkpoint: Path) -> tuple[Step, ...]:
    """Read the steps of the training that led to a checkpoint, up to now where it still runs.

    Args:
        checkpoint: Folder that `proctor train` wrote.

    Returns:
        The metrics of each step, in order.

    Raises:
        UserError: The folder has no metrics, or they can't be read.
    """
    file = checkpoint / METRICS_FILE
    if not file.is_file():
        raise UserError(f"{checkpoint}: holds no {METRICS_FILE}; name a checkpoint's folder that `proctor train` wrote")
    steps = tuple(appended_rows(file, Step))
    if not steps:
        raise UserError(f"{file}: holds no step yet; wait for the first")
    return steps


SMOOTHED = 25
"""A training's line is the mean over one such part of its steps, around each."""


def figures(results: Mapping[str, Result], trainings: Mapping[str, Sequence[Step]]) -> tuple[Figure, ...]:
    """Return the figures of results and trainings; a figure without data is left out.

    Args:
        results: Name -> result.
        trainings: Name -> steps.

    Returns:
        pass@k, verdicts by difficulty, then the metrics of the trainings.
    """
    return (*_pass_at_k(results), *_verdicts(results), *_trainings(trainings))


class CurvePoint(NamedTuple):
    """Holds mean pass@k with a 95 % interval, in [0, 1]."""

    value: float
    interval: Interval


def curve(result: Result) -> Mapping[int, CurvePoint]:
    """Return the curve of pass@k.

    Args:
        result: Of one policy.

    Returns:
        k -> mean pass@k, for k = 1, 2, 5, 10, 20, ... and n, the samples that every judged problem has; empty without
        judged problems.
    """
    judged = [tally for tally in result.tallies if tally.n]
    largest = min((tally.n for tally in judged), default=0)
    steps = sorted({step * 10**power for power in range(4) for step in (1, 2, 5)} | {largest})
    found = {}
    for k in (step for step in steps if 1 <= step <= largest):
        values = [pass_at_k(tally.n, tally.c, k) for tally in judged]
        found[k] = CurvePoint(fmean(values), interval_over(judged, values, k))
    return found


def _pass_at_k(results: Mapping[str, Result]) -> Iterator[LineFigure]:
    lines = [
        PlotLine(
            name,
            tuple((k, 100 * at.value) for k, at in found.items()),
            tuple((k, 100 * at.interval.low, 100 * at.interval.high) for k, at in found.items()),
        )
        for name, result in results.items()
        if len(found := curve(result)) > 1
    ]
    if lines:
        x = Axis("k", tuple(sorted({k for line in lines for k, _ in line.points})), logarithmic=True)
        fitted = ticks(bound for line in lines for _, *bounds in line.band for bound in bounds)
        y = Axis("percent", tuple(tick for tick in fitted if 0 <= tick <= 100))
        yield LineFigure("pass-at-k", "pass@k in percent, with 95 % intervals", x, y, tuple(lines))


def _verdicts(results: Mapping[str, Result]) -> Iterator[BarFigure]:
    bars = [
        Bar(name, difficulty, shares)
        for name, result in results.items()
        for difficulty in difficulties(result.tallies)
        if (shares := _shares(result, difficulty))
    ]
    if bars:
        yield BarFigure("verdicts", "Verdicts by difficulty", tuple(bars))


def _shares(result: Result, difficulty: str) -> Mapping[Verdict, float]:
    return {
        share.verdict: share.value
        for share in result.verdict_shares
        if (share.difficulty, share.kind) == (difficulty, ALL)
    }


def _trainings(trainings: Mapping[str, Sequence[Step]]) -> Iterator[LineFigure]:
    """Yield the figures of a training's metrics, except its speed, which is the machine's."""
    for metric in _METRICS:
        panels = _by_method(trainings) if metric.apart else {"": trainings}
        for place, (method, of_it) in enumerate(panels.items(), 1):
            several = len(panels) > 1
            name, title = f"{metric.name}-{place}" * several or metric.name, metric.title + f": {method}" * several
            yield from _training(metric, name, title, of_it)


def _by_method(trainings: Mapping[str, Sequence[Step]]) -> Mapping[str, Mapping[str, Sequence[Step]]]:
    """Return the trainings of each method, whose seeds are named "METHOD, seed N"."""
    found = defaultdict[str, dict[str, Sequence[Step]]](dict)
    for name, steps in trainings.items():
        found[re.sub(r", seed [0-9]+\Z", "", name)][name] = steps
    return found


def _training(
    metric: "_Metric", name: str, title: str, trainings: Mapping[str, Sequence[Step]]
) -> Iterator[LineFigure]:
    lines = []
    for of, steps in trainings.items():
        for suffix, reading in metric.readings.items():
            points = [(step.step, value) for step in steps if (value := reading(step)) is not None]
            if points:
                raw, smooth = thinned(points), thinned(smoothed(points)) if metric.noisy else ()
                lines.append(PlotLine(f"{of}{suffix}", smooth or raw, raw=raw if smooth else ()))
    if lines:
        x, y = ([point[axis] for line in lines for point in (*line.points, *line.raw)] for axis in (0, 1))
        yield LineFigure(name, title, Axis("step", ticks(x)), Axis("", ticks(y)), tuple(lines))


Reading = Callable[[Step], float | None]


class _Metric(NamedTuple):
    """Describes the figures of a metric."""

    name: str
    title: str
    readings: Mapping[str, Reading]
    """What follows a training's name -> its number."""
    apart: bool = False
    """Whether each method has its own scale and so its own figure."""
    noisy: bool = True


_METRICS = (
    _Metric("training-loss", "Training: loss", {"": lambda step: step.loss}, apart=True),
    _Metric(
        "training-log-probability",
        "Training: mean log-probability of a program",
        {", accepted": lambda step: step.accepted, ", rejected": lambda step: step.rejected},
    ),
    _Metric(
        "training-gradient-norm", "Training: norm of the gradient", {"": lambda step: step.gradient_norm}, apart=True
    ),
    _Metric("training-learning-rate", "Training: learning rate", {"": lambda step: step.learning_rate}, noisy=False),
)


def smoothed(points: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return each point's mean with its neighbours; fewer of them at the ends, as many on both sides.

    Args:
        points: From left to right.

    Returns:
        As many points, at the same x.

    >>> smoothed([(1, 4.0), (2, 2.0), (3, 6.0)])
    ((1, 4.0), (2, 4.0), (3, 6.0))
    """
    reach = max(1, len(points) // (2 * SMOOTHED))
    sums = tuple(accumulate((y for _, y in points), initial=0.0))
    found = []
    for place, (x, _) in enumerate(points):
        near = min(reach, place, len(points) - 1 - place)
        found.append((x, (sums[place + near + 1] - sums[place - near]) / (2 * near + 1)))
    return tuple(found)
