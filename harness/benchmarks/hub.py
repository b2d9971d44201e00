"""Fetches data sets of the Hugging Face hub once, then reads them from the user's cache, network or not."""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from harness.errors import UserError, install_command
from harness.runs.jsonl import sha256_of_file, whole_file


def fetch(repo: str, *, revision: str, config: str, splits: Iterable[str]) -> Path:
    """Return a JSON Lines file with the rows of those splits, one split after the other.

    It is kept in the cache folder, is looked for there first, and is named by the revision and the SHA-256 of its
    content, which is checked whenever the file is read from there. So the library `datasets`, whose own cache only it
    can read, is needed once.

    Args:
        repo: name of the data set on the hub.
        revision: the commit to fetch: a data set may change, and with it every score.
        config: one of its configurations.
        splits: in the order of the rows.

    Returns:
        The file in the cache.

    Raises:
        UserError: It is not in the cache, and can't be downloaded; or it was damaged there.
    """
    requests = [{"path": repo, "name": config, "split": split, "revision": revision} for split in splits]
    return _fetched(repo, f"{repo}-{config}-{revision}", requests)


def fetch_files(repo: str, *, revision: str, names: Iterable[str]) -> Mapping[str, Path]:
    """Return some JSON Lines files of a data set whose loading script the library no longer runs; see `fetch`.

    Args:
        repo: name of the data set on the hub.
        revision: the commit to fetch.
        names: of its files, such as `test.jsonl`.

    Returns:
        Name without suffix -> the file in the cache.

    Raises:
        UserError: One is not in the cache, and can't be downloaded; or it was damaged there.
    """
    stems = {name.partition(".")[0]: f"hf://datasets/{repo}@{revision}/{name}" for name in names}
    return {
        stem: _fetched(repo, f"{repo}-{stem}-{revision}", [{"path": "json", "data_files": url, "split": "train"}])
        for stem, url in stems.items()
    }


def _fetched(repo: str, key: str, requests: Iterable[Mapping[str, str]]) -> Path:
    name = re.sub(r"[^A-Za-z0-9_-]+", "--", key)
    folder = cache_folder()
    for path in sorted(folder.glob(f"{name}.*.jsonl")):
        return _verified(path)
    return _store(folder, name, _download(repo, requests))


def cache_folder() -> Path:
    """Return $XDG_CACHE_HOME/proctor, by default ~/.cache/proctor."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "proctor"


def _verified(path: Path) -> Path:
    if path.name.split(".")[-2] != sha256_of_file(path):
        raise UserError(f"{path}: is damaged; remove it, and the next command downloads it again")
    return path


def _download(repo: str, requests: Iterable[Mapping[str, str]]) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a data set, of one request to the library after the other.

    Raises:
        UserError: The library is missing, or the hub can't be reached or has no such data set.
    """
    by_hand = "download the file elsewhere and name it with --data"
    try:
        import datasets  # noqa: PLC0415 - heavy, an extra, and needed once
    except ModuleNotFoundError as error:
        raise UserError(
            f"{repo} is not in {cache_folder()}: to fetch it, {install_command('proctor[hub]')}, or {by_hand}"
        ) from error
    with tempfile.TemporaryDirectory() as scratch:  # the library would keep a second copy otherwise
        for request in requests:
            try:
                rows = datasets.load_dataset(**request, cache_dir=scratch)
            except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
                reason = " ".join(str(error).split())
                raise UserError(f"{repo} can't be fetched ({reason}): check the network, or {by_hand}") from error
            yield from rows


def _store(folder: Path, name: str, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write the rows, all or nothing, to a file that is named by its content."""
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    unnamed = folder / f"{name}.{os.getpid()}"
    with whole_file(unnamed) as file:
        for row in rows:
            line = msgspec.json.encode(row) + b"\n"
            digest.update(line)
            file.write(line)
    return unnamed.replace(folder / f"{name}.{digest.hexdigest()}.jsonl")
