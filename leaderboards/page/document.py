"""Builds index.html as a tree, so every text in it is escaped when the tree is written."""

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from harness.escapes import in_tree
from leaderboards.compare import p_text
from leaderboards.marks import DECIMALS, SIGNIFICANT, Cell, Table
from leaderboards.page.summary import Change, Changes, Count, Fact
from leaderboards.plots.shapes import Figure
from leaderboards.plots.svg import svg_element

# A page from a folder has no origin of its own, so its scripts are those of the file scheme; nothing else is loaded.
POLICY = "default-src 'none'; script-src 'self' file:; style-src 'self' file:; base-uri 'none'; form-action 'none'"

STYLE = "page.css"
SCRIPTS = (
    "dom.js", "data.js", "route.js", "tables.js", "python.js", "difference.js", "filters.js", "matrix.js", "sample.js",
    "problem.js", "keys.js", "main.js",
)  # fmt: skip
"""In the order in which they are executed: each uses only what those before it define."""

KEYS = (
    ("?", "this list"),
    ("g o, g p", "overview, problems"),
    ("/", "search"),
    ("arrows, Home, End", "walk through the matrix; Enter opens a cell"),
    ("j, k", "next problem of the list, the one before"),
    ("n, p", "next sample, the one before"),
    ("u", "back to the list of problems"),
)


CHANGES_NOTE = (
    "Percentage points, paired by problem, with a 95 % interval. p: adjusted by Holm for all comparisons of the table; "
    "†: below 0.05. Fixed: no sample of the base was accepted, and one of the method was. Broken: the other way round."
)


def document(
    facts: Sequence[Fact],
    tables: Sequence[Table],
    changes: Sequence[Changes],
    figures: Sequence[Figure],
    *,
    explorer: bool,
) -> bytes:
    """Return index.html.

    Args:
        facts: The summary.
        tables: Below it.
        changes: From the base to the other methods, a table for each benchmark.
        figures: The plots below.
        explorer: Whether there are problems to look into.

    Returns:
        The file in UTF-8; equal bytes for equal arguments.
    """
    root = Element("html", {"lang": "en"})
    _head(SubElement(root, "head"))
    body = SubElement(root, "body")
    _text(body, "a", "Skip to the content", {"href": "#content", "class": "skip"})
    _header(SubElement(body, "header"), explorer=explorer)
    main = SubElement(body, "main", {"id": "content", "tabindex": "-1"})
    _overview(
        SubElement(main, "section", {"id": "overview", "aria-label": "Overview"}), facts, tables, changes, figures
    )
    if explorer:
        _explorer(main)
    else:
        _text(main, "p", "These results come without problems to look into.", {"class": "note"})
    _keys(body)
    return b"<!doctype html>\n" + tostring(root, encoding="unicode", method="html").encode() + b"\n"


