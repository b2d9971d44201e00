"""Writes the page: a folder with index.html, its scripts and style, and the data that they show."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.errors import UserError
from harness.runs.jsonl import write_whole
from leaderboards.marks import Table
from leaderboards.page.data import write_sets
from leaderboards.page.document import SCRIPTS, STYLE, document
from leaderboards.page.summary import changes_from_base, summary_facts
from leaderboards.plots.shapes import Figure
from leaderboards.table import TableEntry

PAGE = "index.html"
_FOLDERS = {"data": "*.js", "scripts": "*.js"}


def write_page(
    folder: Path,
    tables: Sequence[Table],
    entries: Mapping[str, TableEntry],
    figures: Sequence[Figure],
    base: str = "",
) -> Path:
    """Write the page into a new or empty folder, or over an earlier page.

    All is written beside the folder first, and index.html comes last: a page that is there is whole, and where samples
    can't be read nothing changes.

    Args:
        folder: Of the page.
        tables: On top of the page.
        entries: Results to look into, by title.
        figures: The plots below the tables.
        base: Method that others are compared with; "" for the one called "base", or else the first.

    Returns:
        Path of index.html.

    Raises:
        UserError: The folder holds something else, or the samples of a run can't be read.
    """
    if folder.exists() and not (folder.is_dir() and ((folder / PAGE).exists() or not any(folder.iterdir()))):
        raise UserError(f"{folder}: holds something else than a page; choose an empty or new folder for --out")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as draft:
        _write_parts(Path(draft), tables, entries, figures, base)
        folder.mkdir(exist_ok=True)
        (folder / PAGE).unlink(missing_ok=True)
        for name, pattern in _FOLDERS.items():
            (folder / name).mkdir(exist_ok=True)
            for old in (folder / name).glob(pattern):
                old.unlink()
        parts = sorted(path for path in Path(draft).rglob("*") if path.is_file() and path.name != PAGE)
        for path in (*parts, Path(draft) / PAGE):
            path.replace(folder / path.relative_to(draft))
    return folder / PAGE


def _write_parts(
    folder: Path, tables: Sequence[Table], entries: Mapping[str, TableEntry], figures: Sequence[Figure], base: str
) -> None:
    for name in _FOLDERS:
        (folder / name).mkdir()
    sets = write_sets(folder / "data", entries, base)
    ours = files("leaderboards.page")
    for name in SCRIPTS:
        write_whole(folder / "scripts" / name, ours.joinpath(name).read_bytes())
    write_whole(folder / STYLE, ours.joinpath(STYLE).read_bytes())
    changes = changes_from_base(sets, entries)
    page = document(summary_facts(entries), tables, changes, figures, explorer=bool(sets))
    write_whole(folder / PAGE, page)
