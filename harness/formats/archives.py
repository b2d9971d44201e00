"""Unpacks archives a piece at a time, and no more of them than a file of samples can hold."""

import gzip
import importlib
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from harness.errors import UserError
from harness.formats.given import MOST_ROW_BYTES

_CHUNK_BYTES = 1 << 20
_FREE_BYTES = 1 << 30
"""So much is unpacked from any file."""
_MOST_TIMES = 250
"""Beyond that, no more than so many times the file's own size: text repeats itself, but not that often."""
_ZSTD = 93
"""The method of zip entries that newer versions of inspect_ai write."""


class UnpackedBytes:
    """Counts what is unpacked, and refuses a file made to fill the disk."""

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
    """Read the files of a tar archive in one pass; what is no regular file is left out.

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


def zip_entries(file: BinaryIO, name: str, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Read entries of a zip archive one by one, in its order; those written with zstd, too.

    Args:
        file: the archive.
        name: of the archive, for errors.
        wanted: tells by its name whether an entry is read.

    Yields:
        (name, content).

    Raises:
        UserError: The archive is damaged, or made to fill the memory, or zstd can't be read here.
    """
    counted = UnpackedBytes(file.seek(0, 2), name)
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            is_zstd = any(info.compress_type == _ZSTD for info in archive.infolist())
        with (_zstd_reader(name) if is_zstd else zipfile).ZipFile(file) as archive:
            for info in archive.infolist():
                if wanted(info.filename):
                    with archive.open(info) as entry:
                        content = entry.read(MOST_ROW_BYTES + 1)
                    if len(content) > MOST_ROW_BYTES:
                        raise UserError(f"{name}: {info.filename} is longer than {MOST_ROW_BYTES >> 20} MiB")
                    counted.add(len(content))
                    yield info.filename, content
    except (zipfile.BadZipFile, EOFError, zlib.error, OSError, NotImplementedError, RuntimeError) as error:
        raise UserError(f"{name}: damaged archive ({error}); fetch it again") from error


def _zstd_reader(name: str) -> Any:
    """Return a module like zipfile that reads zstd: Python 3.14's own, or the library that brings it to older ones."""
    if hasattr(zipfile, "ZIP_ZSTANDARD"):
        return zipfile
    try:
        return importlib.import_module("backports.zstd.zipfile")
    except ImportError:
        raise UserError(f"{name}: its entries are packed with zstd; pip install 'proctor[zstd]' to read it") from None
