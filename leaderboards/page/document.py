"""Tables and plots -> the page's HTML, as a tree: every text in it is escaped by whatever writes the tree."""

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from harness.escapes import in_tree
from leaderboards.plots import svg
from leaderboards.plots.figures import Figure
from leaderboards.table import DECIMALS, Cell, Table

# A page from a folder has no origin of its own, so its scripts are those of the file scheme; nothing else is loaded.
POLICY = "default-src 'none'; script-src 'self' file:; style-src 'self' file:; base-uri 'none'; form-action 'none'"


def document(tables: Sequence[Table], figures: Sequence[Figure], data: Mapping[str, str]) -> bytes:
    """Return index.html.

    Args:
        tables: What stands on top.
        figures: What is plotted.
        data: What a reader may look into: title -> name of its files of data.
    """
    root = Element("html", {"lang": "en"})
    head = SubElement(root, "head")
    SubElement(head, "meta", {"charset": "utf-8"})
    SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": POLICY})
    SubElement(head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    SubElement(head, "title").text = "proctor"
    SubElement(head, "link", {"rel": "stylesheet", "href": "page.css"})
    SubElement(head, "script", {"src": "page.js", "defer": "defer"})
    body = SubElement(root, "body")
    _text(body, "h1", "Results")
    for table in tables:
        _table(body, table)
    _figures(body, figures)
    _samples(body, data)
    return b"<!doctype html>\n" + tostring(root, encoding="unicode", method="html").encode() + b"\n"


def _text(parent: Element, tag: str, text: str, attributes: Mapping[str, str] | None = None) -> Element:
    element = SubElement(parent, tag, dict(attributes or {}))
    element.text = in_tree(text)
    return element


def _table(body: Element, table: Table) -> None:
    scroll = SubElement(body, "div", {"class": "wide"})
    element = SubElement(scroll, "table", {"class": "sortable"})
    _text(element, "caption", table.caption)
    head = SubElement(SubElement(element, "thead"), "tr")
    for title in ("method", *table.titles):
        _text(SubElement(head, "th", {"scope": "col"}), "button", title, {"type": "button"})
    rows = SubElement(element, "tbody")
    for row in table.rows:
        line = SubElement(rows, "tr")
        _text(line, "th", row.method, {"scope": "row"})
        for cell in row.cells:
            _cell(line, cell)
    for note in table.notes:
        _text(body, "p", note, {"class": "note"})


def _cell(line: Element, cell: Cell | None) -> None:
    if cell is None:
        SubElement(line, "td")
        return
    attributes = {"data-value": repr(cell.value)} | ({"class": "below"} if cell.below_base else {})
    element = SubElement(line, "td", attributes)
    number = _text(element, "b" if cell.best else "span", f"{cell.value:.{DECIMALS}f}")
    spread = "" if cell.spread is None else f" ± {cell.spread:.{DECIMALS}f}"
    number.tail = f"{' ▼' if cell.below_base else ''}{spread}"
    if cell.low is not None:
        _text(element, "small", f" {cell.low:.1f}-{cell.high:.1f}")


def _figures(body: Element, figures: Sequence[Figure]) -> None:
    beside_each_other = SubElement(body, "div", {"class": "figures"})
    for figure in figures:
        element = SubElement(beside_each_other, "figure")
        _text(element, "figcaption", figure.title)
        element.append(svg.drawn(figure))


def _samples(body: Element, data: Mapping[str, str]) -> None:
    if not data:
        _text(body, "p", "No samples lie beside these results.", {"class": "note"})
        return
    _text(body, "h2", "Problems and samples")
    _text(SubElement(body, "noscript"), "p", "To look into problems and samples, the page needs JavaScript.")
    choice = SubElement(body, "p")
    run = SubElement(_text(choice, "label", "Run "), "select", {"id": "run"})
    for title, name in data.items():
        _text(run, "option", title, {"value": name})
    label = _text(choice, "label", " Problems that contain ")
    SubElement(label, "input", {"id": "filter", "type": "search"})
    _text(body, "p", "", {"id": "status", "role": "status"})
    SubElement(body, "section", {"id": "problem"})
    scroll = SubElement(body, "div", {"class": "wide"})
    table = SubElement(scroll, "table", {"id": "problems", "class": "sortable"})
    head = SubElement(SubElement(table, "thead"), "tr")
    for title in ("problem", "difficulty", "accepted", "samples"):
        _text(SubElement(head, "th", {"scope": "col"}), "button", title, {"type": "button"})
    SubElement(table, "tbody")
    _text(body, "button", "Show more", {"id": "more", "type": "button", "hidden": "hidden"})