def _head(head: Element) -> None:
    SubElement(head, "meta", {"charset": "utf-8"})
    SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": POLICY})
    SubElement(head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    SubElement(head, "meta", {"name": "color-scheme", "content": "light dark"})
    SubElement(head, "title").text = "proctor"
    SubElement(head, "link", {"rel": "stylesheet", "href": STYLE})
    for name in SCRIPTS:
        SubElement(head, "script", {"src": f"scripts/{name}", "defer": "defer"})


def _header(header: Element, *, explorer: bool) -> None:
    _text(header, "p", "proctor", {"class": "brand"})
    navigation = SubElement(header, "nav", {"aria-label": "Views"})
    _text(navigation, "a", "Overview", {"href": "#view=overview", "id": "to-overview"})
    if explorer:
        _text(navigation, "a", "Problems", {"href": "#view=problems", "id": "to-problems"})
    _text(header, "button", "Keys", {"type": "button", "id": "show-keys", "aria-haspopup": "dialog"})


def _overview(
    section: Element,
    facts: Sequence[Fact],
    tables: Sequence[Table],
    changes: Sequence[Changes],
    figures: Sequence[Figure],
) -> None:
    _text(section, "h1", "Results", {"tabindex": "-1"})
    summary = SubElement(section, "dl", {"class": "summary"})
    for fact in facts:
        pair = SubElement(summary, "div")
        _text(pair, "dt", fact.name)
        for value in fact.values:
            _text(pair, "dd", value)
    for table in tables:
        _table(section, table)
    for one in changes:
        _changes(section, one)
    if figures:
        _text(section, "h2", "Plots")
    beside_each_other = SubElement(section, "div", {"class": "figures"})
    for figure in figures:
        element = SubElement(beside_each_other, "figure")
        _text(element, "figcaption", figure.title)
        element.append(svg_element(figure))


def _text(parent: Element, tag: str, text: str, attributes: Mapping[str, str] | None = None) -> Element:
    element = SubElement(parent, tag, dict(attributes or {}))
    element.text = in_tree(text)
    return element


def _sortable(parent: Element, caption: str, titles: Sequence[str]) -> Element:
    """Add a table that sorts and scrolls within its own place; return its body."""
    scroll = SubElement(
        parent, "div", {"class": "wide", "tabindex": "0", "role": "region", "aria-label": in_tree(caption)}
    )
    table = SubElement(scroll, "table", {"class": "sortable"})
    _text(table, "caption", caption)
    head = SubElement(SubElement(table, "thead"), "tr")
    for title in titles:
        _text(SubElement(head, "th", {"scope": "col"}), "button", title, {"type": "button"})
    return SubElement(table, "tbody")


def _table(section: Element, table: Table) -> None:
    rows = _sortable(section, table.caption, ("method", *table.titles))
    for row in table.rows:
        line = SubElement(rows, "tr")
        _text(line, "th", row.method, {"scope": "row"})
        for cell in row.cells:
            _cell(line, cell)
    notes = SubElement(section, "details", {"class": "notes"})
    _text(notes, "summary", "Marks and protocol")
    for note in table.notes:
        _text(notes, "p", note)


def _cell(line: Element, cell: Cell | None) -> None:
    if cell is None:
        SubElement(line, "td")
        return
    attributes = {"data-value": repr(cell.value)} | ({"class": "below"} if cell.below_base else {})
    element = SubElement(line, "td", attributes)
    number = _text(element, "b" if cell.best else "span", cell.text)
    spread = "" if cell.spread is None else f" ± {cell.spread:.{DECIMALS}f}"
    number.tail = f"{cell.signs}{spread}"
    if cell.low is not None:
        _text(element, "small", f" {cell.low:.1f}-{cell.high:.1f}")


def _changes(section: Element, changes: Changes) -> None:
    caption = f"{changes.benchmark}: changes from {changes.base}"
    rows = _sortable(section, caption, ("method", "fixed", "broken", "both wrong", *changes.columns))
    for row in changes.rows:
        line = SubElement(rows, "tr")
        _text(line, "th", row.title, {"scope": "row"})
        for count in row.counts:
            _count(line, count)
        for change in row.changes:
            _change(line, change)
    _text(section, "p", CHANGES_NOTE, {"class": "note"})


def _count(line: Element, count: Count | None) -> None:
    cell = SubElement(line, "td", {"data-value": str(count.problems)} if count else {})
    if count:
        _text(cell, "a", str(count.problems), {"href": f"#{count.address}"})


def _change(line: Element, change: Change | None) -> None:
    if change is None:
        SubElement(line, "td")
        return
    cell = SubElement(line, "td", {"data-value": repr(change.difference)})
    mark = f" {SIGNIFICANT}" if change.significant else ""
    _text(cell, "b" if change.significant else "span", f"{100 * change.difference:+.{DECIMALS}f}{mark}")
    _text(cell, "small", f" {100 * change.low:+.1f} to {100 * change.high:+.1f}, p {p_text(change.p)}")


def _explorer(main: Element) -> None:
    """Add the places that the scripts fill."""
    _text(SubElement(main, "noscript"), "p", "Problems and samples need JavaScript.")
    _text(main, "p", "", {"id": "status", "role": "status"})
    problems = SubElement(main, "section", {"id": "problems", "aria-label": "Problems", "hidden": "hidden"})
    _text(problems, "h1", "Problems", {"tabindex": "-1"})
    label = _text(problems, "label", "Search ", {"class": "search"})
    SubElement(label, "input", {"id": "search", "type": "search", "placeholder": "id or beginning of the statement"})
    SubElement(problems, "div", {"id": "filters"})
    place = {"class": "wide", "id": "matrix-place", "role": "region", "aria-label": "Matrix", "tabindex": "0"}
    table = SubElement(SubElement(problems, "div", place), "table", {"id": "matrix"})
    _text(table, "caption", "")
    SubElement(table, "thead")
    SubElement(table, "tbody")
    _text(problems, "button", "Show more", {"id": "more", "type": "button", "hidden": "hidden"})
    SubElement(main, "section", {"id": "problem", "aria-label": "Problem", "hidden": "hidden"})


def _keys(body: Element) -> None:
    dialog = SubElement(body, "dialog", {"id": "keys", "aria-labelledby": "keys-title"})
    _text(dialog, "h2", "Keys", {"id": "keys-title"})
    names = SubElement(dialog, "dl")
    for key, what in KEYS:
        pair = SubElement(names, "div")
        _text(SubElement(pair, "dt"), "kbd", key)
        _text(pair, "dd", what)
    label = SubElement(dialog, "label")
    SubElement(label, "input", {"type": "checkbox", "id": "keys-on", "checked": "checked"}).tail = " Keys of one letter"
    form = SubElement(dialog, "form", {"method": "dialog"})
    _text(form, "button", "Close", {"type": "submit"})
