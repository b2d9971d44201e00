"""Hashes the inputs of a study: files and folders by their content, with a record of earlier hashes."""

import hashlib
import os
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from harness.errors import UserError
from harness.runs.jsonl import own_turn, pretty_json, read, sha256_of_file, write_whole

ABSENT = "absent"
"""In the place of a hash, of what isn't there."""
_HASHES = "contents.json"
_STORED_BESIDE = re.compile(r"reference-[0-9a-f]{16}\.(safetensors|[0-9a-f]{16}\.part)")
"""What trainings store beside the groups that they read, and so is no part of these."""
_SETTLED_NS = 2_000_000_000
"""Age from which a file's times tell it from one that was changed since: clocks of file systems are coarse."""


class _Hashed(msgspec.Struct, frozen=True, kw_only=True):
    stamp: str
    sha256: str


def content_hashes(files: Mapping[str, str], work: Path) -> Mapping[str, str]:
    """Return the SHA-256 of the content of files and folders.

    What was hashed before, and has the same names, sizes and times, is not read again.

    Args:
        files: Name -> path.
        work: Folder that keeps the record; it may be absent.

    Returns:
        Name -> 64 hexadecimal digits, or `ABSENT` where nothing is there.

    Raises:
        UserError: Something in there can't be read, or is neither a file nor a folder.
    """
    if not files:
        return {}
    work.mkdir(parents=True, exist_ok=True)
    with own_turn(work / f"{_HASHES}.lock"):
        return _hashes(files, work / _HASHES)


def _hashes(files: Mapping[str, str], record: Path) -> Mapping[str, str]:
    before = read(record, dict[str, _Hashed]) if record.exists() else {}
    found, after = {}, dict(before)
    for name, path in files.items():
        key = os.path.realpath(path)
        if not os.path.lexists(key):
            found[name] = ABSENT
            continue
        try:
            hashed, settled = _hashed(Path(key), before.get(key))
        except OSError as error:
            raise UserError(
                f"files.{name}: {error.filename or path}: {error.strerror}; name what can be read"
            ) from error
        found[name] = hashed.sha256
        if settled:
            after[key] = hashed
    if after != before:
        write_whole(record, pretty_json(after))
    return found


def _hashed(path: Path, before: _Hashed | None) -> tuple[_Hashed, bool]:
    """Return the hash of what is there, and whether its times are old enough to be believed later."""
    stamp, newest_ns = _stamp(path)
    if before is not None and before.stamp == stamp:
        return before, True
    settled = newest_ns < time.time_ns() - _SETTLED_NS
    return _Hashed(stamp=stamp, sha256=_content(path)), settled


def _stamp(path: Path) -> tuple[str, int]:
    """Return a hash of names, sizes, times and numbers of all files, and the newest of the times in nanoseconds."""
    found, newest_ns = hashlib.sha256(), 0
    for name, file in _files(path):
        status = file.stat()
        times = status.st_mtime_ns, status.st_ctime_ns
        newest_ns = max(newest_ns, *times)
        found.update(f"{name!r} {status.st_size} {times} {status.st_ino}\n".encode())
    return found.hexdigest(), newest_ns


def _content(path: Path) -> str:
    if path.is_file():
        return sha256_of_file(path)
    found = hashlib.sha256()
    for name, file in _files(path):
        found.update(f"{name!r} {sha256_of_file(file)}\n".encode())
    return found.hexdigest()


def _files(path: Path, name: str = "") -> Iterator[tuple[str, Path]]:
    """Yield all files below a folder, or the file itself, each with its name from there, in order."""
    if path.is_dir():
        for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
            if not _STORED_BESIDE.fullmatch(entry.name):
                yield from _files(Path(entry.path), f"{name}/{entry.name}")
    elif path.is_file():
        yield name, path
    else:
        raise FileNotFoundError(2, "is neither a file nor a folder", str(path))
