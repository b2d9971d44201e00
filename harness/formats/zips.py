"""Reads the entries of a zip archive one by one.

`zipfile` holds a kilobyte of every entry in memory, and before Python 3.14 it can't read zstd.
"""

import importlib
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

from harness.errors import UserError, install_command
from harness.formats.archives import UnpackedBytes
from harness.formats.given import MOST_ROW_BYTES

_END, _LOCATOR, _END64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sLQL"), struct.Struct("<4sQ2H2L4Q")
_ENTRY, _LOCAL = struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H")
_LONGEST_END = _END.size + (1 << 16)
_CHUNK_BYTES = 1 << 20
_BIG = 0xFFFFFFFF
"""In place of a number that is in the extra field of large archives."""
_STORED, _DEFLATED, _ZSTD = 0, 8, 93
_ENCRYPTED = 1


class _Entry(NamedTuple):
    name: str
    method: int
    flags: int
    crc: int
    packed: int
    start: int


def zip_names(file: BinaryIO, name: str, most: int) -> tuple[str, ...]:
    """Return the names of the first entries.

    Args:
        file: the archive.
        name: of the archive, for errors.
        most: names.

    Returns:
        Empty only where the archive is.

    Raises:
        UserError: The archive is damaged.
    """
    return tuple(entry.name for entry in islice(_entries(file, name), most))


def zip_entries(file: BinaryIO, name: str, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Read entries of an archive, in its order.

    Args:
        file: the archive.
        name: of the archive, for errors.
        wanted: tells by its name whether an entry is read.

    Yields:
        (name, content).

    Raises:
        UserError: The archive is damaged, or made to fill the memory, or zstd can't be read here.
    """
    counted = UnpackedBytes(_size(file), name)
    for entry in _entries(file, name):
        if wanted(entry.name):
            content = _unpacked(file, entry, f"{name}: {entry.name}")
            counted.add(len(content))
            yield entry.name, content


def _entries(file: BinaryIO, name: str) -> Iterator[_Entry]:
    """Yield the entries of the directory at the end of the archive, which is read a chunk at a time."""
    try:
        place, end = _directory(file)
        data, used = b"", 0
        while place - len(data) + used < end:
            if len(data) - used < _CHUNK_BYTES // 4 and place < end:
                data, used = data[used:] + os.pread(file.fileno(), min(_CHUNK_BYTES, end - place), place), 0
                place = min(place + _CHUNK_BYTES, end)
            entry, length = _entry(data, used)
            used += length
            yield entry
    except (struct.error, ValueError, OSError) as error:
        raise _damaged(name, error) from error


def _directory(file: BinaryIO) -> tuple[int, int]:
    """Return the first and the last byte of the directory."""
    size = _size(file)
    tail = os.pread(file.fileno(), _LONGEST_END, max(0, size - _LONGEST_END))
    found = tail.rindex(b"PK\5\6")
    *_, length, start, _ = _END.unpack_from(tail, found)
    locator = found - _LOCATOR.size
    if locator >= 0 and tail[locator : locator + 4] == b"PK\6\7":
        _, _, place, _ = _LOCATOR.unpack_from(tail, locator)
        *_, length, start = _END64.unpack(os.pread(file.fileno(), _END64.size, place))
    if start + length > size:
        raise ValueError("its directory is cut off")
    return start, start + length


def _entry(data: bytes, place: int) -> tuple[_Entry, int]:
    """Return an entry of the directory, and its length there."""
    (sign, _, _, flags, method, _, _, crc, packed, size, names, extras, comments, _, _, _, start) = _ENTRY.unpack_from(
        data, place
    )
    if sign != b"PK\1\2":
        raise ValueError("its directory holds something else")
    after = place + _ENTRY.size + names
    name = data[place + _ENTRY.size : after].decode("utf-8", "replace")
    big = _big_numbers(data[after : after + extras])
    if size == _BIG:
        next(big)
    packed = next(big) if packed == _BIG else packed
    start = next(big) if start == _BIG else start
    return _Entry(name, method, flags, crc, packed, start), _ENTRY.size + names + extras + comments


def _big_numbers(extra: bytes) -> Iterator[int]:
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, place)
        if kind == 1:
            yield from struct.unpack_from(f"<{min(length, 24) // 8}Q", extra, place + 4)
        place += 4 + length
    raise ValueError("a size is missing")


def _unpacked(file: BinaryIO, entry: _Entry, where: str) -> bytes:
    """Return the content of an entry."""
    if entry.flags & _ENCRYPTED:
        raise UserError(f"{where}: is encrypted; decrypt it")
    if entry.packed > MOST_ROW_BYTES:
        raise UserError(f"{where}: is longer than {MOST_ROW_BYTES >> 20} MiB; this is not a sample")
    try:
        *_, names, extras = _LOCAL.unpack(os.pread(file.fileno(), _LOCAL.size, entry.start))
        packed = os.pread(file.fileno(), entry.packed, entry.start + _LOCAL.size + names + extras)
        content: bytes = _decompressor(entry.method, where)(packed, MOST_ROW_BYTES + 1)
    except (struct.error, OSError, zlib.error, EOFError) as error:
        raise _damaged(where, error) from error
    if len(content) > MOST_ROW_BYTES:
        raise UserError(f"{where}: is longer than {MOST_ROW_BYTES >> 20} MiB; this is not a sample")
    if zlib.crc32(content) != entry.crc:
        raise _damaged(where, "its check sum is another")
    return content


def _decompressor(method: int, where: str) -> Callable[[bytes, int], Any]:
    """Return a function of packed bytes and a bound to their unpacked length."""
    if method == _STORED:
        return lambda packed, _: packed
    if method == _DEFLATED:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress
    if method == _ZSTD:
        return _zstd(where)
    raise UserError(f"{where}: is packed by method {method}, which is not read; pack it by deflate")


def _zstd(where: str) -> Callable[[bytes, int], bytes]:
    """Return zstd's decompressor."""
    library = _zstd_library()
    if library is None:
        raise UserError(f"{where}: is packed by zstd; to read it: {install_command('proctor[zstd]')}")

    def decompress(packed: bytes, most: int) -> bytes:
        try:
            unpacked: bytes = library.ZstdDecompressor().decompress(packed, most)
        except library.ZstdError as error:
            raise zlib.error(str(error)) from error
        return unpacked

    return decompress


def _zstd_library() -> Any:
    """Return Python 3.14's own library, or the one that brings it to older versions; None where there is neither."""
    for module in ("compression.zstd", "backports.zstd"):
        try:
            return importlib.import_module(module)
        except ImportError:
            pass
    return None


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def _damaged(where: str, error: object) -> UserError:
    return UserError(f"{where}: damaged archive ({error}); fetch it again")
