"""Describes figures of lines and of bars, before they are rendered, and fits axes, lines and names to them.

SVG and PNG render the same figure, so they can't say different things.
"""

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

from sandbox.records import Verdict

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
