"""Reads, appends to and resumes files strictly; a mistake in one is reported in one line, with file and line."""

import fcntl
import gzip
import hashlib
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from harness.errors import UserError

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


def decode(data: bytes, type_: type[T], where: str) -> T:
    """Decode one JSON value.

    Raises:
        UserError: It isn't JSON, or not of this type; the message starts with `where`.
    """
    try:
        return msgspec.json.decode(data, type=type_)
    except _MALFORMED as error:
        raise UserError(f"{where}: {error}; correct or remove it") from error


def first_byte(path: Path) -> bytes:
    """Return the first byte that isn't white space: `[` starts a JSON list, `{` a row of JSON Lines.

    Raises:
        UserError: The file can't be read or holds nothing.
    """
    with _opened(path) as file:
        for line in file:
            if text := line.strip():
                return text[:1]
    raise UserError(f"{path}: is empty; nothing to read")


def unpacked(path: Path) -> BinaryIO:
    """Open a file for reading here and there; a .gz is unpacked into a temporary file that has no name.

    Raises:
        UserError: The file can't be read.
    """
    with _opened(path) as file:
        if path.suffix != ".gz":
            return path.open("rb")
        copy = tempfile.TemporaryFile()  # noqa: SIM115 - handed to the caller
        shutil.copyfileobj(file, copy)
        copy.seek(0)
        return copy


def read(path: Path, type_: type[T]) -> T:
    """Read a file (plain or .gz) that is one JSON value; raise UserError if it is not."""
    with _opened(path) as file:
        data = file.read()
    return decode(data, type_, str(path))


def read_rows(path: Path, type_: type[T]) -> Iterator[tuple[str, T]]:
    """Yield ("file:line", row) of a JSON Lines file (plain or .gz); blank lines are skipped.

    Raises:
        UserError: The file can't be read, or a line isn't a row of this type.
    """
    with _opened(path) as file:
        for number, line in enumerate(file, 1):
            if not line.isspace():
                where = f"{path}:{number}"
                yield where, decode(line, type_, where)


def appended_rows(path: Path, type_: type[T]) -> Iterator[T]:
    """Yield the rows of a file that another process may be appending to; a line that it hasn't finished is left out.

    Raises:
        UserError: The file can't be read, or a line isn't a row of this type.
    """
    with _opened(path) as file:
        for number, line in enumerate(file, 1):
            if line.endswith(b"\n"):
                yield decode(line, type_, f"{path}:{number}")


def resume(path: Path, type_: type[T]) -> Iterator[T]:
    """Yield the rows that an earlier process appended, none if there is no file.

    A last line without its newline was being written when that process was killed: it is cut off the file.

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
    """Open a file of rows for appending; raise UserError if another process has it open.

    Two processes that append to one file would do everything twice.
    """
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"{path}: another proctor is writing this run; wait for it or choose another --out"
            ) from None
        yield file


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as they are."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def as_row(record: msgspec.Struct) -> bytes:
    """Return a record as a line of JSON Lines."""
    return msgspec.json.encode(record) + b"\n"


def pretty_json(value: object) -> bytes:
    """Return a record, or several, as indented JSON with a last newline."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def append(file: BinaryIO, record: msgspec.Struct) -> None:
    """Append a row and hand it to the system at once, so that a kill costs at most the row being written."""
    file.write(as_row(record))
    file.flush()


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Write a file all or nothing: a reader of `path` sees the old content or the new, never a part."""
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
    """Write a file all or nothing, see `whole_file`."""
    with whole_file(path) as file:
        file.write(data)
