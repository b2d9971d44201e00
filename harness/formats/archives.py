"""Unpacks archives a piece at a time, and no more of them than a file of samples can hold."""

import gzip
import tarfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from harness.errors import UserError
from harness.formats.given import MOST_ROW_BYTES

_CHUNK_BYTES = 1 << 20
_FREE_BYTES = 1 << 30
"""So much is unpacked from any file."""
_MOST_TIMES = 250
"""Beyond that, no more than so many times the file's own size: text repeats itself, but not that often."""


class UnpackedBytes:
    """Counts unpacked bytes, and refuses a file made to fill the disk."""

    def __init__(self, packed_bytes: int, name: str) -> None:
        """Begin with nothing unpacked.

        Args:
            packed_bytes: size of the file.
            name: of the file, for the error.
        """
        self._most = max(_FREE_BYTES, _MOST_TIMES * packed_bytes)
        self._name = name
        self._count = 0

    def add(self, count: int) -> None:
        """Count bytes.

        Args:
            count: of the bytes.

        Raises:
            UserError: They are too many for a file of samples.
        """
        self._count += count
        if self._count > self._most:
            raise UserError(f"{self._name}: unpacks to more than {_MOST_TIMES} times its size; this holds no samples")


def copy_unpacked(packed: gzip.GzipFile, copy: BinaryIO, counted: UnpackedBytes) -> None:
    """Copy an unpacking stream.

    Args:
        packed: from which unpacked bytes are read.
        copy: gets them.
        counted: refuses too many.

    Raises:
        UserError: They are too many.
    """
    while chunk := packed.read(_CHUNK_BYTES):
        counted.add(len(chunk))
        copy.write(chunk)


def tar_files(file: BinaryIO, name: str, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Read the files of a tar archive in one pass; other than regular files are left out.

    Args:
        file: the archive.
        name: of the archive, for errors.
        wanted: tells by its name whether a file is read.

    Yields:
        (name, content).

    Raises:
        UserError: The archive is damaged.
    """
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            while member := archive.next():
                archive.members.clear()  # type: ignore[attr-defined]  # it would keep every one
                if member.isreg() and member.size <= MOST_ROW_BYTES and wanted(member.name):
                    content = archive.extractfile(member)
                    yield member.name, content.read() if content else b""
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise UserError(f"{name}: damaged archive ({error}); fetch it again") from error
