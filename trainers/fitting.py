"""Fits a step into memory by a forecast: as one row or in parts, with blocks kept or recomputed.

A step that fits is one row, and keeps what its backward pass needs: that launches and computes the least. One that
doesn't fit is split, group from group, which costs launches; where that is not enough, its blocks are computed again in
the backward pass, which costs a third of the work.
"""

import os
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple, TypeVar

import msgspec
import torch

from harness.errors import UserError
from trainers.config import TrainingOptions
from trainers.plan.flops import Lengths
from trainers.plan.memory import step_memory
from trainers.plan.sizes import ModelSizes, sizes_of

USABLE = 0.92
"""Share of the memory that steps are fitted into: forecasts are right to some percent, and an allocator leaves gaps."""

Item = TypeVar("Item")


class Fit(NamedTuple):
    """Tells the way to take a step."""

    parts: int
    """Backward passes of each process, each over a row of its own."""
    recompute: bool
    """Whether blocks are computed again in the backward pass."""


def split_evenly(items: Sequence[Item], parts: int) -> list[Sequence[Item]]:
    """Return a sequence in consecutive parts, whose sizes differ by one at most.

    Args:
        items: At least as many as parts.
        parts: How many, at least one.

    Returns:
        The parts, none of them empty.

    >>> split_evenly("abcde", 2)
    ['ab', 'cde']
    """
    return [items[len(items) * place // parts : len(items) * (place + 1) // parts] for place in range(parts)]


def fit_step(
    sizes: ModelSizes, shares: Sequence[Sequence[Lengths]], options: TrainingOptions, room_bytes: int, *, sharded: bool
) -> Fit | None:
    """Return the cheapest way to take a step that fits.

    Args:
        sizes: Those of the model.
        shares: The groups of each process, as many of each; all processes take them in as many parts.
        options: Settings of the training.
        room_bytes: Memory of a process's device.
        sharded: Whether each process holds a share of what is trained, and not all of it.

    Returns:
        The fit; None where even single groups with recomputed blocks would not fit.
    """
    chosen = options.gradient_checkpointing
    most = len(shares[0])
    for recompute in (False, True) if chosen == "auto" else (chosen,):
        settings = msgspec.structs.replace(options, gradient_checkpointing=recompute)
        for parts in range(1 if options.packing else most, most + 1):
            rows = [row for share in shares for row in split_evenly(share, parts)]
            if all(_bytes(sizes, row, settings, len(shares), sharded=sharded) <= room_bytes for row in rows):
                return Fit(parts, recompute)
    return None


def _bytes(
    sizes: ModelSizes, row: Sequence[Lengths], options: TrainingOptions, processes: int, *, sharded: bool
) -> int:
    needed = step_memory(sizes, row, options)
    if sharded:
        held = needed.weights + needed.gradients + needed.moments
        return needed.total - held + held // processes
    return needed.total + (needed.gradients if processes > 1 else 0)  # data parallel holds them again, to exchange them


def device_room_bytes(device: torch.device) -> int:
    """Return the memory that a training may take: what is free on a GPU when it begins, or the machine's.

    Args:
        device: Where it computes.

    Returns:
        Bytes, less a margin for what a forecast misses.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return int(USABLE * (free + torch.cuda.memory_reserved(device)))
    return int(USABLE * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))


class Fitter:
    """Fits the steps of one training into the memory of its device."""

    def __init__(
        self, model: str, lengths: Sequence[Lengths], options: TrainingOptions, *, room_bytes: int, processes: int,
        sharded: bool,
    ) -> None:  # fmt: skip
        """Read the sizes of the model; one of another kind than a plan knows is fitted without a forecast.

        Args:
            model: Folder or name of the model.
            lengths: Those of all groups.
            options: Settings of the training.
            room_bytes: Memory of a process's device; the same number in all processes.
            processes: How many there are.
            sharded: As for `fit_step`.
        """
        self._lengths, self._options = lengths, options
        self._room_bytes, self._processes, self._sharded = room_bytes, processes, sharded
        self._sizes: ModelSizes | None
        try:
            self._sizes = sizes_of(model)
        except UserError:
            self._sizes = None

    def fit(self, numbers: Sequence[int]) -> Fit:
        """Return how a step is taken.

        Args:
            numbers: Of its groups, those of all processes.

        Returns:
            The same in all processes; where nothing fits, what takes the least.
        """
        starts = range(self._processes)
        shares = [[self._lengths[number] for number in numbers[start :: self._processes]] for start in starts]
        if self._sizes is None:
            return Fit(1 if self._options.packing else len(shares[0]), self._options.gradient_checkpointing is True)
        found = fit_step(self._sizes, shares, self._options, self._room_bytes, sharded=self._sharded)
        return found or self.least(numbers)

    def mean_tokens(self, numbers: Sequence[int]) -> float:
        """Return how many tokens the completions of a group have.

        Args:
            numbers: Of the groups of a step, those of all processes.

        Returns:
            Their mean.
        """
        return fmean(self._lengths[number].predicted for number in numbers)

    def least(self, numbers: Sequence[int]) -> Fit:
        """Return the way to take a step that needs the least memory.

        Args:
            numbers: Of its groups, those of all processes.

        Returns:
            A group at a time, with recomputed blocks unless the options say otherwise.
        """
        return Fit(len(numbers) // self._processes, self._options.gradient_checkpointing is not False)

    def refuse_longest(self, problems: Sequence[str]) -> None:
        """Refuse groups of which one doesn't fit by itself, however its step is taken.

        Args:
            problems: The problem of each group.

        Raises:
            UserError: There is such a group, and its options leave the way to training.
        """
        if self._sizes is None or self._options.gradient_checkpointing != "auto":
            return
        for problem, lengths in zip(problems, self._lengths, strict=True):
            if not fit_step(
                self._sizes, [[lengths]] * self._processes, self._options, self._room_bytes, sharded=self._sharded
            ):
                raise UserError(
                    f"problem {problem}: a group of {lengths.prompt} and {sum(lengths.completions)} tokens needs more "
                    f"than the {self._room_bytes / 1e9:.3g} GB that training may take here; leave such groups out: "
                    "proctor compile --max-tokens, or give --gradient-checkpointing on to try it"
                )
