"""Reads and writes groups: a folder with `groups.parquet`, one row a group, and the data card of their origin."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from harness.errors import UserError, install_command
from harness.runs.jsonl import sha256_of_file

GROUPS_FILE = "groups.parquet"

_GROUPS_PER_BLOCK = 1024
"""Row group of the file, and what is held in memory at once; part of the file's bytes."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Holds completions of one prompt, accepted and rejected, with their rewards; one entry a member in each tuple."""

    problem_id: str
    prompt: str
    completions: tuple[str, ...]
    rewards: tuple[float, ...]
    statuses: tuple[str, ...]
    """In CodeNet's words."""
    source_ids: tuple[str, ...]
    """Ids of the submissions; policy/task/index of samples."""
    log_probs: tuple[float | None, ...] = ()
    """Log-probabilities that samples had when they were generated, None where unknown; empty where all are."""


def write_groups(path: Path, groups: Iterable[Group], *, log_probs: bool = False) -> str:
    """Write the groups as they come; equal groups give equal bytes.

    Args:
        path: File to write.
        groups: Read once, in blocks.
        log_probs: Whether any has log-probabilities; those of a file without the column are lost.

    Returns:
        The SHA-256 of the file, 64 hexadecimal digits.

    Raises:
        UserError: pyarrow is not installed.
    """
    arrow = pyarrow()
    schema = _schema(log_probs=log_probs)
    remaining = iter(groups)
    with arrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while block := [_row(group, schema.names) for group in islice(remaining, _GROUPS_PER_BLOCK)]:
            writer.write_table(arrow.Table.from_pylist(block, schema=schema))
    return sha256_of_file(path)


def read_groups(path: Path) -> Iterator[Group]:
    """Yield the groups of a file; a block of them is in memory at a time.

    Args:
        path: The Parquet file, or the folder that holds it.

    Yields:
        The groups in the order of the file.

    Raises:
        UserError: pyarrow is not installed, or the file is missing or of another kind.
    """
    arrow = pyarrow()
    path = path / GROUPS_FILE if path.is_dir() else path
    try:
        file = arrow.parquet.ParquetFile(path)
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; compile groups first, see proctor compile --help") from None
    except arrow.ArrowInvalid as error:
        raise UserError(f"{path}: not a Parquet file ({error}); compile the groups again") from error
    with file:
        if not any(file.schema_arrow == _schema(log_probs=known) for known in (False, True)):
            raise UserError(f"{path}: its columns are not those of groups; compile the groups again")
        for block in file.iter_batches(batch_size=_GROUPS_PER_BLOCK):
            yield from msgspec.convert(block.to_pylist(), list[Group])


def pyarrow() -> Any:
    """Return the module, which is heavy, so that it is imported by those who need it.

    Raises:
        UserError: It is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UserError(f"groups need pyarrow, which is not installed; {install_command('proctor[train]')}") from error
    return pa


def _row(group: Group, columns: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(group, name) for name in columns}


def _schema(*, log_probs: bool) -> Any:
    arrow = pyarrow()
    text, texts = arrow.string(), arrow.list_(arrow.string())
    more = {"log_probs": arrow.list_(arrow.float64())} if log_probs else {}
    return arrow.schema(
        {
            "problem_id": text,
            "prompt": text,
            "completions": texts,
            "rewards": arrow.list_(arrow.float64()),
            "statuses": texts,
            "source_ids": texts,
            **more,
        }
    )
