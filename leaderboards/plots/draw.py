"""Draws figures as PNG, by matplotlib, and writes a folder with an SVG and a PNG of each."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UserError, install_command
from harness.runs.jsonl import write_whole
from leaderboards.plots.shapes import COLOURS, VERDICTS, Bar, BarFigure, Figure, LineFigure, name_lines
from leaderboards.plots.svg import svg_file
from leaderboards.render import writing
from sandbox.printable import one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_INCHES = 8.0
LINES_INCHES, ROW_INCHES = 4.0, 0.28
DOTS_PER_INCH = 150
NAME_CHARS = 32
"""Of a line of a name beside the axes."""


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
        raise UserError(f"--plots needs matplotlib; {install_command('proctor[plots]')}") from None
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
    if isinstance(figure, LineFigure):
        return LINES_INCHES
    return 1.5 + ROW_INCHES * sum(len(name_lines(_label(bar), NAME_CHARS)) for bar in figure.bars)


def _lines(axes: "Axes", figure: LineFigure) -> None:
    for place, line in enumerate(figure.lines):
        x, y = zip(*line.points, strict=True)
        dashes = "solid" if place < len(COLOURS) else (0, (2 + 2 * (place // len(COLOURS)),) * 2)
        marker = "o" if len(line.points) <= len(COLOURS) else ""
        colour = COLOURS[place % len(COLOURS)]
        axes.plot(x, y, color=colour, linestyle=dashes, marker=marker, label="line")
        if line.band:
            along, low, high = zip(*line.band, strict=True)
            axes.fill_between(along, low, high, color=colour, alpha=0.13, linewidth=0)
        if line.raw:
            axes.plot(*zip(*line.raw, strict=True), color=colour, alpha=0.35, linewidth=0.8, label="raw")
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
    lines = [line for line in axes.lines if line.get_label() == "line"]
    _legend(axes, lines, [_name(line.name) for line in figure.lines])


def _bars(axes: "Axes", figure: BarFigure) -> None:
    places = range(len(figure.bars))
    reached = [0.0] * len(figure.bars)
    parts = []
    for verdict in figure.verdicts:
        widths = [100 * bar.shares.get(verdict, 0.0) for bar in figure.bars]
        parts.append(axes.barh(places, widths, left=reached, color=VERDICTS[verdict]))
        reached = [left + width for left, width in zip(reached, widths, strict=True)]
    axes.set_yticks(places, [_name(_label(bar)) for bar in figure.bars])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("percent of samples")
    _legend(axes, parts, [verdict.value for verdict in figure.verdicts])


def _legend(axes: "Axes", parts: Sequence[Any], names: Sequence[str]) -> None:
    """Add the legend beside the axes; names are passed on their own, as labels that start with _ are left out."""
    axes.legend(parts, names, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def _label(bar: Bar) -> str:
    return f"{bar.name}, {bar.difficulty}"


def _name(text: str) -> str:
    return "\n".join(map(one_line, name_lines(text, NAME_CHARS)))
