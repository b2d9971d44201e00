"""Reads the options of backends, and cuts rows into batches for those that run a model themselves."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, TypeVar

import msgspec

from harness.errors import UserError, no_such
from harness.generation.tokens import PromptedRow

T = TypeVar("T", bound=msgspec.Struct)


def options_of(backend: str, given: Mapping[str, Any], type_: type[T]) -> T:
    """Return the options that were given with --option.

    Args:
        backend: its name, for errors.
        given: option -> value; numbers may be texts.
        type_: of the options, with their defaults.

    Returns:
        The options, checked.

    Raises:
        UserError: An option is unknown, of another type, or makes no sense.
    """
    known = type_.__struct_fields__
    if unknown := [name for name in given if name not in known]:
        raise no_such("option", unknown[0], known, where=f"backend {backend}")
    try:
        return msgspec.convert(given, type_, strict=False)
    except msgspec.ValidationError as error:
        reason, _, name = str(error).replace("`", "").partition(" - at $.")
        raise UserError(f"--option {name}: {reason[:1].lower()}{reason[1:]}; correct it") from None


Batch = tuple[PromptedRow, ...]


def batches(rows: Iterable[PromptedRow], size: int) -> Iterator[Batch]:
    """Cut rows into batches of at most `size` with one limit each, always the same ones, longest prompts first.

    So prompts of a batch are of similar length, memory runs out at once if it does at all, and those of a prompt, which
    are in sequence, are parted only where they are more than `size`.

    Args:
        rows: of the whole plan.
        size: most rows of a batch, at least 1.

    Yields:
        Batches that hold every row once.
    """
    for _, alike in groupby(sorted(rows, key=lambda row: -len(row.prompt)), key=lambda row: row.limit):
        batch: Batch = ()
        for _, of_prompt in groupby(alike, key=lambda row: (row.request.task_id, row.prompt)):
            for piece in pieces(tuple(of_prompt), size):
                if len(batch) + len(piece) > size:
                    yield batch
                    batch = ()
                batch += piece
        yield batch


def pieces(batch: Batch, size: int) -> tuple[Batch, ...]:
    """Cut a batch into those of at most `size`.

    Args:
        batch: of any size.
        size: most rows of a piece, at least 1.

    Returns:
        The pieces, in the order of the rows; only the last may be smaller.
    """
    return tuple(batch[start : start + size] for start in range(0, len(batch), size))
