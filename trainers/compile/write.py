"""Writes a folder of groups, all or nothing: the Parquet file, the card, and in the end the folder's name.

What is compiled of a problem is appended to a file of the draft, so that a compilation that was killed goes on.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

import msgspec

from harness.errors import UserError
from harness.runs.jsonl import append, pretty_json, resume, sole_writer, write_whole
from trainers.compile.data_card import ABSENT, ROWS, TOTALS, Card, Counts, Recipe, tables_of, write_card
from trainers.compile.decontamination import Match
from trainers.compile.pipeline import Compiled
from trainers.compile.rejudge import Rejudged
from trainers.groups import GROUPS_FILE, Group, pyarrow, read_groups, write_groups

Rejudge = Callable[[Iterable[Group], int], Iterable[Rejudged]]
"""Groups and the number of their members -> status and verdict of each."""


def refuse_taken(out: Path) -> None:
    """Refuse a folder for groups that is taken.

    Args:
        out: The folder to be; it may exist if it is empty.

    Raises:
        UserError: `out` holds something already, or the library to write it is missing.
    """
    pyarrow()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out}: exists already; choose a new folder for --out")


_COMPILED = "compiled.jsonl"
_COMPILATION = "compilation.json"


class Compilation(msgspec.Struct, frozen=True, kw_only=True):
    """Records all that decides the groups but the submissions themselves; a draft of an equal one is continued."""

    source: str
    """Origin of the submissions, for the card."""
    inputs: tuple[str, ...]
    """Paths of the folders and files that are read."""
    recipe: Recipe
    proctor: str


class _Row(msgspec.Struct, frozen=True):
    """Holds what was compiled of a problem, as the draft has it."""

    groups: tuple[Group, ...]
    counts: tuple[tuple[str, str, int], ...]
    matches: tuple[Match, ...]


def compilation(source: str, inputs: Iterable[Path], recipe: Recipe) -> Compilation:
    """Return the record of a compilation by this version of proctor.

    Args:
        source: Origin of the submissions, for the card.
        inputs: Folders and files that are read.
        recipe: The options.

    Returns:
        The record.
    """
    paths = tuple(str(path.resolve()) for path in inputs)
    return Compilation(source=source, inputs=paths, recipe=recipe, proctor=version("proctor"))


def write_folder(
    out: Path,
    record: Compilation,
    compile_after: Callable[[int], Iterable[Compiled]],
    *,
    counts: Counts,
    rejudge: Rejudge | None = None,
) -> Card:
    """Write the groups and the card behind them.

    Everything is written under another name first, so that `out` is whole or not there. Problems that a killed process
    left there are not compiled again; what another compilation left is overwritten.

    Args:
        out: The folder to be; see `refuse_taken`.
        record: Of this compilation.
        compile_after: Number of problems that are done -> the results of the others, in their order; called once.
        counts: Counts so far; those of the problems are added.
        rejudge: Judges the members of the groups; None leaves it out.

    Returns:
        The card, as written.

    Raises:
        UserError: Another process compiles to this folder.
    """
    draft = out.with_name(f"{out.name}.tmp")
    _compile(draft, record, compile_after)
    matches: list[Match] = []
    sha256 = write_groups(draft / GROUPS_FILE, _groups(draft / _COMPILED, counts, matches))
    crossed: dict[str, Counter[str]] = {}
    for row in rejudge(read_groups(draft), counts[TOTALS, "completions"]) if rejudge else ():
        crossed.setdefault(row.status, Counter())[row.verdict] += 1
        counts[ABSENT, row.absent] += bool(row.absent)
    tables = tables_of(counts)
    fates, totals = tables.pop(ROWS, {}), tables.pop(TOTALS, {})
    card = Card(
        source=record.source,
        recipe=record.recipe,
        proctor=record.proctor,
        groups_sha256=sha256,
        rows=sum(fates.values()),
        groups=totals.get("groups", 0),
        completions=totals.get("completions", 0),
        prompt_tokens=totals.get("prompt tokens", 0),
        completion_tokens=totals.get("completion tokens", 0),
        fates=fates,
        tables=tables,
        contaminated=tuple(matches),
        rejudged={status: dict(sorted(crossed[status].items())) for status in sorted(crossed)},
    )
    write_card(draft, card)
    for name in (_COMPILED, _COMPILATION):
        (draft / name).unlink()
    draft.rename(out)
    return card


def _compile(draft: Path, record: Compilation, compile_after: Callable[[int], Iterable[Compiled]]) -> None:
    """Append what is not yet compiled to the draft."""
    draft.mkdir(parents=True, exist_ok=True)
    written = pretty_json(record)
    with sole_writer(draft / _COMPILED) as file:
        if not _holds(draft / _COMPILATION, written):
            file.truncate(0)
            write_whole(draft / _COMPILATION, written)
        done = sum(1 for _ in resume(draft / _COMPILED, _Row))
        for one in compile_after(done):
            counts = tuple((table, entry, count) for (table, entry), count in one.counts.items())
            append(file, _Row(one.groups, counts, one.matches))


def _holds(path: Path, content: bytes) -> bool:
    return path.exists() and path.read_bytes() == content


def _groups(path: Path, counts: Counts, matches: list[Match]) -> Iterator[Group]:
    for row in resume(path, _Row):
        counts.update({(table, entry): count for table, entry, count in row.counts})
        matches.extend(row.matches)
        yield from row.groups
