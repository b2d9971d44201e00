"""Turns results and trainings into figures: every number of a plot, before it is rendered.

SVG and PNG render the same figure, so they can't say different things.
"""

import math
import re
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import msgspec

from harness.errors import UserError
from harness.runs.jsonl import appended_rows
from harness.runs.records import Result
from harness.scoring.intervals import Interval, mean_interval
from harness.scoring.passk import pass_at_k
from harness.scoring.score import ALL
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


POINTS = 200
"""A line of more steps is plotted as the means of equal stretches."""

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#6a3d9a", "#555555")
"""Okabe and Ito's, which colour-blind readers can distinguish; lines that share one differ in their dashes."""

VERDICTS = {
    Verdict.ACCEPTED: "#009e73",
    Verdict.WRONG_ANSWER: "#e69f00",
    Verdict.RUNTIME_ERROR: "#d55e00",
    Verdict.OUTPUT_LIMIT: "#56b4e9",
    Verdict.MEMORY_LIMIT: "#0072b2",
    Verdict.TIME_LIMIT: "#cc79a7",
    Verdict.COMPILE_ERROR: "#555555",
}
"""Their colours, in the order in which they divide a bar."""

NAME_CHARS = 60
"""A name that is longer takes several lines."""
NAME_LINES = 6
"""Names are of any length; only this many lines of one are plotted."""

SMOOTHED = 25
"""A training's line is the mean over one such part of its steps, around each."""

TICKS = 5
"""About as many on an axis whose range follows from its values."""


class Axis(NamedTuple):
    """Describes an axis from its first tick to its last."""

    label: str
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """Return the position of a value along the axis.

        Args:
            value: Above 0 on a logarithmic axis.

        Returns:
            0 at the first tick and 1 at the last.
        """
        low, high, at = (math.log(x) if self.logarithmic else x for x in (self.ticks[0], self.ticks[-1], value))
        return (at - low) / (high - low)


class PlotLine(NamedTuple):
    """Holds the points of a line from left to right."""

    name: str
    points: tuple[tuple[float, float], ...]
    band: tuple[tuple[float, float, float], ...] = ()
    """x, low and high of an interval around the line."""
    raw: tuple[tuple[float, float], ...] = ()
    """What the line smooths."""


class LineFigure(NamedTuple):
    """Describes a figure of lines."""

    name: str
    """Of its file."""
    title: str
    x: Axis
    y: Axis
    lines: tuple[PlotLine, ...]


class Bar(NamedTuple):
    """Holds the shares of the verdicts that divide a bar; they add up to 1."""

    name: str
    """Of a method; bars of one name stand together under it."""
    difficulty: str
    shares: Mapping[Verdict, float]


class BarFigure(NamedTuple):
    """Describes a figure of bars."""

    name: str
    title: str
    bars: tuple[Bar, ...]

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Return the verdicts that some bar has, in the order in which they divide it."""
        return tuple(verdict for verdict in VERDICTS if any(verdict in bar.shares for bar in self.bars))


Figure = LineFigure | BarFigure


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
        found[k] = CurvePoint(fmean(values), mean_interval(values, trials=sum(tally.n // k for tally in judged)))
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
        yield LineFigure("pass-at-k", "pass@k, with 95 % intervals", x, y, tuple(lines))


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


def name_lines(name: str, chars: int = NAME_CHARS) -> tuple[str, ...]:
    """Return a name as it is printed beside a line or a bar: whole, in several lines where it is long.

    Args:
        name: Of any length.
        chars: Of a line.

    Returns:
        Lines, at least one; the last ends with an ellipsis where there would be more than `NAME_LINES`.

    >>> name_lines("a policy of a long name on mini, seed 1", chars=20)
    ('a policy of a long', 'name on mini, seed 1')
    """
    return tuple(textwrap.wrap(name[: chars * NAME_LINES * 2], chars, max_lines=NAME_LINES, placeholder=" …")) or ("",)


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


def thinned(points: Sequence[tuple[float, float]], at_most: int = POINTS) -> tuple[tuple[float, float], ...]:
    """Return the points, or the means of equal stretches of them where there are too many to be seen.

    Args:
        points: From left to right.
        at_most: The most points to return, at least 1.

    Returns:
        Points from left to right.

    >>> thinned([(1, 4.0), (2, 2.0), (3, 1.0)], at_most=2)
    ((1.5, 3.0), (3.0, 1.0))
    """
    stretch = math.ceil(len(points) / at_most)
    if stretch == 1:
        return tuple(points)
    stretches = (points[start : start + stretch] for start in range(0, len(points), stretch))
    return tuple((fmean(x for x, _ in some), fmean(y for _, y in some)) for some in stretches)


def ticks(values: Iterable[float]) -> tuple[float, ...]:
    """Return round numbers, evenly spaced, that reach from below the values to above them.

    Args:
        values: Those that are not finite are ignored; without any, 0 is taken.

    Returns:
        Ticks in ascending order, at least two.

    >>> ticks([0.3, 1.7])
    (0.0, 0.5, 1.0, 1.5, 2.0)
    >>> ticks([3, 3])
    (2.0, 2.5, 3.0, 3.5, 4.0)
    """
    low, high = min(values := [value for value in values if math.isfinite(value)] or [0.0]), max(values)
    if low == high:
        low, high = low - (abs(low) or 1) / 3, high + (abs(high) or 1) / 3
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return tuple(float(f"{number * step:.10g}") for number in range(first, last + 1))
