"""Saves and restores the state of a training, so that it goes on after a kill."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from accelerate import Accelerator

from harness.generation.threads import choose_threads
from harness.progress import say
from harness.runs.jsonl import whole_file
from trainers.optimizer import restore, take_up
from trainers.policy import Policy
from trainers.sharding import whole

STATE_FILE = "state.pt"
"""The state to resume from; removed once the checkpoint is there."""


class Taken(NamedTuple):
    """Counts the steps of a training so far."""

    steps: int = 0
    clipped: int = 0
    """Of these, those whose gradient was scaled down."""


class TrainingState:
    """Keeps the state of one training in its folder."""

    def __init__(self, policy: Policy, optimizer: Any, schedule: Any, *, out: Path, accelerator: Accelerator) -> None:
        """Take what makes up the state.

        Args:
            policy: The policy in training.
            optimizer: Its optimizer, as the accelerator has prepared it.
            schedule: Its schedule.
            out: Folder of the training, which exists.
            accelerator: That of this process.
        """
        self._policy, self._optimizer, self._schedule = policy, optimizer, schedule
        self._file, self._accelerator = out / STATE_FILE, accelerator

    def save(self, taken: Taken) -> None:
        """Save the state, by one rename; all processes must call.

        Args:
            taken: The steps so far.
        """
        state = {
            "taken": taken.steps,
            "clipped": taken.clipped,
            "threads": torch.get_num_threads(),
            "weights": self._whole(self._policy.trained),
            "optimizer": self._whole(self._optimizer.state_dict()),
            "schedule": self._schedule.state_dict(),
        }
        if self._accelerator.is_main_process:
            with whole_file(self._file) as file:
                torch.save(state, file)

    def restored(self) -> Taken:
        """Restore the state that was saved last, and return the steps that had been taken: none without a state.

        A training that begins takes up the moments of the adapter that it goes on with.
        """
        if not self._file.exists():
            if self._policy.moments:
                take_up(self._optimizer, self._policy.moments)
            return Taken()
        state = torch.load(self._file, map_location="cpu", weights_only=True, mmap=True)
        self._take_up_threads(int(state.get("threads", torch.get_num_threads())))
        self._policy.restore(state["weights"])
        restore(self._optimizer, state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        return Taken(int(state["taken"]), int(state["clipped"]))

    def remove(self) -> None:
        """Remove what was saved, if anything was."""
        self._file.unlink(missing_ok=True)

    def _take_up_threads(self, before: int) -> None:
        """Compute with as many threads as before on a CPU, whose sums depend on them; say where the user wants others.

        Processes on one machine have as many as their launcher gives them.
        """
        if self._accelerator.device.type != "cpu":
            return
        chosen = choose_threads(self._policy.parameters, before)
        if torch.get_num_threads() != before and self._accelerator.is_main_process:
            say(
                f"training began with {before} threads and goes on with {chosen}: weights may differ in their last bits"
            )

    def _whole(self, tensors: dict[str, Any]) -> dict[str, Any]:
        """Return them whole in the main process; all processes must call."""
        made: dict[str, Any] = whole(tensors, keep=self._accelerator.is_main_process)
        return made
