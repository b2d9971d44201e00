"""Shows the progress of long work on a terminal or in a log, with rate and time left."""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import timedelta
from typing import TextIO, TypeVar

T = TypeVar("T")

INTERVAL_S = 10.0


def announce(text: str, stream: TextIO) -> None:
    """Print one line at once, before work that may take long.

    Args:
        text: of the line.
        stream: where it is shown.
    """
    print(text, file=stream, flush=True)


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

    Args:
        rows: to pass on.
        total: number of all rows, those done before included.
        what: is done to them, such as "judged".
        stream: where progress is shown.
        clock_s: a clock.
        done: number of rows that were done before.
        beside: returns a text to show as well, given the seconds since the first row was requested.

    Yields:
        The rows, unchanged.
    """
    yield from (
        _with_bar(rows, total, what, stream, done=done, beside=beside)
        if stream.isatty()
        else _with_lines(rows, total, what, stream, clock_s, done=done, beside=beside)
    )


def _with_bar(
    rows: Iterable[T], total: int, what: str, stream: TextIO, *, done: int, beside: Callable[[float], str]
) -> Iterator[T]:
    from rich import progress  # noqa: PLC0415 - a tenth of a second, for a terminal only
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    class Column(progress.ProgressColumn):
        def __init__(self, text: Callable[[progress.Task], str]) -> None:
            super().__init__()
            self._text = text

        def render(self, task: progress.Task) -> Text:
            return Text(self._text(task))

    columns = (
        progress.TextColumn("{task.description}"), progress.BarColumn(), progress.MofNCompleteColumn(),
        Column(lambda task: f"{task.speed or 0:.0f}/s"), progress.TimeRemainingColumn(),
        Column(lambda task: beside(task.elapsed or 0)),
    )  # fmt: skip
    with progress.Progress(*columns, console=Console(file=stream)) as bar:
        yield from bar.track(rows, total=total, completed=done, description=what)


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
    start_s = shown_s = clock_s()
    for number, row in enumerate(rows, done + 1):
        yield row
        now_s = clock_s()
        if now_s - shown_s >= INTERVAL_S:
            shown_s = now_s
            rate = (number - done) / (now_s - start_s)
            left = timedelta(seconds=round((total - number) / rate))
            more = f", {said}" if (said := beside(now_s - start_s)) else ""
            print(f"{what} {number} of {total}, {rate:.1f}/s, {left} left{more}", file=stream, flush=True)
