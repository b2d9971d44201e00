"""Starts the first worker of a pool before its cases are there."""

from typing import Self

from sandbox.jail import Jail, JailReport, note_report
from sandbox.records import Fault
from sandbox.worker import Worker

_MANY = 32
"""Cases that take longer than the start of a worker, at some 5 ms each."""


class HeadStart:
    """Starts one worker at once, to find out the layers of this host; `judge_all` takes the worker over.

    The others are started when there turns out to be work for them: a start costs as much as some thirty programs.
    """

    def __init__(self, jail: Jail, cores: list[int | None]) -> None:
        """Start the first worker, without waiting for it.

        Args:
            jail: the interpreter and the layers around it.
            cores: the processors of all workers, see `sandbox.pool.cores_of`.
        """
        self.jail = jail
        self.worker = Worker(cores[0])
        self.later = cores[1:]
        self.expects_many = False
        self.worker.begin(jail, None)

    def report(self) -> JailReport:
        """Wait for the worker and return what it found out.

        Raises:
            Refused: This host can't hold an untrusted program.
            Fault: The worker can't be started.
        """
        try:
            while self.worker.report is None:
                for _ in self.worker.judged():  # none yet
                    pass
        except EOFError as error:
            raise Fault(f"a worker ended as it started: {error}") from None
        note_report(self.jail, self.worker.report)
        return self.worker.report

    def expect(self, cases: int) -> None:
        """Take note of the number of cases to come.

        Args:
            cases: how many; for more than some thirty the pool starts all its workers at once.
        """
        self.expects_many = cases > _MANY

    def __enter__(self) -> Self:
        """Return the head start itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the worker, unless a pool did."""
        self.worker.close()
