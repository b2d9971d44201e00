"""Progress of long work on stderr, with rate and time left."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import TextIO, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

T = TypeVar("T")

INTERVAL_S = 10.0


def _nothing(_: object) -> str:
    return ""


def watched(
    rows: Iterable[T],
    total: int,
    what: str,
    stream: TextIO,
    clock_s: Callable[[], float] = time.monotonic,
    *,
    done: int = 0,
    in_words: Callable[[T], str] = _nothing,
) -> Iterator[T]:
    """Pass the rows on and show how far they are: a bar on a terminal, elsewhere a line every ten seconds.

    Args:
        rows: What comes, one after the other.
        total: How many there are in all, those done before included.
        what: What is done with them.
        stream: Where to show it.
        clock_s: Tells the time.
        done: How many were done before.
        in_words: What else to tell of the last row.
    """
    yield from (
        _with_bar(rows, total, what, stream, done=done, in_words=in_words)
        if stream.isatty()
        else _with_lines(rows, total, what, stream, clock_s, done=done, in_words=in_words)
    )


def _with_bar(
    rows: Iterable[T], total: int, what: str, stream: TextIO, *, done: int, in_words: Callable[[T], str]
) -> Iterator[T]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[words]}"), console=Console(file=stream)) as progress:
        task = progress.add_task(what, total=total, completed=done, words="")
        for row in rows:
            yield row
            progress.update(task, advance=1, words=in_words(row))


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:.0f}/s")


def _with_lines(
    rows: Iterable[T],
    total: int,
    what: str,
    stream: TextIO,
    clock_s: Callable[[], float],
    *,
    done: int,
    in_words: Callable[[T], str],
) -> Iterator[T]:
    start_s = told_s = clock_s()
    for number, row in enumerate(rows, done + 1):
        yield row
        now_s = clock_s()
        if now_s - told_s >= INTERVAL_S:
            told_s = now_s
            rate = (number - done) / (now_s - start_s)
            left = timedelta(seconds=round((total - number) / rate))
            print(f"{what} {number} of {total}, {rate:.1f}/s, {left} left{in_words(row)}", file=stream, flush=True)
