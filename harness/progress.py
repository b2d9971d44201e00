"""Progress of long work on stderr, with rate and time left."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import timedelta
from typing import TextIO, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

T = TypeVar("T")

INTERVAL_S = 10.0


def _nothing(_elapsed_s: float) -> str:
    return ""


def watched(
    rows: Iterable[T],
    total: int,
    what: str,
    stream: TextIO,
    clock_s: Callable[[], float] = time.monotonic,
    *,
    done: int = 0,
    beside: Callable[[float], str] = _nothing,
) -> Generator[T, None, None]:
    """Pass the rows on and show how far they are: a bar on a terminal, elsewhere a line every ten seconds.

    What `beside` says, given the seconds since the first row was asked for, is shown as well. Of the `total`, so many
    as `done` were there before.
    """
    yield from (
        _with_bar(rows, total, what, stream, done=done, beside=beside)
        if stream.isatty()
        else _with_lines(rows, total, what, stream, clock_s, done=done, beside=beside)
    )


def _with_bar(
    rows: Iterable[T], total: int, what: str, stream: TextIO, *, done: int, beside: Callable[[float], str]
) -> Iterator[T]:
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(),
        _Beside(beside),
    )  # fmt: skip
    with Progress(*columns, console=Console(file=stream)) as progress:
        yield from progress.track(rows, total=total, completed=done, description=what)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:.0f}/s")


class _Beside(ProgressColumn):
    def __init__(self, said: Callable[[float], str]) -> None:
        super().__init__()
        self._said = said

    def render(self, task: Task) -> Text:
        return Text(self._said(task.elapsed or 0))


def _with_lines(
    rows: Iterable[T],
    total: int,
    what: str,
    stream: TextIO,
    clock_s: Callable[[], float],
    *,
    done: int,
    beside: Callable[[float], str],
) -> Iterator[T]:
    start_s = told_s = clock_s()
    for number, row in enumerate(rows, done + 1):
        yield row
        now_s = clock_s()
        if now_s - told_s >= INTERVAL_S:
            told_s = now_s
            rate = (number - done) / (now_s - start_s)
            left = timedelta(seconds=round((total - number) / rate))
            more = f", {said}" if (said := beside(now_s - start_s)) else ""
            print(f"{what} {number} of {total}, {rate:.1f}/s, {left} left{more}", file=stream, flush=True)
