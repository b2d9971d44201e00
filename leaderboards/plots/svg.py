"""Draws figures as SVG, without a library, so that a page needs none and equal figures give equal bytes."""

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from harness.escapes import in_tree
from leaderboards.plots.figures import COLOURS, VERDICTS, Axis, Bar, BarFigure, Figure, LineFigure, shortened

WIDTH, HEIGHT = 480, 280
"""Small, so that its text can still be read where a phone shrinks it."""

LEFT, RIGHT, TOP, BOTTOM = 48, 24, 16, 40
BAR, GAP, LABEL = 18, 6, 190
LEGEND_ROW = 18

_TEXT = {"font-family": "system-ui, sans-serif", "font-size": "13"}
_GRID = {"class": "grid", "stroke": "#888888", "stroke-opacity": "0.5"}


def svg_element(figure: Figure) -> Element:
    """Return a figure as an element of HTML, where it needs no namespace.

    Args:
        figure: Of lines or bars.

    Returns:
        The `svg` element, 480 units wide.
    """
    return _bars(figure) if isinstance(figure, BarFigure) else _lines(figure)


def svg_file(figure: Figure) -> bytes:
    """Return a figure as the content of an SVG file, on white.

    Args:
        figure: Of lines or bars.

    Returns:
        The file in UTF-8; equal bytes for equal figures.
    """
    svg = svg_element(figure)
    svg.set("xmlns", "http://www.w3.org/2000/svg")
    svg.insert(0, Element("rect", {"width": "100%", "height": "100%", "fill": "#ffffff"}))
    content: bytes = tostring(svg, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _lines(figure: LineFigure) -> Element:
    svg = _svg(HEIGHT + LEGEND_ROW * len(figure.lines), figure.title)
    for tick in figure.y.ticks:
        y = f"{_y(figure.y, tick):.1f}"
        SubElement(svg, "line", {"x1": str(LEFT), "x2": str(WIDTH - RIGHT), "y1": y, "y2": y, **_GRID})
        _text(svg, LEFT - 6, float(y) + 4, f"{tick:g}", anchor="end")
    for tick in figure.x.ticks:
        _text(svg, _x(figure.x, tick), HEIGHT - BOTTOM + 18, f"{tick:g}", anchor="middle")
    _text(svg, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, figure.x.label, anchor="middle")
    for place, line in enumerate(figure.lines):
        _line(svg, place, line.name, [(_x(figure.x, x), _y(figure.y, y)) for x, y in line.points])
    return svg


def _line(svg: Element, place: int, name: str, points: Sequence[tuple[float, float]]) -> None:
    look = {"stroke": COLOURS[place % len(COLOURS)], "fill": "none", "stroke-width": "2"}
    if place >= len(COLOURS):
        look["stroke-dasharray"] = f"{2 + 2 * (place // len(COLOURS))}"
    SubElement(svg, "polyline", {"points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points), **look})
    if len(points) <= len(COLOURS):
        for x, y in points:
            SubElement(svg, "circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "3", "fill": look["stroke"]})
    y = HEIGHT + LEGEND_ROW * place + 8
    SubElement(svg, "line", {"x1": str(LEFT), "x2": str(LEFT + 24), "y1": str(y - 4), "y2": str(y - 4), **look})
    _text(svg, LEFT + 32, y, shortened(name))


def _x(axis: Axis, value: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * axis.share(value)


def _y(axis: Axis, value: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - axis.share(value))


def _bars(figure: BarFigure) -> Element:
    bottom = (BAR + GAP) * len(figure.bars)
    svg = _svg(bottom + 20 * math.ceil(len(figure.verdicts) / 4) + GAP, figure.title)
    for place, bar in enumerate(figure.bars):
        _bar(svg, (BAR + GAP) * place, bar)
    for place, verdict in enumerate(figure.verdicts):
        x, y = 8 + (place % 4) * (WIDTH - 16) / 4, bottom + GAP + 20 * (place // 4)
        box = {"x": f"{x:g}", "y": str(y), "width": "12", "height": "12", "fill": VERDICTS[verdict]}
        SubElement(svg, "rect", box)
        _text(svg, x + 18, y + 11, verdict)
    return svg


def _bar(svg: Element, y: int, bar: Bar) -> None:
    _text(svg, LABEL - 8, y + BAR - 5, shortened(bar.label), anchor="end")
    x = float(LABEL)
    for verdict, colour in VERDICTS.items():
        if share := bar.shares.get(verdict, 0.0):
            width = share * (WIDTH - LABEL - RIGHT)
            place = {"x": f"{x:.1f}", "y": str(y), "width": f"{width:.1f}", "height": str(BAR), "fill": colour}
            SubElement(SubElement(svg, "rect", place), "title").text = in_tree(
                f"{bar.label}: {verdict} {100 * share:.2f} %"
            )
            x += width


def _svg(height: int, name: str) -> Element:
    return Element("svg", {"viewBox": f"0 0 {WIDTH} {height}", "role": "img", "aria-label": in_tree(name), **_TEXT})


def _text(svg: Element, x: float, y: float, text: str, *, anchor: str = "start") -> None:
    SubElement(svg, "text", {"x": f"{x:g}", "y": f"{y:g}", "text-anchor": anchor}).text = in_tree(text)
