"""Brings the figures of a step from its device, without waiting for it."""

from typing import Any, NamedTuple

import torch
from torch import Tensor


class StepFigures(NamedTuple):
    """Holds a step with its metrics on their way from the device."""

    taken: int
    rate: float
    figures: Tensor
    """(8): the sums of all processes, whether time is up, and the norm of the gradient."""
    there: torch.cuda.Event | None

    def read(self) -> list[float]:
        """Return the figures, once they are there."""
        if self.there:
            self.there.synchronize()
        return list(map(float, self.figures.tolist()))


def sent_figures(taken: int, rate: float, figures: Tensor) -> StepFigures:
    """Send the figures of a step to the CPU: nothing waits for a GPU here.

    Args:
        taken: Steps taken so far.
        rate: Learning rate of the step.
        figures: (8), on any device.

    Returns:
        The step, and what says that its figures are there.
    """
    if figures.device.type != "cuda":
        return StepFigures(taken, rate, figures.cpu(), None)
    there: Any = torch.cuda.Event()  # type: ignore[no-untyped-call]
    sent = figures.to("cpu", non_blocking=True)
    there.record()
    return StepFigures(taken, rate, sent, there)
