"""Entries -> a folder with index.html, its script and style, and the files of data."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from harness.errors import UserError
from harness.storage import write_whole
from leaderboards.page.document import document
from leaderboards.page.samples import has_samples, write_samples
from leaderboards.plots.figures import Figure
from leaderboards.table import Entry, Table

PAGE = "index.html"
ASSETS = ("page.js", "page.css")


def write_page(folder: Path, tables: Sequence[Table], entries: Mapping[str, Entry], figures: Sequence[Figure]) -> Path:
    """Write the page into a new or empty folder, or over an earlier page, and return the path of index.html.

    index.html is written last, so a page that is there is whole.

    Args:
        folder: Where it goes.
        tables: What stands on top.
        entries: What a reader may look into, by title.
        figures: What is plotted.

    Raises:
        UserError: The folder holds something else, or the samples of a run can't be read.
    """
    if folder.exists() and not (folder.is_dir() and ((folder / PAGE).exists() or not any(folder.iterdir()))):
        raise UserError(f"{folder}: holds something else than a page; choose an empty or new folder for --out")
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / PAGE).unlink(missing_ok=True)
    for old in (folder / "data").glob("run*-*.js"):
        old.unlink()
    data = {title: f"run{place}" for place, (title, entry) in enumerate(entries.items()) if has_samples(entry.run)}
    for title, name in data.items():
        write_samples(folder / "data", name, entries[title].run, entries[title].result)
    for asset in ASSETS:
        write_whole(folder / asset, files("leaderboards.page").joinpath(asset).read_bytes())
    write_whole(folder / PAGE, document(tables, figures, data))
    return folder / PAGE
