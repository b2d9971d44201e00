"""Opens files of samples: plain, packed with gzip, folders, and standard input."""

import gzip
import os
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from harness.errors import UserError
from harness.formats.archives import UnpackedBytes, copy_unpacked
from harness.formats.head import BOM, Head, head_of
from harness.formats.zips import zip_names

STANDARD_INPUT = Path("-")
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_SUFFIXES = (".gz", ".jsonl", ".json", ".eval", ".tar", ".tgz", ".csv")
_MOST_NAMES = 10_000


class Opened(msgspec.Struct):
    """Holds an open file, or a folder, and its beginning."""

    name: str
    """In errors."""
    stem: str
    """Its name without what tells its format."""
    head: Head
    file: BinaryIO | None = None
    """Unpacked, from its beginning; None for a folder."""


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """Open a file or folder of samples.

    Args:
        path: of the file, plain or packed with gzip, or the folder; `-` is standard input.

    Yields:
        The open file, closed afterwards.

    Raises:
        UserError: It can't be read, or is empty.
    """
    if path.is_dir():
        yield Opened(name=str(path), stem=path.resolve().name, head=Head(names=_names_in(path)))
        return
    name = "standard input" if path == STANDARD_INPUT else str(path)
    with ExitStack() as stack:
        file = stack.enter_context(_file(path))
        if _begins_packed(file, name):
            packed, file = file, stack.enter_context(tempfile.TemporaryFile())
            _unpack(packed, file, name)
        file.seek(0)
        head = head_of(file)
        if head.data.startswith(BOM):
            file = stack.enter_context(_copy_of(file, len(BOM)))
            head = head_of(file)
        yield _found(file, head, name, path)


def _file(path: Path) -> BinaryIO:
    """Open a file that can be read here and there; what comes through a pipe is copied."""
    try:
        file = sys.stdin.buffer if path == STANDARD_INPUT else path.open("rb")
        if file.seekable() and path != STANDARD_INPUT:
            return file
        with file:
            return _copy_of(file)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; check the path") from None
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}") from error


def _begins_packed(file: BinaryIO, name: str) -> bool:
    """Return whether a file is packed with gzip; raise UserError where it is one that can only be opened."""
    try:
        return file.read(2) == _GZIP
    except OSError as error:
        raise UserError(f"{name}: can't be read: {error.strerror}; name a file of samples") from error


def _copy_of(file: BinaryIO, start: int = 0) -> BinaryIO:
    """Return a copy of what is left of a file, without its first bytes."""
    file.read(start)
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - handed to the caller
    shutil.copyfileobj(file, copy)
    copy.seek(0)
    return copy


def _unpack(packed: BinaryIO, file: BinaryIO, name: str) -> None:
    counted = UnpackedBytes(packed.seek(0, 2), name)
    packed.seek(0)
    try:
        with gzip.open(packed) as unpacking:
            copy_unpacked(unpacking, file, counted)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{name}: damaged gzip file ({error}); fetch or compress it again") from error
    except OSError as error:
        raise UserError(f"{name}: can't be unpacked: {error.strerror}") from error
    file.seek(0)


def _found(file: BinaryIO, head: Head, name: str, path: Path) -> Opened:
    if head.data.startswith(_ZIP):
        head.names = zip_names(file, name, _MOST_NAMES) or ("",)
    if not head.first and not head.names:
        raise UserError(f"{name}: is empty; nothing to read")
    return Opened(name=name, stem=stem_of(path), head=head, file=file)


def stem_of(path: Path) -> str:
    """Return the name of a file without what tells its format.

    Args:
        path: of the file.

    >>> stem_of(Path("runs/gpt-4.1.jsonl.gz")), stem_of(Path("-"))
    ('gpt-4.1', 'stdin')
    """
    name = path.name
    while name.endswith(_SUFFIXES) and "." in name.strip("."):
        name = name.rpartition(".")[0]
    return name if path != STANDARD_INPUT else "stdin"


def _names_in(folder: Path) -> tuple[str, ...]:
    """Return the first paths in a folder, two folders deep, as they are found."""
    found: list[str] = []
    for above, folders, files in os.walk(folder):
        relative = Path(above).relative_to(folder)
        found += [str(relative / file) for file in files]
        if len(relative.parts) >= 2:
            folders.clear()
        if len(found) > _MOST_NAMES:
            break
    return tuple(found)
