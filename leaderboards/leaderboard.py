"""Writes LEADERBOARD.md of a tree of runs: the newest result of each policy, benchmark and protocol."""

import hashlib
import re
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

from harness.errors import UserError
from harness.runs.conditions import protocol_texts
from harness.runs.jsonl import write_whole
from harness.scoring.passk import mean_pass_at_k
from leaderboards.marks import Table
from leaderboards.render import tables_markdown
from leaderboards.results import RESULT_FILE, Found, read_results
from leaderboards.table import TableEntry, table_entry, tabulate

LEDGER = "LEADERBOARD.md"

_HEAD = """# Leaderboard

Written by `proctor table` from the runs in this folder; don't edit it. Each table is one benchmark under one protocol.
Of several runs of a policy the newest is shown, which is the one whose name comes last.

"""


def newest(folder: Path) -> tuple[Found, ...]:
    """Return the newest result of each policy, benchmark and protocol below a folder.

    Newest is the one whose path comes last, numbers compared as numbers, so runs are to be named by date or number: the
    times of files don't survive a clone, and a result holds no clock.

    Args:
        folder: Of runs, at any depth.

    Returns:
        The results, at least one.

    Raises:
        UserError: There is no result file, or one can't be read.
    """
    files = sorted(folder.rglob(RESULT_FILE), key=lambda path: _natural(path.relative_to(folder)))
    if not files:
        raise UserError(f"{folder}: holds no {RESULT_FILE}, at any depth; name a folder of runs")
    found = [one for file in files for one in read_results(file)]
    return tuple({(one.result.policy, _conditions(one)): one for one in found}.values())


def _conditions(found: Found) -> tuple[str, ...]:
    """Return what results in one table share: the protocol, and a hash of the tasks."""
    tasks = "\0".join(sorted(tally.task_id for tally in found.result.tallies))
    sha256 = hashlib.sha256(tasks.encode(errors="surrogatepass")).hexdigest()
    return (*protocol_texts(found.result.conditions).values(), sha256)


def _natural(path: Path) -> list[tuple[str, int]]:
    """Return a sorting key that puts run-9 before run-10."""
    return [(text, int(number or 0)) for text, number in re.findall(r"(\D*)(\d*)", path.as_posix())]


def ledger(folder: Path) -> tuple[Table, ...]:
    """Return the tables of a leaderboard.

    Args:
        folder: Of runs, at any depth.

    Returns:
        A table for each benchmark and protocol, the best policy first, each linked to its run.
    """
    found = newest(folder)
    protocols = sorted({_conditions(one) for one in found})
    return tuple(table for protocol in protocols for table in tabulate(_entries(found, protocol, folder)))


def _entries(found: Iterable[Found], protocol: tuple[str, ...], folder: Path) -> tuple[TableEntry, ...]:
    alike = [one for one in found if _conditions(one) == protocol]
    return tuple(
        table_entry(one, one.result.policy, link=one.run.relative_to(folder).as_posix())
        for one in sorted(alike, key=_best_first)
    )


def _best_first(found: Found) -> tuple[Fraction, str]:
    """Return a sorting key by the exact mean of pass@1: equal scores are in the order of their names."""
    counts = [(tally.n, tally.c) for tally in found.result.tallies if tally.n]
    return -mean_pass_at_k(counts, 1) if counts else Fraction(0), found.result.policy


def written(folder: Path) -> bytes:
    """Return the content of a leaderboard's file.

    Args:
        folder: Of runs, at any depth.

    Returns:
        Markdown in UTF-8; equal bytes for equal results.
    """
    return (_HEAD + tables_markdown(ledger(folder), intervals=True)).encode()


def regenerate(folder: Path) -> Path:
    """Write the leaderboard of a folder, all or nothing.

    Args:
        folder: Of runs, at any depth; gets the file.

    Returns:
        Path of the file.
    """
    write_whole(folder / LEDGER, written(folder))
    return folder / LEDGER


def is_stale(folder: Path) -> bool:
    """Return whether the leaderboard of a folder is missing, or differs from that of its results.

    Args:
        folder: Of runs, at any depth.

    Returns:
        True if `regenerate` would change it.
    """
    file = folder / LEDGER
    return not file.is_file() or file.read_bytes() != written(folder)
