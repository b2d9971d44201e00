"""Judges many programs on several workers: bounded, in order."""

import os
import selectors
import socket
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from time import monotonic

import msgspec

from sandbox.equal_programs import EqualPrograms, First, Key
from sandbox.head_start import HeadStart
from sandbox.jail import Jail, known_report
from sandbox.records import Fault, Judgement, Limits, Test, Verdict, are_same_tests
from sandbox.worker import Worker
from sandbox.worker_main import Work

AHEAD_PER_WORKER = 64
"""Cases read ahead: enough to keep every worker busy behind a slow one, few enough to stay small."""
_ORDER = 8
"""Cases that travel together, and of which a worker holds no fewer: some 20 ms of work, where a message costs 0.1."""
_LARGEST_ORDER = 16
"""An order goes on so far while the tests are the same: each worker that gets new tests starts an examiner for them."""
_READING_S = 0.005
"""A case that took longer to read is sent at once: the next may take as long."""
_WORTH_S = 0.3
"""Longer than the start of a worker takes; what lasts longer than that may be worth others."""
_MOST_DEATHS = 3
"""Workers that may end under a case; then the case itself may be what ends them."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Holds one program, its tests and its limits."""

    program: str
    tests: tuple[Test, ...]
    limits: Limits
    exhaustive: bool = False
    prelude: str = ""
    """Source text whose names the program finds as it finds builtins."""


def cores_of(workers: int) -> list[int | None]:
    """Return a processor for each worker, where there are workers for all of them.

    The processes of a worker take turns, so they lose nothing on one processor and save the way between two. Fewer
    workers stay free, because another pool may have taken the same first processors.

    Args:
        workers: how many workers there will be.

    Returns:
        The number of a processor for each worker; None for one that stays free.
    """
    cores = sorted(os.sched_getaffinity(0))
    if workers < len(cores):
        return [None] * workers
    return [cores[worker % len(cores)] for worker in range(workers)]


def judge_all(
    cases: Iterable[Case],
    jail: Jail,
    workers: int,
    halt: Future[None] | None = None,
    *,
    reuse: bool = False,
    ahead: HeadStart | None = None,
) -> Iterator[Judgement]:
    """Yield the judgements of the cases, in their order, as they are ready; at most a few cases are read ahead.

    Args:
        cases: programs with their tests and limits, best with those of the same tests in sequence; read by the
            thread that reads the judgements.
        jail: the interpreter and the layers around it.
        workers: how many programs to judge at once.
        halt: when another thread gives it a result, no more is yielded, and the programs at hand are given up at once.
        reuse: whether equal programs in such a sequence are judged once, and the others marked as `reused`.
        ahead: the first worker and the processors of the others, where it was started in that jail before.

    Yields:
        One judgement for each case.

    Raises:
        Refused: Before the first judgement: this host can't hold an untrusted program.
        Fault: Workers can't be started.
        ValueError: A case has no tests.
    """
    pool = _Pool(cases, jail, reuse=reuse)
    try:
        pool.start(cores_of(workers), ahead)
        yield from pool.judgements(halt or Future())
    finally:
        pool.close()


