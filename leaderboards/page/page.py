"""Writes the page: a folder with index.html, its script and style, and the samples as files of data.

The page's HTML is built as a tree, so every text in it is escaped when the tree is written. Each file of data is a
script, because a page that was opened from a folder may load scripts beside it but read no files. All it does is hand a
JSON value to the page, which only ever shows it as text.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec

from harness.errors import UserError
from harness.escapes import in_tree
from harness.explain import difference
from harness.runs.jsonl import appended_rows, write_whole
from harness.runs.records import Evaluation, Result, Sample
from harness.runs.row_store import SampleFile
from harness.runs.run_folder import read_run
from leaderboards.marks import DECIMALS, Cell, Table
from leaderboards.plots.figures import Figure
from leaderboards.plots.svg import svg_element
from leaderboards.table import TableEntry
from sandbox.printable import one_line, readable
from sandbox.records import Verdict

# A page from a folder has no origin of its own, so its scripts are those of the file scheme; nothing else is loaded.
POLICY = "default-src 'none'; script-src 'self' file:; style-src 'self' file:; base-uri 'none'; form-action 'none'"


def document(tables: Sequence[Table], figures: Sequence[Figure], data: Mapping[str, str]) -> bytes:
    """Return index.html.

    Args:
        tables: On top of the page.
        figures: The plots below.
        data: Results with samples: title -> name of its files of data.

    Returns:
        The file in UTF-8; equal bytes for equal arguments.
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
    number.tail = f"{cell.signs}{spread}"
    if cell.low is not None:
        _text(element, "small", f" {cell.low:.1f}-{cell.high:.1f}")


def _figures(body: Element, figures: Sequence[Figure]) -> None:
    beside_each_other = SubElement(body, "div", {"class": "figures"})
    for figure in figures:
        element = SubElement(beside_each_other, "figure")
        _text(element, "figcaption", figure.title)
        element.append(svg_element(figure))


def _samples(body: Element, data: Mapping[str, str]) -> None:
    if not data:
        _text(body, "p", "These results come without samples.", {"class": "note"})
        return
    _text(body, "h2", "Problems and samples")
    _text(SubElement(body, "noscript"), "p", "Problems and samples need JavaScript.")
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


CHUNK_BYTES = 400_000
"""A file of data is closed when it is larger than this."""


class ShownSample(msgspec.Struct, frozen=True, kw_only=True):
    """Holds a sample as the page shows it."""

    index: int
    verdict: Verdict
    detail: str
    text: str
    whole: bool
    """Whether the text is the program that ran; if not, it is the completion that the program was taken from."""
    difference: str
    """Expected against actual of the first test that failed, as a unified diff."""


class ShownProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the samples of a problem, loaded on request."""

    task_id: str
    samples: tuple[ShownSample, ...]


class ProblemLine(msgspec.Struct, frozen=True, array_like=True):
    """Holds a problem's line in the list of problems, and the number of the file with its samples."""

    task_id: str
    difficulty: str
    n: int
    c: int
    chunk: int


def has_samples(run: Path) -> bool:
    """Return whether the folder of a run has samples and evaluations.

    Args:
        run: Folder of the run.

    Returns:
        True if the page can show them.
    """
    return all((run / name).exists() for name in ("run.json", "samples.jsonl", "evaluations.jsonl"))


def write_sample_files(folder: Path, name: str, run: Path, result: Result) -> None:
    """Write the list of problems of one policy as `NAME-problems.js`, and their samples as `NAME-0.js`, `NAME-1.js` ...

    Args:
        folder: Where the files go.
        name: NAME of the files.
        run: Folder of the run.
        result: Of the policy.

    Raises:
        UserError: The files of the run can't be read or are not what they should be.
    """
    lines: list[ProblemLine] = []
    chunk: list[bytes] = []
    length = chunks = 0
    by_task = {tally.task_id: tally for tally in result.tallies}
    for problem in _problems(run, result):
        tally = by_task[problem.task_id]
        lines.append(ProblemLine(one_line(tally.task_id), one_line(tally.difficulty), tally.n, tally.c, chunks))
        chunk.append(msgspec.json.encode(msgspec.structs.replace(problem, task_id=lines[-1].task_id)))
        length += len(chunk[-1])
        if length > CHUNK_BYTES:
            _write(folder, f"{name}-{chunks}", b"[" + b",".join(chunk) + b"]")
            chunk, length, chunks = [], 0, chunks + 1
    _write(folder, f"{name}-{chunks}", b"[" + b",".join(chunk) + b"]")
    _write(folder, f"{name}-problems", msgspec.json.encode(lines))


