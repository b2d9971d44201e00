"""Judging while samples are still being drawn: the file of samples is the queue between the two."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from harness.records import Evaluation, Sample
from harness.storage import decode

Judge = Callable[[Iterator[Sample], Future[None]], Iterator[Evaluation]]
"""Judges samples, and stops at once when the future has a result."""


class BackgroundJudge:
    """Judges the rows of a file on a thread of its own, each when it is announced.

    The thread that draws keeps the signals and the device; this one waits for processes most of the time. Announced
    rows are read again from the file, so however far the judge falls behind, it costs no memory.
    """

    def __init__(self, path: Path, judge: Judge) -> None:
        """Take the file of samples, and what judges them."""
        self._path = path
        self._judge = judge
        self._arrivals = SimpleQueue[bool]()
        """True for each row that is there, False where no more will come."""
        self._judged = SimpleQueue[bool]()
        """True for each row that was judged, False at the end."""
        self._halt = Future[None]()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="judging")

    def __enter__(self) -> Self:
        """Start to judge."""
        self._work = self._thread.submit(self._run)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop at once: what has been announced and not judged is left to a later run."""
        self._halt.set_result(None)
        self._arrivals.put(False)
        self._thread.shutdown()

    def announce(self, rows: int = 1) -> None:
        """Say that so many more rows are in the file; raise what went wrong with those before."""
        for _ in range(rows):
            self._arrivals.put(True)
        if self._work.done():
            self._work.result()

    @property
    def judged(self) -> int:
        """Return how many rows have been judged."""
        return self._judged.qsize()

    def rest(self) -> Iterator[bool]:
        """Say that no more rows will come, and yield once for each that is judged from now on.

        What went wrong is raised at the end.
        """
        self._arrivals.put(False)
        for _ in range(self._judged.qsize()):
            if not self._judged.get():
                break
        else:
            yield from iter(self._judged.get, False)
        self._work.result()

    def _run(self) -> None:
        try:
            for _ in self._judge(self._announced(), self._halt):
                self._judged.put(True)
        finally:
            self._judged.put(False)

    def _announced(self) -> Iterator[Sample]:
        with self._path.open("rb") as file:
            while self._arrivals.get():
                yield decode(file.readline(), Sample, str(self._path))
