"""Which requests a model computes together."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from harness.backend import Request


class Row(NamedTuple):
    """A request, the tokens of its prompt, and how many may be drawn."""

    request: Request
    prompt: tuple[int, ...]
    limit: int


Batch = tuple[Row, ...]


def batches(rows: Iterable[Row], size: int) -> Iterator[Batch]:
    """Cut rows into batches of at most `size` with one limit each, always the same ones, longest prompts first.

    So prompts of a batch are of similar length, memory runs out at once if it does at all, and those of a prompt, which
    stand in sequence, are parted only where they are more than `size`.
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
    """Cut a batch into those of at most `size`."""
    return tuple(batch[start : start + size] for start in range(0, len(batch), size))
