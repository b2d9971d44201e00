"""Shows the progress of long work on a terminal or in a log, with rate and time left."""

import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TextIO, TypeVar

from sandbox.printable import one_line

T = TypeVar("T")

INTERVAL_S, PATIENCE_S = 10.0, 1.0


def say(text: str) -> None:
    """Write a line to stderr, at once: the user hears what goes on before it takes long.

    Args:
        text: what is said; a line break in it becomes visible.
    """
    sys.stderr.write(f"proctor: {one_line(text)}\n")
    sys.stderr.flush()


@contextmanager
def announced(text: str) -> Iterator[None]:
    """Say what goes on meanwhile, unless it is over within a second.

    Args:
        text: as of `say`.
    """
    timer = threading.Timer(PATIENCE_S, say, (text,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


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

    The lines come whether rows do or not, so that work is heard of within its first row too.

    Args:
        rows: to pass on.
        total: number of all rows, those done before included.
        what: is done to them, such as "judged".
        stream: where progress is shown.
        clock_s: a clock.
        done: number of rows that were done before.
        beside: returns a text to show as well, given the seconds since the first row was requested; it is called from
            another thread.

    Yields:
        The rows, unchanged.
    """
    yield from (
        _with_bar(rows, total, what, stream, done=done, beside=beside)
        if stream.isatty()
        else _with_lines(rows, ProgressLog(total, what, clock_s, done=done, beside=beside), stream)
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


def _with_lines(rows: Iterable[T], log: "ProgressLog", stream: TextIO) -> Iterator[T]:
    with _shown(log, stream):
        for row in rows:
            yield row
            log.count()


class ProgressLog:
    """Counts rows, and says in a line the progress that they make."""

    def __init__(
        self,
        total: int,
        what: str,
        clock_s: Callable[[], float] = time.monotonic,
        *,
        done: int = 0,
        beside: Callable[[float], str] = _nothing,
    ) -> None:
        """Start the clock; the arguments are those of `watched`."""
        self._total, self._what, self._clock_s, self._done, self._beside = total, what, clock_s, done, beside
        self._start_s = clock_s()
        self._latest = done, self._start_s
        """Rows so far and the time of the last one, together: another thread reads them."""

    def count(self) -> None:
        """Count a row that is done."""
        self._latest = self._latest[0] + 1, self._clock_s()

    def line(self) -> str:
        """Return the line; its time left is what the other rows take at the pace of those that are done.

        Returns:
            Rows done and all, then rate and time left once a row is done, then what is told beside.
        """
        (number, last_s), now_s = self._latest, self._clock_s()
        parts = [f"{self._what} {number} of {self._total}"]
        if new := number - self._done:
            pace_s = (last_s - self._start_s) / new
            left_s = max(0.0, (self._total - number) * pace_s - (now_s - last_s))
            parts += [f"{new / max(last_s - self._start_s, 1e-9):.1f}/s", f"{timedelta(seconds=round(left_s))} left"]
        return ", ".join(filter(None, [*parts, self._beside(now_s - self._start_s)]))


@contextmanager
def _shown(log: ProgressLog, stream: TextIO) -> Iterator[None]:
    """Write a line of the log every ten seconds meanwhile."""
    ended = threading.Event()

    def show() -> None:
        while not ended.wait(INTERVAL_S):
            print(log.line(), file=stream, flush=True)

    shower = threading.Thread(target=show, name="progress", daemon=True)
    shower.start()
    try:
        yield
    finally:
        ended.set()
        shower.join()
