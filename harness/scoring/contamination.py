"""Scores a model without the problems that it may have been trained on, beside the score on all."""

import math
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from statistics import fmean

import msgspec

from harness.errors import UserError
from harness.runs.metrics import CleanScore
from harness.runs.records import Tally
from harness.scoring.intervals import interval_over
from harness.scoring.passk import pass_at_k
from harness.scoring.proportions import Interval
from harness.scoring.score import ALL

_LARGEST = 64 << 20
"""Bytes of a file of names."""


class _Match(msgspec.Struct):
    """Reads an overlap between a text of the training data and a task, by a data card."""

    benchmark: str
    task_id: str


class _Card(msgspec.Struct):
    """Reads the overlaps of a data card."""

    contaminated: tuple[_Match, ...]


def read_contaminated(path: Path, benchmark: str) -> frozenset[str]:
    """Read the task ids of contaminated problems.

    Args:
        path: the card.json of compiled training data, or a text with one task id a line.
        benchmark: whose problems are meant, in a card that names those of several.

    Returns:
        The task ids; some may not be among the problems judged.

    Raises:
        UserError: The file can't be read, is neither, or names nothing.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}") from error
    if len(data) > _LARGEST:
        raise UserError(f"{path}: holds more than {_LARGEST >> 20} MiB; name a card.json, or a text of task ids")
    found = _of_card(path, data, benchmark) if data.lstrip()[:1] == b"{" else _of_text(path, data)
    if not found:
        raise UserError(f"{path}: names no task of {benchmark}; leave the option out")
    return found


def _of_card(path: Path, data: bytes, benchmark: str) -> frozenset[str]:
    try:
        card = msgspec.json.decode(data, type=_Card)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UserError(
            f"{path}: not a card.json of compiled data, which lists what is contaminated: {error}"
        ) from error
    return frozenset(match.task_id for match in card.contaminated if match.benchmark == benchmark)


def _of_text(path: Path, data: bytes) -> frozenset[str]:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not a text of task ids: {error.reason} at byte {error.start}") from error
    return frozenset(filter(None, map(str.strip, text.split("\n"))))


def clean_scores(tallies: Sequence[Tally], contaminated: Collection[str], ks: Sequence[int]) -> Iterator[CleanScore]:
    """Yield pass@k with and without the contaminated problems, for all problems and for each difficulty.

    What these problems add is their part of the problems times the difference between their mean and that of the
    others. The interval of that difference joins those of both means (Newcombe 1998, "Interval estimation for the
    difference between independent proportions", Statistics in Medicine 17, 873-890, method 10).

    Args:
        tallies: of the problems, in the benchmark's order.
        contaminated: task ids.
        ks: numbers of tries.

    Yields:
        A row for each k and difficulty with contaminated and other problems.
    """
    difficulties = dict.fromkeys((ALL, *(tally.difficulty for tally in tallies if tally.difficulty)))
    for k in ks:
        for difficulty in difficulties:
            judged = [tally for tally in tallies if difficulty in {ALL, tally.difficulty} and tally.n >= k]
            tainted = [tally for tally in judged if tally.task_id in contaminated]
            clean = [tally for tally in judged if tally.task_id not in contaminated]
            if tainted and clean:
                yield _row(difficulty, k, clean, tainted)


def _row(difficulty: str, k: int, clean: Sequence[Tally], tainted: Sequence[Tally]) -> CleanScore:
    (value, inner), (theirs, outer) = (_mean(tallies, k) for tallies in (clean, tainted))
    part = len(tainted) / (len(clean) + len(tainted))
    difference = theirs - value
    return CleanScore(
        difficulty=difficulty,
        k=k,
        full=value + part * difference,
        value=value,
        low=inner.low,
        high=inner.high,
        problems=len(clean),
        gain=part * difference,
        gain_low=part * (difference - math.hypot(theirs - outer.low, inner.high - value)),
        gain_high=part * (difference + math.hypot(outer.high - theirs, value - inner.low)),
    )


def _mean(tallies: Sequence[Tally], k: int) -> tuple[float, Interval]:
    values = [pass_at_k(tally.n, tally.c, k) for tally in tallies]
    return fmean(values), interval_over(tallies, values, k)
