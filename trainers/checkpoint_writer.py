"""Writes checkpoints: the policy, its model card and, last of all, the record that says that the folder is whole."""

from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from harness.runs.jsonl import pretty_json, read_rows, whole_file, write_whole
from trainers.compile.data_card import Card
from trainers.model_card import checkpoint_card, commit
from trainers.model_index import README_FILE
from trainers.optimizer import MOMENTS_FILE
from trainers.policy import Policy
from trainers.sharding import whole
from trainers.trainer import CHECKPOINT_FILE, Checkpoint
from trainers.training_run import METRICS_FILE, Metrics, TrainingRecord, of_the_policy


class CheckpointWriter:
    """Writes the checkpoints of one training: that of its end, and those of steps on the way."""

    def __init__(
        self, policy: Policy, record: TrainingRecord, *, card: Card | None, out: Path, accelerator: Accelerator
    ) -> None:
        """Take what every checkpoint has in common.

        Args:
            policy: The policy in training.
            record: The record of the training.
            card: The data card of its groups, None without one.
            out: Folder of the training, which exists.
            accelerator: That of this process; the main one writes, and all must call.
        """
        self._policy, self._record, self._card, self._out = policy, record, card, out
        self._accelerator = accelerator

    def write(self, step: int, *, final: bool, moments: dict[str, Any] | None) -> Checkpoint:
        """Write the policy as it is now.

        Args:
            step: Steps taken so far.
            final: Whether training ends here; its last checkpoint is written to the training's own folder.
            moments: AdamW's, to be written beside an adapter; None for a whole model.

        Returns:
            The record of the checkpoint, in every process.
        """
        checkpoint = self.record_of(step, final=final)
        weights = whole(self._policy.written, keep=self._accelerator.is_main_process)
        moments = moments and whole(moments, keep=self._accelerator.is_main_process)
        if self._accelerator.is_main_process:
            folder = Path(checkpoint.path)
            folder.mkdir(parents=True, exist_ok=True)
            self._policy.write(folder, weights)
            if moments:
                with whole_file(folder / MOMENTS_FILE) as file:
                    torch.save(moments, file)
            rows = [row for _, row in read_rows(self._out / METRICS_FILE, Metrics)]  # none before the first step
            metrics = of_the_policy(rows[-1]) if rows else {}
            readme = checkpoint_card(checkpoint, groups=self._card, metrics=metrics)
            write_whole(folder / README_FILE, readme.encode())
            write_whole(folder / CHECKPOINT_FILE, pretty_json(checkpoint))
        self._accelerator.wait_for_everyone()
        return checkpoint

    def record_of(self, step: int, *, final: bool) -> Checkpoint:
        """Return the record of the checkpoint of a step, written or not.

        Args:
            step: Steps taken so far.
            final: As for `write`.

        Returns:
            The record; its folder is the training's own or, of a step on the way, `steps/` below it.
        """
        return Checkpoint(
            path=str(self._out if final else self._out / "steps" / f"{step:08}"),
            base=self._record.base,
            method=self._record.method,
            step=step,
            config=self._record.options,
            groups_sha256=self._record.groups_sha256,
            commit=commit(),
        )
