"""Runs the training loop that all methods share."""

import math
import random
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import torch
from accelerate import Accelerator, DistributedType
from torch import Tensor

from harness.errors import UserError
from harness.progress import watched
from harness.runs.jsonl import append
from trainers.batches import Parcel, ProcessPlace, StepMaker, StepPart, TrainingStep, Weigher
from trainers.checkpoint_writer import CheckpointWriter
from trainers.config import TrainingOptions
from trainers.dataset import Longest, Weighted, encode, group_lengths, longest_sequence, total_steps
from trainers.examination import Examine, Monitor
from trainers.fitting import Fitter, device_room_bytes
from trainers.importance import reweighted
from trainers.likelihood_loss import GroupTerms
from trainers.objective import WeightedLikelihood
from trainers.optimizer import make_optimizer, make_schedule
from trainers.plan.flops import Lengths
from trainers.policy import Policy, recompute_blocks
from trainers.reference import StoredReference
from trainers.sharding import gathered
from trainers.step_figures import StepFigures, sent_figures
from trainers.trainable import refuse_disagreement, refuse_length, refuse_model, refuse_window
from trainers.trainer import Checkpoint, TrainingMethod
from trainers.training_run import METRICS_FILE, Metrics, add_scores, clipping_note, cut_after, progress_line
from trainers.training_state import Taken, TrainingState


