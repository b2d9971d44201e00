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
from typing import Any, BinaryIO, NamedTuple

import msgspec
import torch
from accelerate import Accelerator, DistributedType
from torch import Tensor

from harness.errors import UserError
from harness.generation.threads import choose_threads
from harness.progress import say, watched
from harness.runs.jsonl import append, whole_file
from trainers.batches import Parcel, ProcessPlace, StepMaker, StepPart, TrainingStep
from trainers.checkpoint_writer import CheckpointWriter
from trainers.config import TrainingOptions
from trainers.dataset import Weighted, encode, group_lengths, longest_sequence, total_steps
from trainers.fitting import Fitter, device_room_bytes
from trainers.optimizer import make_optimizer, make_schedule, restore, take_up
from trainers.policy import Policy, recompute_blocks
from trainers.sharding import gathered, whole
from trainers.trainable import refuse_disagreement, refuse_length, refuse_model, refuse_window
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
        texts = watched([weighted.group for weighted in groups], len(groups), "tokenized", sys.stderr)
        lengths = tuple(group_lengths(group, policy.tokens) for group in texts)
        longest = longest_sequence((weighted.group for weighted in groups), lengths)
        refuse_length(policy.model.config, longest)
        self._policy, self._groups, self._options = policy, groups, options
        self._writer, self._out, self._accelerator = writer, out, accelerator
        self._total = total_steps(len(groups), options)
        self._clipped = 0
        """Steps so far whose gradient was scaled down."""
        self._told_to_stop = False
        optimizer = make_optimizer(policy.trained.values(), options)
        self._schedule = make_schedule(optimizer, self._total, options)
        model = policy.objective(options)
        if options.packing:
            refuse_window(model, longest)
        self._sharded = accelerator.distributed_type is DistributedType.FSDP
        fitter = Fitter(
            str(policy.folder), lengths, options, room_bytes=self._least(device_room_bytes(accelerator.device)),
            processes=accelerator.num_processes, sharded=self._sharded,
        )  # fmt: skip
        fitter.refuse_longest([weighted.group.problem_id for weighted in groups])
        place = ProcessPlace(accelerator.process_index, accelerator.num_processes, accelerator.device)
        self._maker = StepMaker(groups, partial(encode, tokens=policy.tokens, end=policy.end), fitter, options, place)
        self._model, self._optimizer = accelerator.prepare(model, optimizer)
        refuse_disagreement(model, policy.dtype, packing=options.packing)
        if options.compile == "on" or (
            options.compile == "auto" and accelerator.device.type == "cuda" and not self._sharded
        ):
            model.compile_parts()

    def _least(self, number: int) -> int:
        """Return the least that any process has."""
        return int(self._accelerator.gather(torch.tensor([number], device=self._accelerator.device)).min())

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
        """Take the steps that are left, saving where it is time to.

        The metrics of a step are read when the next one is under way, or before anything is saved.
        """
        late = deque[_Taken]()
        self._read_s = time.monotonic()
        for taken, step in enumerate(self._maker.ahead(range(done, self._total)), done + 1):
            late.append(self._step(taken - 1, step, until_s))
            if len(late) > 1:
                yield self._metrics(late.popleft())
            stop = taken < self._total and self._time_is_up(until_s)
            save = stop or taken % self._options.save_every_steps == 0
            keep = stop or (self._options.keep_every_steps and taken % self._options.keep_every_steps == 0)
            if save or keep or taken == self._total:
                yield self._metrics(late.popleft())
            if save:
                self._save(taken)
            if keep:
                self._writer.write(taken, final=False, moments=self._moments())
            if stop:
                return
            if save or keep:
                self._read_s = time.monotonic()

    def _step(self, number: int, step: TrainingStep, until_s: float) -> "_Taken":
        """Take a step: the gradient of this process's groups, averaged over processes, and the optimizer's update."""
        figures = self._tried(number, step, until_s)
        if figures is None:
            self._optimizer.zero_grad()
            torch.cuda.empty_cache()
            figures = self._gradient(number, self._maker.made(number, least=True), until_s)
        norm = self._accelerator.clip_grad_norm_(self._policy.trained.values(), self._options.max_gradient_norm)
        rate = float(self._schedule.get_last_lr()[0])
        self._optimizer.step()
        self._schedule.step()
        self._optimizer.zero_grad()
        summed = self._accelerator.reduce(figures, reduction="sum")
        found = torch.cat((summed, gathered(norm).double()[None]))
        return _Taken(number + 1, rate, *_on_its_way(found))

    def _tried(self, number: int, step: TrainingStep, until_s: float) -> Tensor | None:
        """Return what `_gradient` does; nothing where memory ran out, none of which is held then by an exception."""
        try:
            return self._gradient(number, step, until_s)
        except torch.OutOfMemoryError:
            if self._accelerator.num_processes > 1:  # the others wait for this one's part
                raise
            return None

    def _gradient(self, number: int, step: TrainingStep, until_s: float) -> Tensor:
        """Set the gradient of a step's parts; return what its metrics are made of, (7), of this process."""
        seed = random.Random(f"{self._options.seed}/{number}/{self._accelerator.process_index}")  # noqa: S311 - no secret
        torch.manual_seed(seed.getrandbits(63))  # of dropout: set at each step, so no state of it must outlive a kill
        recompute_blocks(self._policy.model, on=step.recompute)
        figures = list[Tensor]()
        for place, part in enumerate(step.parts):
            with nullcontext() if self._meets(place, len(step.parts)) else self._accelerator.no_sync(self._model):
                figures.append(self._backward(part))
        late = self._accelerator.is_main_process and time.monotonic() > until_s
        return torch.cat((sum(figures[1:], figures[0]), figures[0].new_full((1,), float(late))))

    def _meets(self, place: int, of: int) -> bool:
        """Return whether processes exchange gradients now: at a step's end, or always where each is to hold a part."""
        return place == of - 1 or self._sharded

    def _backward(self, sent: StepPart | Parcel) -> Tensor:
        """Add the gradient of a part; return loss, log-probabilities and numbers of either kind, and tokens, (6)."""
        part: StepPart = sent.opened(self._accelerator.device) if isinstance(sent, Parcel) else sent
        loss, log_probs = self._model(part.rows, part.weights)
        self._accelerator.backward(loss)
        return torch.cat((loss.detach().double()[None], part.kinds @ log_probs.double(), part.counts))

    def _metrics(self, step: "_Taken") -> Metrics:
        """Return the metrics of a step, once its device has them."""
        loss, accepted_sum, rejected_sum, accepted_count, rejected_count, tokens, late, norm = step.read()
        now_s = time.monotonic()
        wall_s, self._read_s = now_s - self._read_s, now_s
        self._told_to_stop = late > 0
        loss /= self._accelerator.num_processes
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise UserError(
                f"{self._out}: step {step.taken} has loss {loss} and gradient {norm}; lower --learning-rate"
            )
        self._clipped += norm > self._options.max_gradient_norm
        accepted = accepted_sum / accepted_count if accepted_count else None
        rejected = rejected_sum / rejected_count if rejected_count else None
        groups = step.taken * self._options.batch_groups
        return Metrics(
            step=step.taken,
            epoch=groups / len(self._groups),
            loss=loss,
            accepted=accepted,
            rejected=rejected,
            margin=None if accepted is None or rejected is None else accepted - rejected,
            gradient_norm=norm,
            clipped=self._clipped / step.taken,
            learning_rate=step.rate,
            groups=groups,
            tokens=int(tokens),
            tokens_per_s=tokens / wall_s,
        )

    def _time_is_up(self, until_s: float) -> bool:
        """Return whether to stop, by the main process's clock: of several, all learn it with the metrics of a step."""
        return self._told_to_stop if self._accelerator.num_processes > 1 else time.monotonic() > until_s

    def _save(self, taken: int) -> None:
        state = {
            "taken": taken,
            "clipped": self._clipped,
            "threads": torch.get_num_threads(),
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
        self._take_up_threads(int(state.get("threads", torch.get_num_threads())))
        self._policy.restore(state["weights"])
        self._clipped = int(state["clipped"])
        restore(self._optimizer, state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        return int(state["taken"])

    def _moments(self) -> dict[str, Any] | None:
        """Return the moments that go beside an adapter: small, unlike those of a whole model."""
        return self._optimizer.state_dict()["state"] if self._options.lora_rank else None

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


class _Taken(NamedTuple):
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


def _on_its_way(figures: Tensor) -> tuple[Tensor, torch.cuda.Event | None]:
    """Return figures on the CPU, and what says that they are there: nothing waits for a GPU here."""
    if figures.device.type != "cuda":
        return figures.cpu(), None
    there: Any = torch.cuda.Event()  # type: ignore[no-untyped-call]
    sent = figures.to("cpu", non_blocking=True)
    there.record()
    return sent, there


def _last_line(rows: deque[Metrics], _elapsed_s: float) -> str:
    return progress_line(rows[-1]) if rows else ""


def _plain(record: msgspec.Struct) -> dict[str, Any]:
    """Return a record as trackers take it, without None."""
    return {name: value for name, value in msgspec.structs.asdict(record).items() if value is not None}
