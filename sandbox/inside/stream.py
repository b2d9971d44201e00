"""Exchanges texts between an examiner and a candidate, each led by its length in four bytes.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import os
import struct

_LENGTH = struct.Struct("=I")
_LEAST_READ, _MOST_READ = 1 << 16, 1 << 20


class Gone(ConnectionError):  # noqa: N818 - says what happened to the peer
    """Reports a peer that closed the connection, or died."""


class TooLong(ValueError):  # noqa: N818 - names the peer's fault
    """Reports a message longer than was agreed."""


class Stream:
    """Exchanges texts over one end of a stream."""

    def __init__(self, fd: int) -> None:
        """Talk over a connected stream socket."""
        self._fd = fd
        self._read = b""
        self._next = 0
        """Where the next text begins in what was read."""

    def send(self, *texts: str) -> None:
        """Send texts, whole.

        Args:
            texts: of ASCII, each shorter than 4 GiB.

        Raises:
            Gone: The peer has closed the stream.
        """
        framed = b""
        for text in texts:
            framed += _LENGTH.pack(len(text)) + text.encode("ascii")
        try:
            sent = os.write(self._fd, framed)
            while sent < len(framed):
                sent += os.write(self._fd, memoryview(framed)[sent:])
        except OSError:
            raise Gone from None

    def receive(self, most_bytes: int) -> bytes:
        """Return the next text.

        Args:
            most_bytes: the longest allowed.

        Raises:
            Gone: The stream has ended.
            TooLong: A longer one is announced; every further call raises the same.
        """
        self._fetch(_LENGTH.size)
        (length,) = _LENGTH.unpack_from(self._read, self._next)
        if length > most_bytes:
            raise TooLong(f"a value of {length} bytes where {most_bytes} are allowed")
        self._fetch(_LENGTH.size + length)
        start = self._next + _LENGTH.size
        self._next = start + length
        return self._read[start : self._next]

    def put_back(self, text: bytes) -> None:
        """Have the next `receive` return a text that was received already.

        Args:
            text: of several, the last one received goes back first.
        """
        self._read = _LENGTH.pack(len(text)) + text + self._read[self._next :]
        self._next = 0

    def _fetch(self, count: int) -> None:
        """Have so many bytes of the stream at hand; what is read beyond them is kept, so one read mostly brings all."""
        missing = count - (len(self._read) - self._next)
        if missing <= 0:
            return
        chunks = [self._read[self._next :]]
        try:
            while missing > 0:
                chunk = os.read(self._fd, max(_LEAST_READ, min(missing, _MOST_READ)))
                if not chunk:
                    raise Gone
                chunks.append(chunk)
                missing -= len(chunk)
        except OSError:
            raise Gone from None
        finally:
            self._read, self._next = b"".join(chunks), 0
