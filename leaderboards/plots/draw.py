"""Draws figures as PNG, by matplotlib, and writes a folder with an SVG and a PNG of each."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UserError
from harness.runs.jsonl import write_whole
from leaderboards.plots.figures import COLOURS, VERDICTS, BarFigure, Figure, LineFigure, shortened
from leaderboards.plots.svg import svg_file
from leaderboards.render import writing
from sandbox.printable import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_INCHES = 8.0
LINES_INCHES, ROW_INCHES = 4.0, 0.28
DOTS_PER_INCH = 150


def write_plots(folder: Path, figures: Iterable[Figure]) -> tuple[Path, ...]:
    """Write NAME.svg and NAME.png of each figure; all are rendered before one is written.

    Args:
        folder: Created if it is missing.
        figures: Each with a name of its own.

    Returns:
        Paths of the files, two a figure.

    Raises:
        UserError: matplotlib is not installed, or the folder can't be written.
    """
    contents = {
        f"{figure.name}.{kind}": content
        for figure in figures
        for kind, content in (("svg", svg_file(figure)), ("png", png_file(figure)))
    }
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            write_whole(folder / name, content)
    return tuple(folder / name for name in contents)


def png_file(figure: Figure) -> bytes:
    """Return a figure as the content of a PNG file.

    Args:
        figure: Of lines or bars.

    Returns:
        The PNG, 1200 pixels wide; equal bytes for equal figures and the same matplotlib.

    Raises:
        UserError: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 - an extra, and half a second
        from matplotlib.figure import Figure as Canvas  # noqa: PLC0415
    except ImportError:
        raise UserError("--plots needs matplotlib; pip install 'proctor[plots]'") from None
    # Names of models may hold anything: a $ is a dollar.
    with mpl.rc_context({"text.parse_math": False, "font.family": "DejaVu Sans", "savefig.facecolor": "white"}):
        canvas = Canvas(figsize=(WIDTH_INCHES, _inches(figure)), dpi=DOTS_PER_INCH, layout="constrained")
        axes = canvas.add_subplot(title=figure.title)
        fill_axes(axes, figure)
        content = BytesIO()
        canvas.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()


def fill_axes(axes: "Axes", figure: Figure) -> None:
    """Draw a figure into empty axes.

    Args:
        axes: Of matplotlib.
        figure: Of lines or bars.
    """
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
    """Add the legend beside the axes; names are passed on their own, as labels that start with _ are left out."""
    axes.legend(parts, names, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def _name(text: str) -> str:
    return one_line(shortened(text))