def _write(folder: Path, name: str, value: bytes) -> None:
    write_whole(folder / f"{name}.js", b'proctorReceive("%s", %s);\n' % (name.encode(), value))


def _problems(run: Path, result: Result) -> Iterator[ShownProblem]:
    """Yield the problems in the benchmark's order; what was judged is kept condensed, samples are read one by one."""
    samples = SampleFile(run / "samples.jsonl", read_run(run).samples_sha256)
    judged = defaultdict[str, list[Evaluation]](list)
    for evaluation in appended_rows(run / "evaluations.jsonl", Evaluation):
        if evaluation.policy == result.policy:
            judged[evaluation.task_id].append(_condensed(evaluation))
    for tally in result.tallies:
        evaluations = sorted(judged.pop(tally.task_id, ()), key=lambda evaluation: evaluation.index)
        shown = tuple(_shown(samples[evaluation.key], evaluation) for evaluation in evaluations)
        yield ShownProblem(task_id=tally.task_id, samples=shown)


def _condensed(evaluation: Evaluation) -> Evaluation:
    failed = [outcome for outcome in evaluation.per_test if outcome.verdict is not Verdict.ACCEPTED]
    return msgspec.structs.replace(evaluation, per_test=tuple(failed[:1]))


def _shown(sample: Sample, evaluation: Evaluation) -> ShownSample:
    sha256 = hashlib.sha256(sample.completion.encode("utf-8", "surrogatepass")).hexdigest()
    return ShownSample(
        index=sample.index,
        verdict=evaluation.verdict,
        detail=one_line(evaluation.detail),
        text=readable(sample.completion),
        whole=sha256 == evaluation.program_sha256,
        difference=readable(_differences(evaluation)),
    )


def _differences(evaluation: Evaluation) -> str:
    return "\n".join(difference(outcome.expected, outcome.actual) for outcome in evaluation.per_test)


PAGE = "index.html"
ASSETS = ("page.js", "page.css")


def write_page(
    folder: Path, tables: Sequence[Table], entries: Mapping[str, TableEntry], figures: Sequence[Figure]
) -> Path:
    """Write the page into a new or empty folder, or over an earlier page.

    All is written beside the folder first, and index.html comes last: a page that is there is whole, and where samples
    can't be read nothing changes.

    Args:
        folder: Of the page.
        tables: On top of the page.
        entries: Results to look into, by title.
        figures: The plots below the tables.

    Returns:
        Path of index.html.

    Raises:
        UserError: The folder holds something else, or the samples of a run can't be read.
    """
    if folder.exists() and not (folder.is_dir() and ((folder / PAGE).exists() or not any(folder.iterdir()))):
        raise UserError(f"{folder}: holds something else than a page; choose an empty or new folder for --out")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as draft:
        _write_parts(Path(draft), tables, entries, figures)
        (folder / "data").mkdir(parents=True, exist_ok=True)
        (folder / PAGE).unlink(missing_ok=True)
        for old in (folder / "data").glob("run*-*.js"):
            old.unlink()
        parts = sorted(path for path in Path(draft).rglob("*") if path.is_file() and path.name != PAGE)
        for path in (*parts, Path(draft) / PAGE):
            path.replace(folder / path.relative_to(draft))
    return folder / PAGE


def _write_parts(
    folder: Path, tables: Sequence[Table], entries: Mapping[str, TableEntry], figures: Sequence[Figure]
) -> None:
    (folder / "data").mkdir()
    data = {title: f"run{place}" for place, (title, entry) in enumerate(entries.items()) if has_samples(entry.run)}
    for title, name in data.items():
        write_sample_files(folder / "data", name, entries[title].run, entries[title].result)
    for asset in ASSETS:
        write_whole(folder / asset, files("leaderboards.page").joinpath(asset).read_bytes())
    write_whole(folder / PAGE, document(tables, figures, data))
