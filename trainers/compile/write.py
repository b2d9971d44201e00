"""Writes a folder of groups, all or nothing: the Parquet file, the card, and in the end the folder's name.

What is compiled of a problem is appended to a file of the draft, so that a compilation that was killed goes on.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import msgspec

from harness.errors import UserError
from harness.runs.jsonl import append, pretty_json, resume, sole_writer, whole_file, write_whole
from trainers.compile.data_card import ABSENT, ROWS, TOTALS, Card, Counts, Recipe, tables_of, write_card
from trainers.compile.decontamination import Match
from trainers.compile.pipeline import Compiled
from trainers.compile.provenance import Provenance
from trainers.compile.rejudge import Rejudged, fails_here
from trainers.groups import GROUPS_FILE, Group, pyarrow, write_groups

LeftOut = tuple[str, tuple[str, ...]]
"""A problem, and its accepted submissions that fail here."""


class Rejudging(NamedTuple):
    """Holds the judge of the members of groups, and the compiler of problems without some of them."""

    judge: Callable[[Iterable[Group], int], Iterable[Rejudged]]
    """Groups and the number of their members -> status and verdict of each."""
    compile_again: Callable[[Iterable[LeftOut]], Iterable[Compiled]]
    """Problems -> their results without these submissions, in order."""


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

    origin: Provenance
    """Of the submissions, for the card."""
    inputs: tuple[str, ...]
    """Paths of the folders and files that are read."""
    recipe: Recipe
    proctor: str


class _Row(msgspec.Struct, frozen=True):
    """Holds the compiled groups of a problem, as the draft has them."""

    groups: tuple[Group, ...]
    counts: tuple[tuple[str, str, int], ...]
    matches: tuple[Match, ...]
    left_out: dict[str, str] = {}
    """Accepted submissions that fail here -> the package that one failed for, if it did."""


def compilation(origin: Provenance, inputs: Iterable[Path], recipe: Recipe) -> Compilation:
    """Return the record of a compilation by this version of proctor.

    Args:
        origin: Of the submissions, for the card.
        inputs: Folders and files that are read.
        recipe: The options.

    Returns:
        The record.
    """
    paths = tuple(str(path.resolve()) for path in inputs)
    return Compilation(origin=origin, inputs=paths, recipe=recipe, proctor=version("proctor"))


def write_folder(
    out: Path,
    record: Compilation,
    compile_after: Callable[[int], Iterable[Compiled]],
    *,
    counts: Counts,
    rejudging: Rejudging | None = None,
    log_probs: bool = False,
) -> Card:
    """Write the groups and the card behind them.

    Everything is written under another name first, so that `out` is whole or not there. Problems that a killed process
    left there are not compiled again; what another compilation left is overwritten.

    Args:
        out: The folder to be; see `refuse_taken`.
        record: Of this compilation.
        compile_after: Number of problems that are done -> the results of the others, in their order; called once.
        counts: Counts so far; those of the problems are added.
        rejudging: Judges the members of the groups, which then hold no accepted one that fails here; None for none.
        log_probs: Whether any member has a log-probability.

    Returns:
        The card, as written.

    Raises:
        UserError: Another process compiles to this folder.
    """
    draft = out.with_name(f"{out.name}.tmp")
    _compile(draft, record, compile_after)
    crossed = _settled(draft, rejudging, counts) if rejudging else {}
    matches: list[Match] = []
    sha256 = write_groups(draft / GROUPS_FILE, _groups(draft / _COMPILED, counts, matches), log_probs=log_probs)
    tables = tables_of(counts)
    fates, totals = tables.pop(ROWS, {}), tables.pop(TOTALS, {})
    card = Card(
        source=record.origin.source,
        licence=record.origin.licence,
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
            append(file, _row(one))


def _row(compiled: Compiled, left_out: dict[str, str] | None = None) -> _Row:
    counts = tuple((table, entry, count) for (table, entry), count in compiled.counts.items())
    return _Row(compiled.groups, counts, compiled.matches, left_out or {})


def _settled(draft: Path, rejudging: Rejudging, counts: Counts) -> dict[str, Counter[str]]:
    """Compile problems again until no accepted member of a group fails here; return status -> verdict -> members.

    The packages that members, and those left out, failed for are added to `counts`. Only what has not been judged is
    judged, so a round takes less than the one before.
    """
    verdicts: _Verdicts = {}
    while True:
        unjudged = sum(len(group.source_ids) for group in _unjudged(draft, verdicts))
        for found in rejudging.judge(_unjudged(draft, verdicts), unjudged):
            verdicts[found.problem_id, found.source_id] = found
        failing = dict(_failing(draft, verdicts))
        if not failing:
            break
        _compile_again(draft, failing, rejudging)
    crossed: dict[str, Counter[str]] = {}
    for row in resume(draft / _COMPILED, _Row):
        members = [verdicts[group.problem_id, source_id] for group in row.groups for source_id in group.source_ids]
        for member in members:
            crossed.setdefault(member.status, Counter())[member.verdict] += 1
        for absent in filter(None, (*row.left_out.values(), *(member.absent for member in members))):
            counts[ABSENT, absent] += 1
    return crossed


_Verdicts = dict[tuple[str, str], Rejudged]
"""By problem and source id."""


def _unjudged(draft: Path, verdicts: _Verdicts) -> Iterator[Group]:
    """Yield the groups with only those members that have no verdict yet."""
    for row in resume(draft / _COMPILED, _Row):
        for group in row.groups:
            places = [at for at, one in enumerate(group.source_ids) if (group.problem_id, one) not in verdicts]
            if places:
                lists = ("completions", "rewards", "statuses", "source_ids")
                kept = {name: tuple(getattr(group, name)[at] for at in places) for name in lists}
                yield msgspec.structs.replace(group, **kept)


def _failing(draft: Path, verdicts: _Verdicts) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the problems with accepted members that fail here, with all that is to be left out of them."""
    for row in resume(draft / _COMPILED, _Row):
        members = (verdicts[group.problem_id, source_id] for group in row.groups for source_id in group.source_ids)
        found = {member.source_id: member.absent for member in members if fails_here(member)}
        if found:
            yield row.groups[0].problem_id, row.left_out | found


def _compile_again(draft: Path, failing: dict[str, dict[str, str]], rejudging: Rejudging) -> None:
    """Replace the rows of problems by those without what fails; a kill leaves the old file or the new one."""
    again = iter(rejudging.compile_again((problem_id, tuple(ids)) for problem_id, ids in failing.items()))
    with whole_file(draft / _COMPILED) as file:
        for row in resume(draft / _COMPILED, _Row):
            problem_id = row.groups[0].problem_id if row.groups else ""
            append(file, _row(next(again), failing[problem_id]) if problem_id in failing else row)


def _holds(path: Path, content: bytes) -> bool:
    return path.exists() and path.read_bytes() == content


def _groups(path: Path, counts: Counts, matches: list[Match]) -> Iterator[Group]:
    for row in resume(path, _Row):
        counts.update({(table, entry): count for table, entry, count in row.counts})
        matches.extend(row.matches)
        yield from row.groups
