"""Turns the work of a training step into seconds on a device.

A step waits for the slowest of three: the host, which launches the kernels one by one; the arithmetic of the device;
and its memory, through which every operand and result goes. Each has a range, because how much of a data sheet a
training gets is assumed.
"""

from collections.abc import Sequence
from math import inf

import msgspec

from trainers.config import TrainingOptions

Range = tuple[float, float]
"""The least and the most."""


class StepWork(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the work of a step."""

    launches: Range
    """Kernels launched: the fewest and the most."""
    operations: int
    moved: Range
    """Bytes read and written by the kernels."""


class PassCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the kernels of a forward and backward pass, and the bytes that they move: some always, some by position."""

    launches: Range
    """The fewest and the most; equal where nothing is compiled."""
    fixed_bytes: Range
    position_bytes: Range


class StepCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the kernels of a step, and the bytes that they move."""

    kept: PassCounts
    """A pass that keeps what each block computed."""
    recomputed: PassCounts
    """One that computes the blocks again."""
    ahead: PassCounts | None = None
    """One without a gradient, in front of others, where training has such."""
    update_launches: int
    """To clip the gradient and to take the optimizer's step."""
    update_bytes: int

    def work(
        self, positions: Sequence[int], operations: int, *, recompute: bool, ahead: Sequence[int] = ()
    ) -> StepWork:
        """Return the work of a step.

        Args:
            positions: Tokens in the rows of each of its passes, padding included.
            operations: As of `trainers.plan.flops`, summed over all its passes.
            recompute: Whether the passes compute the blocks again.
            ahead: Tokens in the rows of each pass without a gradient.

        Returns:
            The work; bytes grow with the positions, launches with the passes.
        """
        passes = [self.recomputed if recompute else self.kept] * len(positions)
        passes += [self.ahead] * len(ahead) if self.ahead else []
        tokens = *positions, *(ahead if self.ahead else ())
        launches = [self.update_launches + sum(counts.launches[end] for counts in passes) for end in (0, 1)]
        moved = [
            self.update_bytes
            + sum(
                counts.fixed_bytes[end] + count * counts.position_bytes[end]
                for counts, count in zip(passes, tokens, strict=True)
            )
            for end in (0, 1)
        ]
        return StepWork(launches=(launches[0], launches[1]), operations=operations, moved=(moved[0], moved[1]))


class TrainingDevice(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the speed and the memory of a device for training."""

    name: str
    operations_per_s: Range
    bytes_per_s: Range | None = None
    launch_s: Range = (0.0, 0.0)
    """Seconds between two launches; like the bytes without time where both are part of a measured speed."""
    memory_bytes: int | None = None
    why: str
    """Where the ranges come from."""


class StepTime(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the time of a step, or of all, in seconds: the least and the most of each cause."""

    launches: Range
    operations: Range
    moved: Range
    whole: Range
    """The slowest cause of each step decides."""


def step_time(work: StepWork, device: TrainingDevice) -> StepTime:
    """Return the time of a step.

    Args:
        work: That of the step.
        device: Where it runs.

    Returns:
        Seconds: launches times their time, operations and bytes over their rates, and the greatest of the three.
    """
    launches = work.launches[0] * device.launch_s[0], work.launches[1] * device.launch_s[1]
    slow, fast = device.operations_per_s
    operations = work.operations / fast, work.operations / slow
    narrow, wide = device.bytes_per_s or (inf, inf)
    moved = work.moved[0] / wide, work.moved[1] / narrow
    least, most = (max(ends) for ends in zip(launches, operations, moved, strict=True))
    return StepTime(launches=launches, operations=operations, moved=moved, whole=(least, most))


_PEAK = {"bfloat16": 312e12, "float32": 19.5e12}
"""Operations a second of an NVIDIA A100 by its data sheet, dense; PyTorch leaves TF32 off."""
_SHARE_OF_PEAK = (0.40, 0.75)
"""Assumed of matrix products of a few thousand positions, at widths from 896 on."""
_BANDWIDTH = 2.04e12
"""Bytes a second of its memory, by the same sheet."""
_SHARE_OF_BANDWIDTH = (0.60, 0.90)
_LAUNCH_S = (8e-6, 32e-6)
"""Between two launches of PyTorch. The host of an H100 took 32 us, 0.35 s for 11,066; a fast one is assumed to take a
quarter. `tests/bench/bench_training_step.py --parts launch` measures it."""


def a100(options: TrainingOptions) -> TrainingDevice:
    """Return the device of the paper, of 80 GB.

    Args:
        options: `dtype` counts.

    Returns:
        The device, with the ranges that are assumed.
    """
    peak = _PEAK[options.dtype]
    return TrainingDevice(
        name="one A100 80 GB",
        operations_per_s=(_SHARE_OF_PEAK[0] * peak, _SHARE_OF_PEAK[1] * peak),
        bytes_per_s=(_SHARE_OF_BANDWIDTH[0] * _BANDWIDTH, _SHARE_OF_BANDWIDTH[1] * _BANDWIDTH),
        launch_s=_LAUNCH_S,
        memory_bytes=80 * 10**9,
        why=(
            f"assumes {_LAUNCH_S[0] * 1e6:g} to {_LAUNCH_S[1] * 1e6:g} us a launch, "
            f"{_SHARE_OF_PEAK[0]:.0%} to {_SHARE_OF_PEAK[1]:.0%} of {peak / 1e12:g} TFLOP/s ({options.dtype}), "
            f"{_SHARE_OF_BANDWIDTH[0]:.0%} to {_SHARE_OF_BANDWIDTH[1]:.0%} of {_BANDWIDTH / 1e12:g} TB/s"
        ),
    )
