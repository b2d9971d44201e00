"""Judges cases in a process of its own, for the pool that started it; it ends with that, and its jails with it.

Orders come as pickles: the pool is ours and has made them. Reports go back as plain records, in msgpack.
"""

import os
import pickle
import socket
import struct
import threading
import time
from collections import deque
from contextlib import suppress
from typing import IO, TYPE_CHECKING, NamedTuple

import msgspec

from sandbox.jail import Jail, JailReport, known_report, note_report
from sandbox.records import Fault, Judgement, Limits, Refused, Test

if TYPE_CHECKING:
    from sandbox.judge import Judge

LENGTH = struct.Struct("=Q")
"""Leads each report."""
_HOLDING_BACK_S = 0.02
"""So long a judgement may wait for others to go with it; what a case at hand takes comes on top."""


class Terms(NamedTuple):
    """Opens the conversation: the jail and the processor."""

    jail: Jail
    known: JailReport | None
    """What is known of this host; None where the worker is to find out."""
    core: int | None


class Work(NamedTuple):
    """Holds a case and the number that its judgement goes by."""

    number: int
    program: str
    tests: tuple[Test, ...] | None
    """None for those of the work before: tests are large, and an examiner is kept for the very same ones."""
    limits: Limits
    exhaustive: bool
    prelude: str = ""


class Order(NamedTuple):
    """Requests some work, and takes back earlier work by its numbers, as far as it isn't begun."""

    work: tuple[Work, ...] = ()
    dropped: tuple[int, ...] = ()


class Report(msgspec.Struct, frozen=True, array_like=True):
    """Returns judgements by their numbers; the first report has the jail of the worker, or the reason against it."""

    judged: tuple[tuple[int, Judgement], ...] = ()
    jail: JailReport | None = None
    refused: str = ""
    failed: str = ""


class _Inbox:
    """Receives orders on a thread of its own, so that the end of the pool is noticed while a program runs."""

    def __init__(self, stream: IO[bytes], judge: "Judge") -> None:
        """Begin to receive."""
        self._stream = stream
        self._judge = judge
        self._work = deque[Work]()
        self._dropped = set[int]()
        self._is_over = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._receive)
        self._thread.start()

    def _receive(self) -> None:
        tests: tuple[Test, ...] = ()
        with suppress(EOFError, OSError, pickle.UnpicklingError):  # the last two: it was killed in the middle
            while True:
                order: Order = pickle.load(self._stream)  # noqa: S301 - from our own side
                with self._news:
                    self._dropped.update(order.dropped)
                    for work in order.work:
                        tests = tests if work.tests is None else work.tests
                        self._work.append(work._replace(tests=tests))
                        self._dropped.discard(work.number)
                    self._news.notify()
        with self._news:
            self._is_over = True
            self._news.notify()
        self._judge.close()  # in the middle of a program, too

    def take(self, *, wait: bool) -> Work | None:
        """Return the next work; None where there is none, after waiting for it: the pool is gone."""
        with self._news:
            while not self._is_over:
                while self._work:
                    if (work := self._work.popleft()).number not in self._dropped:
                        return work
                self._dropped.clear()
                if not wait:
                    break
                self._news.wait()
            return None

    def close(self) -> None:
        """Wait for the end of the pool."""
        self._thread.join()


def main(descriptor: int) -> None:
    """Judge what is requested on a socket, until it is closed.

    Args:
        descriptor: of the socket to the pool.
    """
    from sandbox.judge import Judge  # noqa: PLC0415 - not in the pool's process, which imports this for its messages

    with socket.socket(fileno=descriptor) as sock, sock.makefile("rb") as stream, suppress(BrokenPipeError, EOFError):
        terms: Terms = pickle.load(stream)  # noqa: S301 - from our own side
        if terms.core is not None:
            os.sched_setaffinity(0, {terms.core})  # this process takes turns with the judge's
        if terms.known is not None:
            note_report(terms.jail, terms.known)
        try:
            judge = Judge(terms.jail, terms.core)
        except Refused as refusal:
            return _send(sock, Report(refused=str(refusal)))
        except Fault as fault:
            return _send(sock, Report(failed=str(fault)))
        inbox = _Inbox(stream, judge)
        try:
            _send(sock, Report(jail=known_report(terms.jail)))
            _judge_all(sock, inbox, judge)
        finally:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            inbox.close()


def _judge_all(sock: socket.socket, inbox: _Inbox, judge: "Judge") -> None:
    """Judge until the pool is gone; judgements are sent together, but none waits while nothing is at hand."""
    judged, due_s = list[tuple[int, Judgement]](), 0.0
    while (work := inbox.take(wait=not judged)) or judged:
        if work:
            assert work.tests is not None
            try:
                judgement = judge.judge(
                    work.program, work.tests, work.limits, exhaustive=work.exhaustive, prelude=work.prelude
                )
            except Fault:  # the judge was closed, or can't go on: the pool starts another if it is there
                return
            judged.append((work.number, judgement))
        if not work or time.monotonic() >= due_s:
            _send(sock, Report(judged=tuple(judged)))
            judged.clear()
            due_s = time.monotonic() + _HOLDING_BACK_S


def _send(sock: socket.socket, report: Report) -> None:
    text = msgspec.msgpack.encode(report)
    sock.sendall(LENGTH.pack(len(text)) + text)
