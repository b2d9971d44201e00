"""Writes a folder with an SVG and a PNG of each figure."""

from collections.abc import Iterable
from pathlib import Path

from harness.runs.jsonl import write_whole
from leaderboards.plots.figures import Figure
from leaderboards.plots.png import png_file
from leaderboards.plots.svg import svg_file
from leaderboards.render import writing


def write_plots(folder: Path, figures: Iterable[Figure]) -> tuple[Path, ...]:
    """Write NAME.svg and NAME.png of each figure, and return their paths; all are rendered before one is written.

    Args:
        folder: Made where it is missing.
        figures: Each with a name of its own.

    Raises:
        UserError: matplotlib is not installed, or the folder can't be written.
    """
    drawings = {
        f"{figure.name}.{kind}": content
        for figure in figures
        for kind, content in (("svg", svg_file(figure)), ("png", png_file(figure)))
    }
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in drawings.items():
            write_whole(folder / name, content)
    return tuple(folder / name for name in drawings)
