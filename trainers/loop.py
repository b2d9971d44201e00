"""Runs the training loop that all methods share."""

import math
import random
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import torch
from accelerate import Accelerator, DistributedType

from harness.errors import UserError
from harness.progress import watched
from harness.runs.jsonl import append, whole_file
from trainers.checkpoint_writer import CheckpointWriter
from trainers.config import TrainingOptions
from trainers.dataset import Weighted, batch, encode, longest_sequence, total_steps
from trainers.objective import summed, token_weights
from trainers.optimizer import make_optimizer, make_schedule, restore, take_up
from trainers.packing import packed, padded
from trainers.policy import Policy
from trainers.sharding import whole
from trainers.trainable import refuse_disagreement, refuse_length, refuse_model
from trainers.trainer import Checkpoint
from trainers.training_run import METRICS_FILE, Metrics, clipping_note, cut_after, progress_line

STATE_FILE = "state.pt"
"""The state to resume from; removed once the checkpoint is there."""


class Loop:
    """Takes the steps of a training, and saves and restores its state."""

    def __init__(
        self,
        policy: Policy,
        groups: tuple[Weighted, ...],
        *,
        options: TrainingOptions,
        writer: CheckpointWriter,
        out: Path,
        accelerator: Accelerator,
    ) -> None:
        """Prepare the first step.

        Args:
            policy: The policy to train.
            groups: All groups of the training, whichever process takes them.
            options: Settings of the training.
            writer: Writes its checkpoints.
            out: Folder of the training, which exists.
            accelerator: That of this process.

        Raises:
            UserError: The model's own log-probabilities differ from those of training, its tokenizer doesn't give a
                completion back, or a prompt with its completion is too long for it.
        """
        refuse_model(policy.model, options)
        texts = watched(groups, len(groups), "tokenized", sys.stderr)
        longest = longest_sequence((weighted.group for weighted in texts), policy.tokens)
        refuse_length(policy.model.config, longest, options)
        self._policy, self._groups, self._options = policy, groups, options
        self._writer, self._out, self._accelerator = writer, out, accelerator
        self._total = total_steps(len(groups), self._options)
        self._clipped = 0
        """Steps so far whose gradient was scaled down."""
        optimizer = make_optimizer(policy.trained.values(), self._options)
        self._schedule = make_schedule(optimizer, self._total, self._options)
        model = policy.objective(self._options)
        self._model, self._optimizer = accelerator.prepare(model, optimizer)
        refuse_disagreement(model, policy.dtype, packing=self._options.packing)

    def run(self, metrics: BinaryIO | None, until_s: float) -> Checkpoint:
        """Train to the end, or until a time of the monotonic clock, and write the checkpoint.

        Args:
            metrics: The file of metrics, open for appending; None in all processes but the main one.
            until_s: Seconds of `time.monotonic`, inf for no limit; the main process's clock decides.

        Returns:
            The record of the final checkpoint, or of the one that was written when time was up.

        Raises:
            UserError: A loss or gradient is not finite.
        """
        done = self._restored()
        if self._options.report_to != "none":
            self._accelerator.init_trackers("proctor", config=_plain(self._options))
        steps = self._steps(done, until_s)
        if metrics is not None:
            cut_after(self._out / METRICS_FILE, metrics, done)
            steps = self._recorded(steps, done, metrics)
        for row in steps:
            done = row.step
        checkpoint = self._closed(done)
        self._accelerator.end_training()
        return checkpoint

    def _recorded(self, steps: Iterator[Metrics], done: int, file: BinaryIO) -> Iterator[Metrics]:
        """Pass the rows on once they are shown and appended: a state is never saved ahead of its row."""
        latest = deque[Metrics](maxlen=1)
        beside = partial(_last_line, latest)
        for row in watched(steps, self._total, "trained", sys.stderr, done=done, beside=beside):
            append(file, row)
            latest.append(row)
            self._accelerator.log(_plain(row), step=row.step)
            yield row

    def _steps(self, done: int, until_s: float) -> Iterator[Metrics]:
        """Take the steps that are left, saving where it is time to."""
        for taken in range(done + 1, self._total + 1):
            yield self._step(taken - 1)
            stop = taken < self._total and self._main_says(time.monotonic() > until_s)
            if stop or taken % self._options.save_every_steps == 0:
                self._save(taken)
            if stop or (self._options.keep_every_steps and taken % self._options.keep_every_steps == 0):
                self._writer.write(taken, final=False, moments=self._moments())
            if stop:
                return

    def _step(self, number: int) -> Metrics:
        """Take a step: the gradient of this process's groups, averaged over processes, and the optimizer's update."""
        start_s = time.monotonic()
        process = self._accelerator.process_index
        seed = random.Random(f"{self._options.seed}/{number}/{process}")  # noqa: S311 - no secret
        torch.manual_seed(seed.getrandbits(63))  # of dropout: set at each step, so no state of it must outlive a kill
        mine = batch(number, len(self._groups), self._options)[process :: self._accelerator.num_processes]
        tally = torch.zeros(6, dtype=torch.float64, device=self._accelerator.device)
        for place, which in enumerate(mine):
            with nullcontext() if self._meets(place, len(mine)) else self._accelerator.no_sync(self._model):
                tally += self._backward(self._groups[which], share=1 / len(mine))
        norm = self._accelerator.clip_grad_norm_(self._policy.trained.values(), self._options.max_gradient_norm)
        norm = float(whole(norm, keep=True))
        self._clipped += norm > self._options.max_gradient_norm
        rate = float(self._schedule.get_last_lr()[0])
        self._optimizer.step()
        self._schedule.step()
        self._optimizer.zero_grad()
        tally = self._accelerator.reduce(tally, reduction="sum")
        return self._metrics(number + 1, tally.tolist(), norm, rate, time.monotonic() - start_s)

    def _meets(self, place: int, of: int) -> bool:
        """Return whether processes exchange gradients now: at a step's end, or always where each is to hold a part."""
        return place == of - 1 or self._accelerator.distributed_type is DistributedType.FSDP

    def _backward(self, weighted: Weighted, share: float) -> torch.Tensor:
        """Add the gradient of a group; return loss, log-probabilities and numbers of either kind, and tokens, (6)."""
        group = encode(weighted.group, self._policy.tokens, self._policy.end)
        tokens = [len(completion) for completion in group.completions]
        device = self._accelerator.device
        rows = (packed if self._options.packing else padded)(group)
        weights = token_weights(
            torch.tensor(weighted.weights), torch.tensor(tokens), token_mean=self._options.token_mean
        )
        loss, log_probs = self._model(rows.to(device), (share * weights).to(device))
        self._accelerator.backward(loss)
        found = summed(log_probs, tokens).double()
        accepted = torch.tensor(weighted.group.rewards, device=device) > 0
        all_tokens = torch.tensor(len(group.prompt) + sum(tokens), device=device)
        return torch.stack(
            [
                loss.detach().double() / share, found[accepted].sum(), accepted.sum(), found[~accepted].sum(),
                (~accepted).sum(), all_tokens,
            ]
        )  # fmt: skip

    def _metrics(self, taken: int, tally: list[float], norm: float, rate: float, wall_s: float) -> Metrics:
        loss, accepted_sum, accepted_count, rejected_sum, rejected_count, tokens = tally
        loss /= self._options.batch_groups
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise UserError(f"{self._out}: step {taken} has loss {loss} and gradient {norm}; lower --learning-rate")
        accepted = accepted_sum / accepted_count if accepted_count else None
        rejected = rejected_sum / rejected_count if rejected_count else None
        groups = taken * self._options.batch_groups
        return Metrics(
            step=taken,
            epoch=groups / len(self._groups),
            loss=loss,
            accepted=accepted,
            rejected=rejected,
            margin=None if accepted is None or rejected is None else accepted - rejected,
            gradient_norm=norm,
            clipped=self._clipped / taken,
            learning_rate=rate,
            groups=groups,
            tokens=int(tokens),
            tokens_per_s=tokens / wall_s,
        )

    def _main_says(self, true: bool) -> bool:  # noqa: FBT001 - it is the message
        """Return the main process's answer, so that all do the same whichever clock is ahead."""
        said = torch.tensor(int(true and self._accelerator.is_main_process), device=self._accelerator.device)
        return bool(self._accelerator.reduce(said, reduction="sum").item())

    def _save(self, taken: int) -> None:
        state = {
            "taken": taken,
            "clipped": self._clipped,
            "weights": self._whole(self._policy.trained),
            "optimizer": self._whole(self._optimizer.state_dict()),
            "schedule": self._schedule.state_dict(),
        }
        if self._accelerator.is_main_process:
            with whole_file(self._out / STATE_FILE) as file:
                torch.save(state, file)

    def _restored(self) -> int:
        """Restore the state that was saved last, and return the steps that had been taken: 0 without a state.

        A training that begins takes up the moments of the adapter that it goes on with.
        """
        if not (self._out / STATE_FILE).exists():
            if self._policy.moments:
                take_up(self._optimizer, self._policy.moments)
            return 0
        state = torch.load(self._out / STATE_FILE, map_location="cpu", weights_only=True, mmap=True)
        self._policy.restore(state["weights"])
        self._clipped = int(state["clipped"])
        restore(self._optimizer, state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        return int(state["taken"])

    def _moments(self) -> dict[str, Any] | None:
        """Return the moments that go beside an adapter: small, unlike those of a whole model."""
        return self._optimizer.state_dict()["state"] if self._options.lora_rank else None

    def _whole(self, tensors: dict[str, Any]) -> dict[str, Any]:
        """Return them whole in the main process; all processes must call."""
        made: dict[str, Any] = whole(tensors, keep=self._accelerator.is_main_process)
        return made

    def _closed(self, taken: int) -> Checkpoint:
        """Write the checkpoint where training has come to its end, and return it or the one that it stopped with."""
        if taken < self._total:
            return self._writer.record_of(taken, final=False)
        checkpoint = self._writer.write(taken, final=True, moments=self._moments())
        if self._accelerator.is_main_process:
            if note := clipping_note(self._clipped / taken):
                sys.stderr.write(f"proctor: {note}\n")
            (self._out / STATE_FILE).unlink(missing_ok=True)
        return checkpoint


def _last_line(rows: deque[Metrics], _elapsed_s: float) -> str:
    return progress_line(rows[-1]) if rows else ""


def _plain(record: msgspec.Struct) -> dict[str, Any]:
    """Return a record as trackers take it, without None."""
    return {name: value for name, value in msgspec.structs.asdict(record).items() if value is not None}
