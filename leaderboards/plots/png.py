"""Draws figures as PNG, by matplotlib."""

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from harness.errors import UserError
from leaderboards.plots.figures import COLOURS, VERDICTS, BarFigure, Figure, LineFigure, shortened
from sandbox.printable import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_INCHES = 8.0
LINES_INCHES, ROW_INCHES = 4.0, 0.28
DOTS_PER_INCH = 150


def png_file(figure: Figure) -> bytes:
    """Return a figure as the content of a PNG file.

    Raises:
        UserError: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 - an extra, and half a second
        from matplotlib.figure import Figure as Canvas  # noqa: PLC0415
    except ImportError:
        raise UserError("--plots draws PNG with matplotlib, which is absent; pip install 'proctor[plots]'") from None
    # Names of models may hold anything: a $ is a dollar.
    with mpl.rc_context({"text.parse_math": False, "font.family": "DejaVu Sans", "savefig.facecolor": "white"}):
        canvas = Canvas(figsize=(WIDTH_INCHES, _inches(figure)), dpi=DOTS_PER_INCH, layout="constrained")
        axes = canvas.add_subplot(title=figure.title)
        draw(axes, figure)
        content = BytesIO()
        canvas.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def draw(axes: "Axes", figure: Figure) -> None:
    """Draw a figure into empty axes."""
    if isinstance(figure, BarFigure):
        _bars(axes, figure)
    else:
        _lines(axes, figure)


def _inches(figure: Figure) -> float:
    return 1.5 + ROW_INCHES * len(figure.bars) if isinstance(figure, BarFigure) else LINES_INCHES


def _lines(axes: "Axes", figure: LineFigure) -> None:
    for place, line in enumerate(figure.lines):
        x, y = zip(*line.points, strict=True)
        dashes = "solid" if place < len(COLOURS) else (0, (2 + 2 * (place // len(COLOURS)),) * 2)
        marker = "o" if len(line.points) <= len(COLOURS) else ""
        axes.plot(x, y, color=COLOURS[place % len(COLOURS)], linestyle=dashes, marker=marker)
    for axis, scale, bounds, place_ticks in (
        (figure.x, axes.set_xscale, axes.set_xlim, axes.set_xticks),
        (figure.y, axes.set_yscale, axes.set_ylim, axes.set_yticks),
    ):
        scale("log" if axis.logarithmic else "linear")
        bounds(axis.ticks[0], axis.ticks[-1])
        place_ticks(axis.ticks, [f"{tick:g}" for tick in axis.ticks])
        place_ticks([], minor=True)
    axes.set_xlabel(figure.x.label)
    axes.set_ylabel(figure.y.label)
    axes.grid(axis="y", alpha=0.5)
    _legend(axes, axes.lines, [_name(line.name) for line in figure.lines])


def _bars(axes: "Axes", figure: BarFigure) -> None:
    places = range(len(figure.bars))
    reached = [0.0] * len(figure.bars)
    parts = []
    for verdict in figure.verdicts:
        widths = [100 * bar.shares.get(verdict, 0.0) for bar in figure.bars]
        parts.append(axes.barh(places, widths, left=reached, color=VERDICTS[verdict]))
        reached = [left + width for left, width in zip(reached, widths, strict=True)]
    axes.set_yticks(places, [_name(bar.label) for bar in figure.bars])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("percent of samples")
    _legend(axes, parts, [verdict.value for verdict in figure.verdicts])


def _legend(axes: "Axes", parts: Sequence[Any], names: Sequence[str]) -> None:
    """Name what is drawn, beside the axes; names are handed over, as one that starts with _ would be left out."""
    axes.legend(parts, names, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def _name(text: str) -> str:
    return one_line(shortened(text))
