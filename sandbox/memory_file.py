"""Anonymous files in memory: how programs, inputs, outputs reach a jail and come back, with nothing to pump."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def memory_file(content: bytes = b"", *, append: bool = False) -> Iterator[int]:
    """Yield the descriptor of a new file with this content, its offset at the start.

    Several processes may write to it only with `append`: the kernel does not guard the offset of such a file.
    """
    fd = os.memfd_create("proctor")
    try:
        if append:
            fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND)
        if content:
            os.pwrite(fd, content, 0)
        yield fd
    finally:
        os.close(fd)


def content_of(fd: int, most_bytes: int) -> bytes:
    """Return the first `most_bytes` of a file, whatever its offset."""
    return os.pread(fd, min(os.fstat(fd).st_size, most_bytes), 0)
