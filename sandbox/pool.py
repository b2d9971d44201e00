"""Judges many programs on several workers: bounded, in order."""

import os
import queue
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from itertools import islice
from typing import Any

import msgspec

from sandbox.jail import Jail, probe
from sandbox.judge import Judge
from sandbox.records import Judgement, Limits, Test

_WAITING_PER_WORKER = 16
"""Cases read ahead: enough to keep every worker busy behind a slow one, few enough to stay small."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Holds one program, its tests and its limits."""

    program: str
    tests: tuple[Test, ...]
    limits: Limits
    exhaustive: bool = False


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


def judge_all(cases: Iterable[Case], jail: Jail, workers: int, halt: Future[None] | None = None) -> Iterator[Judgement]:
    """Yield the judgements of the cases, in their order, as they are ready; at most a few cases are read ahead.

    Args:
        cases: programs with their tests and limits; read by the thread that reads the judgements.
        jail: the interpreter and the layers around it.
        workers: how many programs to judge at once.
        halt: when another thread gives it a result, no more is yielded, and the programs at hand are given up at once.

    Yields:
        One judgement for each case.

    Raises:
        Refused: Before the first judgement: this host can't hold an untrusted program.
        ValueError: A case has no tests.
    """
    probe(jail)
    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(workers))
        idle: queue.SimpleQueue[Judge] = queue.SimpleQueue()
        starting = [threads.submit(Judge, jail, core) for core in cores_of(workers)]
        started = [future.result() for future in starting if future.exception() is None]
        for judge in started:
            idle.put(stack.enter_context(judge))
        if len(started) < workers:
            raise next(error for future in starting if (error := future.exception()))

        def judge_one(case: Case) -> Judgement:
            judge = idle.get()
            if judge.core is not None:
                os.sched_setaffinity(0, {judge.core})  # this thread takes turns with the judge's processes
            try:
                return judge.judge(case.program, case.tests, case.limits, exhaustive=case.exhaustive)
            finally:
                idle.put(judge)

        remaining = iter(cases)
        ahead: deque[Future[Judgement]] = deque()
        stack.callback(lambda: [future.cancel() for future in ahead])
        ahead.extend(threads.submit(judge_one, case) for case in islice(remaining, workers * _WAITING_PER_WORKER))
        while ahead:
            judgement = ahead.popleft()
            either: tuple[Future[Any], ...] = (judgement, halt) if halt else (judgement,)
            if halt in wait(either, return_when=FIRST_COMPLETED).done:
                return
            yield judgement.result()
            ahead.extend(threads.submit(judge_one, case) for case in islice(remaining, 1))
