"""Texts over a stream socket between an examiner and a candidate, each led by its length in four bytes."""

import os
import struct

_LENGTH = struct.Struct("=I")


class Gone(ConnectionError):  # noqa: N818 - says what happened to the peer
    """The peer closed the connection, or died."""


class TooLong(ValueError):  # noqa: N818 - names the peer's fault
    """The peer announced more than was agreed."""


def send(fd: int, text: str) -> None:
    """Send a text, whole; raise Gone where nobody listens any more."""
    data = text.encode("ascii")
    rest = memoryview(_LENGTH.pack(len(data)) + data)
    try:
        while rest:
            rest = rest[os.write(fd, rest) :]
    except OSError:
        raise Gone from None


def receive(fd: int, most_bytes: int) -> bytes:
    """Return the next text; raise Gone at the end of the stream, TooLong where more than `most_bytes` are announced."""
    (length,) = _LENGTH.unpack(_exactly(fd, _LENGTH.size))
    if length > most_bytes:
        raise TooLong(f"a value of {length} bytes where {most_bytes} are allowed")
    return _exactly(fd, length)


def _exactly(fd: int, count: int) -> bytes:
    chunks = []
    while count:
        try:
            chunk = os.read(fd, min(count, 1 << 20))
        except OSError:
            raise Gone from None
        if not chunk:
            raise Gone
        chunks.append(chunk)
        count -= len(chunk)
    return b"".join(chunks)
