"""Controls a worker of the pool: a process that judges, see `sandbox.worker_main`."""

import json
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec

from sandbox.jail import Jail, JailReport
from sandbox.records import Fault, Judgement, Refused, Test
from sandbox.worker_main import LENGTH, Order, Report, Terms, Work

_BOOT = """
import json, sys
sys.path[:] = json.loads(sys.argv[2])
from sandbox.worker_main import main
main(int(sys.argv[1]))
"""
_REPORTS = msgspec.msgpack.Decoder(Report)
_RECEIVED_BYTES = 1 << 18
_ENDING_S = 60.0


class Worker:
    """Judges cases in a process of its own, in their order; orders are sent without waiting."""

    def __init__(self, core: int | None) -> None:
        """Start the process, which waits for `begin`."""
        self.core = core
        self.owed = dict[int, Work]()
        """What it has not judged yet, by its numbers."""
        self._tests: tuple[Test, ...] | None = None
        self.has_started = False
        self.report: JailReport | None = None
        """What it found out about this host, once it has started."""
        self._received = bytearray()
        self._socket, theirs = socket.socketpair()
        self._log: IO[bytes] = os.fdopen(os.memfd_create("proctor-worker-log"), "r+b")
        path = json.dumps([str(Path(__file__).parent.parent), *sys.path])
        with theirs:
            self._process = subprocess.Popen(  # -S: the path is known; a session of its own: an interrupt is for us
                [sys.executable, "-S", "-c", _BOOT, str(theirs.fileno()), path],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._log, pass_fds=[theirs.fileno()],
                start_new_session=True,
            )  # fmt: skip

    def begin(self, jail: Jail, known: JailReport | None) -> None:
        """Let it start its jails.

        Args:
            jail: the interpreter and the layers around it.
            known: the report on this host; None where the worker is to find out.
        """
        self._send(Terms(jail, known, self.core))

    def order(self, work: Iterable[Work]) -> None:
        """Have it do some more work.

        Args:
            work: in its order; tests travel where they aren't those of the work before.
        """
        sent = list[Work]()
        for piece in work:
            self.owed[piece.number] = piece
            sent.append(piece._replace(tests=None) if piece.tests is self._tests else piece)
            self._tests = piece.tests
        self._send(Order(work=tuple(sent)))

    def take_back(self, count: int) -> list[Work]:
        """Take back the last of what it owes; what it has begun may be judged all the same.

        Args:
            count: pieces of work, one or more.
        """
        back = list(self.owed.values())[-count:]
        for work in back:
            del self.owed[work.number]
        self._send(Order(dropped=tuple(work.number for work in back)))
        return back

    def _send(self, message: Terms | Order) -> None:
        with suppress(OSError):  # where it is gone `judged` will find out
            self._socket.sendall(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))

    def fileno(self) -> int:
        """Return the descriptor that can be read from where it has something to say."""
        return self._socket.fileno()

    def judged(self) -> Iterator[tuple[int, Judgement]]:
        """Read what is there to read, and yield the judgements in it.

        Raises:
            Refused: It can't start: this host can't hold an untrusted program.
            Fault: It can't start.
            EOFError: It is gone, with its last words.
        """
        try:
            data = self._socket.recv(_RECEIVED_BYTES)
        except OSError:
            data = b""
        if not data:
            raise EOFError(self._last_words())
        self._received += data
        for report in self._reports():
            if report.refused:
                raise Refused(report.refused)
            if report.failed:
                raise Fault(report.failed)
            self.has_started = True
            self.report = report.jail or self.report
            for number, judgement in report.judged:
                self.owed.pop(number, None)
                yield number, judgement

    def _reports(self) -> Iterator[Report]:
        while len(self._received) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack_from(self._received)[0]
            if len(self._received) < end:
                return
            text = bytes(self._received[LENGTH.size : end])
            del self._received[:end]
            yield _REPORTS.decode(text)

    def _last_words(self) -> str:
        """Return how it ended, and the last line that it wrote."""
        status = self._ended()
        self._log.seek(0)
        rows = self._log.read().decode(errors="replace").strip().splitlines()
        return f"{f'signal {-status}' if status < 0 else f'status {status}'}, {rows[-1] if rows else 'without a word'}"

    def leave(self) -> None:
        """Let it end, with all that it is at."""
        self._socket.close()

    def close(self) -> None:
        """End it, and wait until it is gone with its jails; closing twice does nothing."""
        if self._log.closed:
            return
        self.leave()
        self._ended()
        self._log.close()

    def _ended(self) -> int:
        try:
            return self._process.wait(timeout=_ENDING_S)
        except subprocess.TimeoutExpired:  # its jails end without it
            self._process.kill()
            return self._process.wait()