class Loop:
    """Takes the steps of a training."""

    def __init__(
        self,
        policy: Policy,
        groups: tuple[Weighted, ...],
        *,
        method: TrainingMethod,
        reference: Callable[[WeightedLikelihood, dict[int, int]], StoredReference],
        options: TrainingOptions,
        writer: CheckpointWriter,
        out: Path,
        accelerator: Accelerator,
        examine: Examine | None = None,
    ) -> None:
        """Prepare the first step.

        Args:
            policy: The policy to train.
            groups: All groups of the training, whichever process takes them.
            method: The method.
            reference: From the policy and the tokens of each place to the reference; called if the method needs it.
            options: Settings of the training.
            writer: Writes its checkpoints.
            out: Folder of the training, which exists.
            accelerator: That of this process.
            examine: Examines checkpoints on the way; None for none.

        Raises:
            UserError: The model's own log-probabilities differ from those of training, its tokenizer doesn't give a
                completion back, or a prompt with its completion is too long for it.
        """
        refuse_model(policy.model, options)
        lengths, longest = _measured(groups, policy)
        refuse_length(policy.model.config, longest)
        self._policy, self._groups, self._options = policy, groups, options
        self._writer, self._out, self._accelerator = writer, out, accelerator
        self._total = total_steps(len(groups), options)
        self._clipped = 0
        """Steps so far whose gradient was scaled down."""
        self._told_to_stop = self._time_was_up = False
        self._monitor = Monitor(examine, options, out, self._total) if examine else None
        optimizer = make_optimizer(policy.trained.values(), options)
        self._schedule = make_schedule(optimizer, self._total, options)
        model = policy.objective(options, method.loss)
        if options.packing:
            refuse_window(model, longest)
        self._sharded = accelerator.distributed_type is DistributedType.FSDP
        fitter = Fitter(
            str(policy.folder), lengths, options, room_bytes=self._least(device_room_bytes(accelerator.device)),
            processes=accelerator.num_processes, sharded=self._sharded,
        )  # fmt: skip
        fitter.refuse_longest([weighted.group.problem_id for weighted in groups])
        self._model, self._optimizer = accelerator.prepare(model, optimizer)
        self._state = TrainingState(policy, self._optimizer, self._schedule, out=out, accelerator=accelerator)
        refuse_disagreement(model, policy.dtype, packing=options.packing)
        tokens = {weighted.place: own.predicted for weighted, own in zip(groups, lengths, strict=True)}
        weigher = Weigher(method, options, reference(model, tokens) if method.needs_reference else None)
        place = ProcessPlace(accelerator.process_index, accelerator.num_processes, accelerator.device)
        self._maker = StepMaker(groups, partial(encode, tokens=policy.tokens, end=policy.end), fitter, weigher, place)
        if self._compiles():
            model.compile_parts()

    def _compiles(self) -> bool:
        """Return whether the model's blocks are compiled."""
        usual = self._accelerator.device.type == "cuda" and not self._sharded
        return usual if self._options.compile == "auto" else self._options.compile == "on"

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
        done, self._clipped = self._state.restored()
        if self._options.report_to != "none":
            self._accelerator.init_trackers("proctor", config=_plain(self._options))
        if metrics is not None:
            cut_after(self._out / METRICS_FILE, metrics, done)
        while not (harmed := self._harmed(done)) and done < self._total and not self._time_was_up:
            steps = self._steps(done, until_s)
            for row in steps if metrics is None else self._recorded(steps, done, metrics):
                done = row.step
        checkpoint = self._closed(done, ended=harmed or done == self._total)
        self._accelerator.end_training()
        return checkpoint

    def _harmed(self, taken: int) -> bool:
        """Examine the policy where that is due, and return whether training ends for the harm that it does."""
        if self._monitor is None or self._time_was_up or not self._monitor.is_due(taken):
            return False
        self._writer.write(taken, final=False, moments=self._moments())
        harmed = torch.zeros(1, device=self._accelerator.device)
        if self._accelerator.is_main_process:
            scores, stopped = self._monitor.examined(taken)
            harmed += stopped
            if taken:
                add_scores(self._out / METRICS_FILE, scores)
            self._accelerator.log({f"pass@{score.k}": score.value for score in scores}, step=taken)
        return bool(self._accelerator.reduce(harmed, reduction="sum").item())

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
        """Take the steps up to the next examination, or all that are left, saving where it is time to.

        The metrics of a step are read when the next one is under way, or before anything is saved.
        """
        late = deque[StepFigures]()
        self._read_s = time.monotonic()
        end = self._monitor.next_after(done) if self._monitor else self._total
        for taken, step in enumerate(self._maker.ahead(range(done, end)), done + 1):
            late.append(self._step(taken - 1, step, until_s))
            if len(late) > 1:
                yield self._metrics(late.popleft())
            self._time_was_up = stop = taken < self._total and self._time_is_up(until_s)
            save = stop or taken % self._options.save_every_steps == 0 or (self._monitor is not None and taken == end)
            keep = stop or (self._options.keep_every_steps and taken % self._options.keep_every_steps == 0)
            if save or keep or taken == end:
                yield self._metrics(late.popleft())
            if save:
                self._state.save(Taken(taken, self._clipped))
            if keep:
                self._writer.write(taken, final=False, moments=self._moments())
            if stop:
                return
            if save or keep:
                self._read_s = time.monotonic()

    def _step(self, number: int, step: TrainingStep, until_s: float) -> StepFigures:
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
        return sent_figures(number + 1, rate, found)

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
        loss, log_probs = self._model(part.rows, self._weights(part))
        self._accelerator.backward(loss)
        return torch.cat((loss.detach().double()[None], part.kinds @ log_probs.double(), part.counts))

    def _weights(self, part: StepPart) -> Tensor | tuple[GroupTerms, ...]:
        """Return the weights of a part's tokens; those of own samples times their importance, without dropout."""
        if part.sampled is None or self._options.importance_cap is None or not isinstance(part.weights, Tensor):
            return part.weights
        self._policy.model.eval()
        try:
            with torch.no_grad():
                _, log_probs = self._model(part.rows, torch.zeros_like(part.weights))
        finally:
            self._policy.model.train()
        return reweighted(part.weights, log_probs, part.sampled, self._options.importance_cap)

    def _metrics(self, step: StepFigures) -> Metrics:
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

    def _moments(self) -> dict[str, Any] | None:
        """Return the moments that go beside an adapter: small, unlike those of a whole model."""
        return self._optimizer.state_dict()["state"] if self._options.lora_rank else None

    def _closed(self, taken: int, *, ended: bool) -> Checkpoint:
        """Write the checkpoint where training has come to its end, and return it or the one that it stopped with."""
        if not ended:
            return self._writer.record_of(taken, final=False)
        checkpoint = self._writer.write(taken, final=True, moments=self._moments())
        if self._accelerator.is_main_process:
            if note := clipping_note(self._clipped / taken):
                sys.stderr.write(f"proctor: {note}\n")
            self._state.remove()
        return checkpoint


def _measured(groups: Sequence[Weighted], policy: Policy) -> tuple[tuple[Lengths, ...], Longest]:
    """Return the lengths of all groups, and the longest sequence."""
    texts = [weighted.group for weighted in groups]
    shown = watched(texts, len(texts), "tokenized", sys.stderr)
    lengths = tuple(group_lengths(group, policy.tokens) for group in shown)
    return lengths, longest_sequence(texts, lengths)


def _last_line(rows: deque[Metrics], _elapsed_s: float) -> str:
    return progress_line(rows[-1]) if rows else ""


def _plain(record: msgspec.Struct) -> dict[str, Any]:
    """Return a record as trackers take it, without None."""
    return {name: value for name, value in msgspec.structs.asdict(record).items() if value is not None}