class _Pool:
    """Hands out cases to workers and puts their judgements in order."""

    def __init__(self, cases: Iterable[Case], jail: Jail, *, reuse: bool) -> None:
        self._source = iter(cases)
        self._jail = jail
        self._equal = EqualPrograms() if reuse else None
        self._workers = list[Worker]()
        self._later: Sequence[int | None] = ()
        """The processors of workers that are not started yet, and when to see whether they should be."""
        self._due_s = 0.0
        self._selector = selectors.DefaultSelector()
        self._bell, self._rope = socket.socketpair()
        """What is sent on the second wakes the thread that waits."""
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._is_read = False
        self._read = self._yielded = 0
        self._tests: tuple[Test, ...] = ()
        """Those of the last case: all that deal with equal ones get this very tuple."""
        self._held: Work | None = None
        """Read, and the first of the next order."""
        self._firsts = dict[int, First]()
        """Those being judged, by their numbers."""
        self._waiting = dict[First, list[Work]]()
        """The equal programs that came meanwhile."""
        self._again = deque[Work]()
        """Equal programs that need judgements of their own."""
        self._suspects = deque[Work]()
        """What a worker owed that ended; each is judged alone, so that the next to end is known by its case."""
        self._deaths = Counter[int]()
        """Of workers, by the case that they owed."""
        self._false_starts = 0
        self._ready = dict[int, Judgement]()

    def start(self, cores: Sequence[int | None], ahead: HeadStart | None) -> None:
        """Start the workers, or but the first of them, where there is one already and may be enough."""
        if ahead is None:
            self._start_more(cores)
        else:
            self._add(ahead.worker)
            self._later, self._due_s = ahead.later, monotonic() + _WORTH_S
            if ahead.expects_many:
                self._start_later()

    def _start_later(self) -> None:
        self._start_more(self._later)
        self._later = ()

    def _start_more(self, cores: Iterable[int | None]) -> None:
        known = known_report(self._jail)
        for worker in [Worker(core) for core in cores]:
            self._add(worker)
            worker.begin(self._jail, known)

    def _add(self, worker: Worker) -> None:
        self._workers.append(worker)
        self._selector.register(worker, selectors.EVENT_READ)

    def _grow(self) -> None:
        """Start the other workers once the first has been at work for as long as that takes, and is not done yet."""
        if self._later and monotonic() >= self._due_s:
            if len(self._workers[0].owed) > 1:
                self._start_later()
            else:
                self._due_s = monotonic() + _WORTH_S

    def close(self) -> None:
        """End the workers, with all that they are at."""
        self._selector.close()
        self._bell.close()
        self._rope.close()
        for worker in self._workers:
            worker.leave()
        for worker in self._workers:
            worker.close()

    def judgements(self, halt: Future[None]) -> Iterator[Judgement]:
        """Yield the judgements until there are no more cases, or until there is a halt."""
        halt.add_done_callback(self._ring)
        while not halt.done():
            self._grow()
            while not halt.done() and (judgement := self._ready.pop(self._yielded, None)):
                self._yielded += 1
                yield judgement
            gave = self._hand_out()
            if self._is_read and self._yielded == self._read:
                return
            self._receive(wait=not gave and self._yielded not in self._ready and any(w.owed for w in self._workers))

    def _ring(self, _halt: Future[None]) -> None:
        with suppress(OSError):
            self._rope.send(b"h")

    def _receive(self, *, wait: bool) -> None:
        most_s = max(0.0, self._due_s - monotonic()) if self._later else None
        for key, _ in self._selector.select(most_s if wait else 0):
            if isinstance(worker := key.fileobj, Worker):
                try:
                    for number, judgement in worker.judged():
                        self._settle(number, judgement)
                except EOFError as error:
                    self._replace(worker, str(error))

    def _settle(self, number: int, judgement: Judgement) -> None:
        """Take a judgement, unless another worker had the case as well and was faster."""
        if number < self._yielded or number in self._ready:
            return
        self._ready[number] = judgement
        self._deaths.pop(number, None)
        for worker in self._workers:
            worker.owed.pop(number, None)
        if first := self._firsts.pop(number, None):
            first.settle(judgement)
            waiting = self._waiting.pop(first)
            if first.judgement:
                self._ready.update((work.number, _reused(judgement)) for work in waiting)
            else:
                self._again.extend(waiting)

    def _replace(self, worker: Worker, last_words: str) -> None:
        """Start another worker in the place of one that ended, and have judged again what that owed."""
        self._false_starts = 0 if worker.has_started else self._false_starts + 1
        if self._false_starts == _MOST_DEATHS:
            raise Fault(f"workers end as they start: {last_words}")
        self._selector.unregister(worker)
        worker.close()
        another = Worker(worker.core)
        self._workers[self._workers.index(worker)] = another
        self._selector.register(another, selectors.EVENT_READ)
        another.begin(self._jail, known_report(self._jail))
        for number, work in list(worker.owed.items()):
            self._deaths[number] += worker.has_started
            if self._deaths[number] < _MOST_DEATHS:
                self._suspects.append(work)
            else:
                reason = f"{_MOST_DEATHS} workers ended under it: {last_words}"
                self._settle(number, Judgement(verdict=Verdict.SANDBOX_ERROR, per_test=(), cpu_s=0.0, detail=reason))

    def _hand_out(self) -> bool:
        """Give an order to the worker that owes least, if it owes little; return whether there was one."""
        worker = min(self._workers, key=lambda worker: len(worker.owed))
        if len(worker.owed) >= _ORDER or any(map(self._deaths.__contains__, worker.owed)):
            return False
        if self._suspects:
            work = [] if worker.owed else [self._suspects.popleft()]
        else:
            work = list(self._order(1 if not worker.owed else _ORDER))
        if not work and not worker.owed:
            work = self._relieve()
        if work:
            worker.order(work)
        return bool(work)

    def _order(self, size: int) -> list[Work]:
        """Return work of about this size; a single piece, as soon as there is one, for a worker that has none."""
        order = [self._again.popleft() for _ in range(min(size, len(self._again)))]
        while len(order) < (_LARGEST_ORDER if size > 1 else 1):
            started_s = monotonic()
            work = self._next_work()
            if work is None:
                break
            if len(order) >= size and work.tests is not order[-1].tests:
                self._held = work
                break
            order.append(work)
            if monotonic() - started_s > _READING_S:
                break
        return order

    def _next_work(self) -> Work | None:
        """Return the next case that is to be judged; None where there is none now."""
        if self._held:
            work, self._held = self._held, None
            return work
        while not self._is_read and self._read - self._yielded < AHEAD_PER_WORKER * len(self._workers):
            case = next(self._source, None)
            if case is None:
                self._is_read = True
                break
            if not case.tests:
                raise ValueError("a program can't be judged without tests")
            if not are_same_tests(case.tests, self._tests):
                self._tests = case.tests
            work = Work(self._read, case.program, self._tests, case.limits, case.exhaustive, case.prelude)
            self._read += 1
            if not self._is_equal(work):
                return work
        return None

    def _is_equal(self, work: Work) -> bool:
        """Return whether an equal program came before; this one gets its judgement, now or later."""
        if self._equal is None:
            return False
        first = self._equal.first_of(self._tests, Key(work.program, work.limits, work.exhaustive, work.prelude))
        if first.judgement:
            self._ready[work.number] = _reused(first.judgement)
        elif first in self._waiting:
            self._waiting[first].append(work)
        else:
            self._firsts[work.number], self._waiting[first] = first, []
            return False
        return True

    def _relieve(self) -> list[Work]:
        """Take the later half of what the worker owes that owes most: it may be held up by a slow case."""
        busiest = max(self._workers, key=lambda worker: len(worker.owed))
        half = len(busiest.owed) // 2
        return busiest.take_back(half) if half else []


def _reused(judgement: Judgement) -> Judgement:
    return msgspec.structs.replace(judgement, reused=True)
