"""Draws figures as SVG, without a library, so that a page needs none and equal figures give equal bytes."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, tostring

from harness.escapes import in_tree
from leaderboards.plots.shapes import COLOURS, VERDICTS, Axis, Bar, BarFigure, Figure, LineFigure, PlotLine, name_lines

WIDTH, HEIGHT = 480, 280
"""Small, so that its text can still be read where a phone shrinks it."""

LEFT, RIGHT, TOP, BOTTOM = 48, 24, 16, 40
BAR, GAP, LABEL, LABEL_CHARS = 18, 6, 120, 15
ROW = 18
"""Of text."""
TICK_ROOM = 26
"""Of a number below the axis; one that would touch the last is left out."""

_TEXT = {"font-family": "system-ui, sans-serif", "font-size": "13"}
_GRID = {"class": "grid", "stroke": "#888888", "stroke-opacity": "0.5"}


def svg_element(figure: Figure) -> Element:
    """Return a figure as an element of HTML, where it needs no namespace.

    Args:
        figure: Of lines or bars.

    Returns:
        The `svg` element, 480 units wide; a page may colour its classes otherwise.
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
    names = [name_lines(line.name) for line in figure.lines]
    svg = _svg(HEIGHT + ROW * sum(map(len, names)) + GAP, figure.title)
    for tick in figure.y.ticks:
        y = f"{_y(figure.y, tick):.1f}"
        SubElement(svg, "line", {"x1": str(LEFT), "x2": str(WIDTH - RIGHT), "y1": y, "y2": y, **_GRID})
        _text(svg, LEFT - 6, float(y) + 4, f"{tick:g}", anchor="end")
    for x, tick in _apart(figure.x):
        _text(svg, x, HEIGHT - BOTTOM + 18, f"{tick:g}", anchor="middle")
    _text(svg, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, figure.x.label, anchor="middle")
    for place, line in enumerate(figure.lines):
        _band(svg, place, [(_x(figure.x, x), _y(figure.y, low), _y(figure.y, high)) for x, low, high in line.band])
    for place, line in enumerate(figure.lines):
        _line(svg, place, line, figure)
    _line_legend(svg, names)
    return svg


def _line_legend(svg: Element, names: Sequence[Sequence[str]]) -> None:
    y = HEIGHT + ROW
    for place, rows in enumerate(names):
        ends = {"x1": str(LEFT), "x2": str(LEFT + 24), "y1": str(y - 4), "y2": str(y - 4)}
        SubElement(svg, "line", ends | _look(place))
        for row in rows:
            _text(svg, LEFT + 32, y, row)
            y += ROW


def _apart(axis: Axis) -> Iterator[tuple[float, float]]:
    """Yield the places of ticks, and the ticks, but for those whose numbers would touch the one before."""
    last = -float(TICK_ROOM)
    for tick in axis.ticks:
        if (x := _x(axis, tick)) - last >= TICK_ROOM:
            yield x, tick
            last = x


def _look(place: int) -> dict[str, str]:
    colour = place % len(COLOURS)
    look = {"class": f"line{colour}", "stroke": COLOURS[colour], "fill": "none", "stroke-width": "2"}
    if place >= len(COLOURS):
        look["stroke-dasharray"] = f"{2 + 2 * (place // len(COLOURS))}"
    return look


def _band(svg: Element, place: int, band: Sequence[tuple[float, float, float]]) -> None:
    if band:
        edge = [*((x, high) for x, _, high in band), *((x, low) for x, low, _ in reversed(band))]
        colour = place % len(COLOURS)
        look = {"class": f"band{colour}", "fill": COLOURS[colour], "fill-opacity": "0.13"}
        SubElement(svg, "polygon", {"points": _points(edge), **look})


def _line(svg: Element, place: int, line: PlotLine, figure: LineFigure) -> None:
    look = _look(place)
    points, raw = ([(_x(figure.x, x), _y(figure.y, y)) for x, y in of_it] for of_it in (line.points, line.raw))
    if raw:
        SubElement(svg, "polyline", {"points": _points(raw), **look, "stroke-width": "1", "stroke-opacity": "0.35"})
    SubElement(svg, "polyline", {"points": _points(points), **look})
    if len(points) <= len(COLOURS):
        for x, y in points:
            dot = {"class": look["class"].replace("line", "dot"), "fill": look["stroke"]}
            SubElement(svg, "circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "3", **dot})


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _x(axis: Axis, value: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * axis.share(value)


def _y(axis: Axis, value: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - axis.share(value))


def _bars(figure: BarFigure) -> Element:
    svg, y = _svg(0, figure.title), float(ROW)
    y = _verdict_legend(svg, figure, y)
    for name, bars in groupby(figure.bars, key=lambda bar: bar.name):
        for row in name_lines(name):
            _text(svg, 0, y, row, weight="600")
            y += ROW
        y -= ROW - GAP
        for bar in bars:
            y = _bar(svg, y, bar)
        y += ROW
    svg.set("viewBox", f"0 0 {WIDTH} {y - ROW + GAP:g}")
    return svg


def _verdict_legend(svg: Element, figure: BarFigure, y: float) -> float:
    """Draw the colours with their verdicts, four in a row; return where the next text goes."""
    for place, verdict in enumerate(figure.verdicts):
        x, top = (place % 4) * WIDTH / 4, y - 11 + 20 * (place // 4)
        box = {"x": f"{x:g}", "y": f"{top:g}", "width": "12", "height": "12", "fill": VERDICTS[verdict]}
        SubElement(svg, "rect", box | {"class": str(verdict)})
        _text(svg, x + 17, top + 11, verdict.replace("_", " "))
    return y + 20 * -(-len(figure.verdicts) // 4) + GAP


def _bar(svg: Element, y: float, bar: Bar) -> float:
    """Draw a bar with its label; return where the next begins."""
    rows = name_lines(bar.difficulty, LABEL_CHARS)
    for number, row in enumerate(rows):
        _text(svg, LABEL - 8, y + BAR - 5 + ROW * number, row, anchor="end")
    x = float(LABEL)
    for verdict, colour in VERDICTS.items():
        if share := bar.shares.get(verdict, 0.0):
            width = share * (WIDTH - LABEL - RIGHT)
            place = {"x": f"{x:.1f}", "y": f"{y:g}", "width": f"{width:.1f}", "height": str(BAR), "fill": colour}
            SubElement(SubElement(svg, "rect", place | {"class": str(verdict)}), "title").text = in_tree(
                f"{bar.name}, {bar.difficulty}: {verdict} {100 * share:.2f} %"
            )
            x += width
    return y + max(BAR, ROW * len(rows)) + GAP


def _svg(height: int, name: str) -> Element:
    return Element("svg", {"viewBox": f"0 0 {WIDTH} {height}", "role": "img", "aria-label": in_tree(name), **_TEXT})


def _text(svg: Element, x: float, y: float, text: str, *, anchor: str = "start", weight: str = "") -> None:
    look = {"font-weight": weight} if weight else {}
    SubElement(svg, "text", {"x": f"{x:g}", "y": f"{y:g}", "text-anchor": anchor, **look}).text = in_tree(text)
