"""Reads, appends to and resumes files strictly; a mistake in one is reported in one line, with file and line."""

import fcntl
import gzip
import hashlib
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from harness.errors import UserError
from harness.runs.python_json import decode, encoded

T = TypeVar("T")

_MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a plain or gzip file, turning its own faults into a UserError."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            yield file  # type: ignore[misc]  # GzipFile reads like a BinaryIO without being declared one
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; check the path") from None
    except IsADirectoryError:
        raise UserError(f"{path}: is a directory; name the file itself") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{path}: damaged gzip file ({error}); fetch or compress it again") from error
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}") from error


def unpacked(path: Path) -> BinaryIO:
    """Open a file for reading here and there; a .gz is unpacked into a temporary file that has no name.

    Args:
        path: of the file, plain or .gz.

    Returns:
        The file at its beginning; the caller closes it.

    Raises:
        UserError: The file can't be read.
    """
    with _opened(path) as file:
        if path.suffix != ".gz":
            return path.open("rb")
        with ExitStack() as stack:
            copy = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(file, copy)
            copy.seek(0)
            stack.pop_all()  # handed to the caller
        return copy


def read(path: Path, type_: type[T]) -> T:
    """Read a file that is one JSON value.

    Args:
        path: of the file, plain or .gz.
        type_: of the value.

    Returns:
        The value.

    Raises:
        UserError: The file can't be read, isn't JSON, or is not of this type.
    """
    with _opened(path) as file:
        data = file.read()
    try:
        return msgspec.json.decode(data, type=type_)
    except _MALFORMED as error:
        raise UserError(f"{path}: {error}; correct or remove it") from error


def read_rows(path: Path, type_: type[T]) -> Iterator[tuple[str, T]]:
    """Read a JSON Lines file; blank lines are skipped.

    Args:
        path: of the file, plain or .gz.
        type_: of each row.

    Yields:
        ("file:line", row), lines counted from 1.

    Raises:
        UserError: The file can't be read, or a line isn't a row of this type.
    """
    with _opened(path) as file:
        for number, line in enumerate(file, 1):
            if not line.isspace():
                where = f"{path}:{number}"
                yield where, decode(line, type_, where)


def appended_rows(path: Path, type_: type[T]) -> Iterator[T]:
    """Read a file that another process may be appending to; a line that it hasn't finished is left out.

    Args:
        path: of the file, plain or .gz.
        type_: of each row.

    Yields:
        The rows, in their order.

    Raises:
        UserError: The file can't be read, or a line isn't a row of this type.
    """
    with _opened(path) as file:
        for number, line in enumerate(file, 1):
            if line.endswith(b"\n"):
                yield decode(line, type_, f"{path}:{number}")


def resume(path: Path, type_: type[T]) -> Iterator[T]:
    """Read the rows that an earlier process appended, none if there is no file.

    A last line without its newline was being written when that process was killed: it is cut off the file.

    Args:
        path: of the file, not compressed.
        type_: of each row.

    Yields:
        The rows, in their order.

    Raises:
        UserError: Any other line is bad.
    """
    if path.exists():
        _cut_half_line(path)
        yield from appended_rows(path, type_)


def _cut_half_line(path: Path) -> None:
    with path.open("rb+") as file:
        whole = sum(len(line) for line in file if line.endswith(b"\n"))
        file.truncate(whole)


@contextmanager
def sole_writer(path: Path) -> Iterator[BinaryIO]:
    """Open a file of rows for appending, as the only process that does.

    Two processes that append to one file would do everything twice.

    Args:
        path: of the file; made where it is absent.

    Yields:
        The file, locked until it is closed.

    Raises:
        UserError: Another process has it open so.
    """
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"{path}: another proctor is writing this run; wait for it or choose another --out"
            ) from None
        yield file


@contextmanager
def own_turn(path: Path) -> Iterator[BinaryIO]:
    """Open a file for appending, as the only one who does: whoever comes later waits.

    Args:
        path: of the file; made where it is absent.

    Yields:
        The file, locked until it is closed, also by a kill.
    """
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as they are.

    Args:
        path: of the file; a .gz is not unpacked.

    Returns:
        64 hexadecimal digits.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def as_row(record: msgspec.Struct) -> bytes:
    """Return a record as a line of JSON Lines.

    Args:
        record: of any kind.

    Returns:
        UTF-8 with a newline at its end.
    """
    return encoded(record) + b"\n"


def pretty_json(value: object) -> bytes:
    """Return a record, or several, as indented JSON with a last newline.

    Args:
        value: one record, or a list or mapping of them.

    Returns:
        UTF-8, indented by two spaces.
    """
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def append(file: BinaryIO, record: msgspec.Struct) -> None:
    """Append a row and hand it to the system at once, so that a kill costs at most the row being written.

    Args:
        file: open for appending.
        record: the row.
    """
    file.write(as_row(record))
    file.flush()


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Write a file all or nothing: a reader of `path` sees the old content or the new, never a part.

    Args:
        path: of the file; the draft is beside it, with `.tmp` after its name. A device or a link is written in place.

    Yields:
        The draft; it takes the place of the file where the block ends without an error, and goes where not.
    """
    if path.is_symlink() or (path.exists() and not path.is_file()):  # such as /dev/null, which must stay what it is
        with path.open("wb") as file:
            yield file
        return
    draft = path.with_name(f"{path.name}.tmp")
    try:
        with draft.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    draft.replace(path)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file all or nothing, see `whole_file`.

    Args:
        path: of the file; replaced where it is there.
        data: all of its content.
    """
    with whole_file(path) as file:
        file.write(data)
