"""Writes a folder of groups, all or nothing: the Parquet file, the card, and in the end the folder's name."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from harness.errors import UserError
from trainers.compile.data_card import ROWS, TOTALS, Card, Counts, Recipe, tables_of, write_card
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


def write_folder(
    out: Path,
    compiled: Iterable[Compiled],
    *,
    counts: Counts,
    recipe: Recipe,
    source: str,
    rejudge: Rejudge | None = None,
) -> Card:
    """Write the groups as they come and the card behind them.

    Everything is written under another name first, so that `out` is whole or not there. What a killed process left
    under that name is overwritten.

    Args:
        out: The folder to be; see `refuse_taken`.
        compiled: The results of the problems, in their order; read once.
        counts: Counts so far; those of the problems are added.
        recipe: The options of the compilation.
        source: Origin of the submissions, for the card.
        rejudge: Judges the members of the groups; None leaves it out.

    Returns:
        The card, as written.
    """
    draft = out.with_name(f"{out.name}.tmp")
    draft.mkdir(parents=True, exist_ok=True)
    matches: list[Match] = []
    sha256 = write_groups(draft / GROUPS_FILE, _groups(compiled, counts, matches))
    crossed: dict[str, Counter[str]] = {}
    for row in rejudge(read_groups(draft), counts[TOTALS, "completions"]) if rejudge else ():
        crossed.setdefault(row.status, Counter())[row.verdict] += 1
    tables = tables_of(counts)
    fates, totals = tables.pop(ROWS, {}), tables.pop(TOTALS, {})
    card = Card(
        source=source,
        recipe=recipe,
        proctor=version("proctor"),
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
    draft.rename(out)
    return card


def _groups(compiled: Iterable[Compiled], counts: Counts, matches: list[Match]) -> Iterator[Group]:
    for one in compiled:
        counts.update(one.counts)
        matches.extend(one.matches)
        yield from one.groups
