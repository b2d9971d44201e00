"""Forecasts a training before anything is loaded: tokens, steps, operations, memory, hours.

Known are the model's config.json, its tokenizer and the groups. Operations and memory follow by formulas
(`trainers.plan.flops`, `trainers.plan.memory`), kernels and the bytes that they move are counted
(`trainers.plan.launches`). The hours are a range, because how fast a device does them is assumed
(`trainers.plan.device`), or measured where the training shall run (`trainers.plan.measure`).
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import msgspec

from harness.errors import UserError
from harness.progress import say
from trainers.config import TrainingOptions
from trainers.dataset import batch, total_steps
from trainers.plan.device import Range, StepCounts, StepWork, TrainingDevice, a100, step_time
from trainers.plan.examinations import ExaminationsForecast, plan_examinations
from trainers.plan.flops import Lengths, forward_operations, operations, rows_of
from trainers.plan.lengths import lengths_of
from trainers.plan.memory import Memory, step_memory
from trainers.plan.sizes import ModelSizes, sizes_of, trained


class TrainingForecast(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the forecast of a training on one device."""

    groups: int
    tokenized: int
    """Groups whose lengths were counted; the rest is taken to be like them."""
    steps: int
    prompt_tokens: int
    completion_tokens: int
    packed_tokens: int
    """Positions computed, were groups packed."""
    plain_tokens: int
    """The same of padded rows."""
    parameters: int
    trained: int
    operations: int
    split: int
    """Steps that don't fit at once, and are computed in parts."""
    recomputed: int
    """Steps that compute their blocks again in the backward pass."""
    launches: Range
    """Kernels of all steps: the fewest and the most."""
    moved: Range
    """Bytes that all kernels read and write: the fewest and the most."""
    memory: Memory
    peak_bytes: int
    """All of the memory, of each process."""
    disk_bytes: Range
    """Of the checkpoint in the end, and with the state to resume from beside it."""
    hours: Range
    """The fewest and the most; the slowest of the three that follow decides each step."""
    hours_of_launches: Range
    hours_of_operations: Range
    hours_of_bytes: Range
    device: TrainingDevice
    examinations: ExaminationsForecast | None = None
    """On the way; their hours are no part of those above."""


def plan_training(groups: Path, model: str, options: TrainingOptions, *, calibrate: bool) -> TrainingForecast:
    """Forecast a training on an A100, or on this machine, whose speed is measured.

    Args:
        groups: Folder or file of the groups.
        model: Folder or name of the model, of which config.json and the tokenizer are read.
        options: Settings of the training.
        calibrate: Measure this machine, which takes some steps of a model of a few blocks.

    Returns:
        The forecast; with `calibrate` the fewest and the most hours are equal.

    Raises:
        UserError: Groups or model can't be had, or the model is of a kind that can't be planned.
    """
    lengths, total = lengths_of(groups, model)
    found = plan_lengths(model, lengths, total, options, calibrate=calibrate)
    examinations = plan_examinations(model, found.parameters, found.steps, options)
    return msgspec.structs.replace(found, examinations=examinations)


def plan_lengths(
    model: str, lengths: Sequence[Lengths], groups: int, options: TrainingOptions, *, calibrate: bool
) -> TrainingForecast:
    """Forecast a training on groups of some lengths.

    Args:
        model: Folder or name of the model, of which config.json is read.
        lengths: Those of some groups, or of all; at least one.
        groups: Number of all groups.
        options: Settings of the training.
        calibrate: As for `plan_training`.

    Returns:
        As of `plan_training`.

    Raises:
        UserError: The model can't be had, or is of a kind that can't be planned.
    """
    from trainers.plan.launches import count_step  # noqa: PLC0415 - loads torch
    from trainers.plan.measure import calibrated, here  # noqa: PLC0415 - loads torch

    sizes = sizes_of(model)
    typical = _typical_step(lengths, options)
    compiled = options.compile == "on" or (options.compile == "auto" and (not calibrate or here() == "cuda"))
    try:
        counts = count_step(model, sizes.blocks, typical, options, compiled=compiled)
    except Exception as error:  # the libraries raise whatever a model leads to
        reason = " ".join(str(error).split())
        if not options.packing:
            raise UserError(
                f"{model}: its kernels can't be counted ({reason}); measure steps instead: --max-steps 10"
            ) from error
        say(f"{model} can't be trained in packed rows ({reason}); this is the plan with --packing off")
        padded = msgspec.structs.replace(options, packing=False)
        return plan_lengths(model, lengths, groups, padded, calibrate=calibrate)
    device = calibrated(model, sizes, typical, options) if calibrate else a100(options)
    return training_forecast(sizes, lengths, groups, options, device=device, counts=counts)


def _typical_step(lengths: Sequence[Lengths], options: TrainingOptions) -> tuple[Lengths, ...]:
    """Return the lengths of a step whose groups are spread evenly over all, from short to long."""
    ordered, count = sorted(lengths, key=lambda one: one.positions(options)), options.batch_groups
    return tuple(ordered[len(ordered) * (2 * place + 1) // (2 * count)] for place in range(count))


def training_forecast(
    sizes: ModelSizes,
    lengths: Sequence[Lengths],
    groups: int,
    options: TrainingOptions,
    *,
    device: TrainingDevice,
    counts: StepCounts,
) -> TrainingForecast:
    """Forecast a training.

    Args:
        sizes: Those of the model.
        lengths: Those of some groups, or of all; at least one.
        groups: Number of all groups.
        options: Settings of the training.
        device: Where it shall run; `hours` follow from its ranges.
        counts: Kernels of a step, as of `trainers.plan.launches`.

    Returns:
        The forecast, on one device.
    """
    from trainers.fitting import USABLE  # noqa: PLC0415 - loads torch

    steps = total_steps(groups, options)
    seen = steps * options.batch_groups
    packed, plain = (msgspec.structs.replace(options, packing=packing) for packing in (True, False))
    room = int(USABLE * device.memory_bytes) if device.memory_bytes else sys.maxsize
    planned = [_plan_step(sizes, step, options, counts, room) for step in _steps(lengths, options)]
    times = [step_time(one.work, device) for one in planned]
    largest = _plan_step(sizes, _longest(lengths, options), options, counts, room)
    needed = max((one.memory for one in (*planned, largest)), key=_bytes)
    return TrainingForecast(
        groups=groups,
        tokenized=len(lengths),
        steps=steps,
        prompt_tokens=round(seen * fmean(one.prompt for one in lengths)),
        completion_tokens=round(seen * fmean(one.predicted for one in lengths)),
        packed_tokens=round(seen * fmean(one.positions(packed) for one in lengths)),
        plain_tokens=round(seen * fmean(one.positions(plain) for one in lengths)),
        parameters=sizes.parameters,
        trained=trained(sizes, options),
        split=round(steps * fmean(one.parts > 1 for one in planned)),
        recomputed=round(steps * fmean(one.recompute for one in planned)),
        operations=round(steps * fmean(one.work.operations for one in planned)),
        launches=_total([one.work.launches for one in planned], steps),
        moved=_total([one.work.moved for one in planned], steps),
        memory=needed,
        peak_bytes=needed.total,
        disk_bytes=_disk_bytes(sizes.parameters, trained(sizes, options), steps, options),
        hours=_total([time.whole for time in times], steps / 3600),
        hours_of_launches=_total([time.launches for time in times], steps / 3600),
        hours_of_operations=_total([time.operations for time in times], steps / 3600),
        hours_of_bytes=_total([time.moved for time in times], steps / 3600),
        device=device,
    )


def _steps(lengths: Sequence[Lengths], options: TrainingOptions) -> Iterator[list[Lengths]]:
    """Yield the steps of one pass over some groups, in the order of training."""
    for step in range(total_steps(len(lengths), msgspec.structs.replace(options, epochs=1, max_steps=None))):
        yield [lengths[place] for place in batch(step, len(lengths), options)]


def _longest(lengths: Sequence[Lengths], options: TrainingOptions) -> list[Lengths]:
    """Return the groups of the largest step that could come."""
    return sorted(lengths, key=lambda one: one.positions(options))[-options.batch_groups :]


class _PlannedStep(NamedTuple):
    work: StepWork
    memory: Memory
    parts: int
    recompute: bool


def _plan_step(
    sizes: ModelSizes, step: Sequence[Lengths], options: TrainingOptions, counts: StepCounts, room: int
) -> _PlannedStep:
    """Return the work and the peak of a step, which is taken as training fits it into so much memory."""
    from trainers.fitting import Fit, fit_step, split_evenly  # noqa: PLC0415 - loads torch

    whole = Fit(len(step), options.gradient_checkpointing is not False)
    fit = fit_step(sizes, [step], options, room, sharded=False) or whole
    chosen = msgspec.structs.replace(options, gradient_checkpointing=fit.recompute)
    parts = split_evenly(step, fit.parts)
    ahead = [part for part in parts if options.importance_cap is not None and any(one.own for one in part)]
    done = sum(operations(sizes, part, chosen) for part in parts)
    done += sum(forward_operations(sizes, part, chosen) for part in ahead)
    return _PlannedStep(
        work=counts.work(_positions(parts, chosen), done, recompute=fit.recompute, ahead=_positions(ahead, chosen)),
        memory=max((step_memory(sizes, part, chosen) for part in parts), key=_bytes),
        parts=fit.parts,
        recompute=fit.recompute,
    )


def _positions(parts: Sequence[Sequence[Lengths]], options: TrainingOptions) -> list[int]:
    """Return the positions in the rows of each part, padding included."""
    return [count * width for count, width in (rows_of(part, options) for part in parts)]


_STATE_BYTES = 12
"""Of a trained parameter in the state to resume from: its weight and AdamW's two moments in float32."""


def _disk_bytes(parameters: int, trained_: int, steps: int, options: TrainingOptions) -> Range:
    """Return the bytes of the checkpoints that are kept, without and with the state to resume from."""
    whole = parameters * (2 if options.dtype == "bfloat16" else 4)
    kept = _STATE_BYTES * trained_ if options.lora_rank else whole  # AdamW's moments lie beside an adapter
    copies = 1 + (steps // options.keep_every_steps if options.keep_every_steps else 0)
    return copies * kept, copies * kept + _STATE_BYTES * trained_


def _bytes(needed: Memory) -> int:
    return needed.total


def _total(spans: Sequence[Range], times: float) -> Range:
    """Return the mean of both ends, times a number."""
    least, most = (times * fmean(ends) for ends in zip(*spans, strict=True))
    return least, most


def forecast_table(forecast: TrainingForecast) -> str:
    """Return the forecast as a table.

    Args:
        forecast: As of `plan_training`.

    Returns:
        Markdown, without a newline at the end.
    """
    return "\n".join(("| what | forecast |", "|---|---|", *(f"| {what} | {how} |" for what, how in _rows(forecast))))


def _rows(forecast: TrainingForecast) -> Iterator[tuple[str, str]]:
    spread = "" if forecast.tokenized == forecast.groups else f", lengths from {forecast.tokenized} of them"
    yield "groups", f"{forecast.groups}{spread}"
    yield "steps", str(forecast.steps)
    yield "tokens in prompts", _short(forecast.prompt_tokens)
    yield "tokens in completions, ends included", _short(forecast.completion_tokens)
    yield "tokens computed, packed", _short(forecast.packed_tokens)
    yield "tokens computed, padded rows", _short(forecast.plain_tokens)
    yield "parameters", _short(forecast.parameters)
    yield "parameters trained", _short(forecast.trained)
    yield "operations (FLOPs)", f"{forecast.operations:.3g}"
    yield "steps in parts, for memory", str(forecast.split)
    yield "steps with blocks recomputed", str(forecast.recomputed)
    each = forecast.launches[0] / forecast.steps, forecast.launches[1] / forecast.steps
    yield "kernels launched a step", _range(each, _short)
    yield "bytes moved", _range(forecast.moved, _gb)
    for part, size in msgspec.structs.asdict(forecast.memory).items():
        yield f"memory: {part}", _gb(size)
    room = forecast.device.memory_bytes
    fits = "" if room is None else f" of {_gb(room)}{'' if forecast.peak_bytes <= room else ': does not fit'}"
    yield "memory at the peak", f"{_gb(forecast.peak_bytes)}{fits}"
    yield "disk", _range(forecast.disk_bytes, _gb)
    for cause, hours in (
        ("launches", forecast.hours_of_launches),
        ("operations", forecast.hours_of_operations),
        ("bytes", forecast.hours_of_bytes),
    ):
        if hours[1]:
            yield f"hours of {cause}", _range(hours, _number)
    yield f"hours on {forecast.device.name}", f"{_range(forecast.hours, _number)} ({forecast.device.why})"
    if found := forecast.examinations:
        yield "examinations", f"{found.count}, of {found.samples // found.count} samples each"
        yield "examinations: tokens in prompts", _range(found.prompt_tokens, _short)
        yield "examinations: tokens generated", _range(found.completion_tokens, _short)
        yield "examinations: hours of generation on one A100 80 GB", _range(found.hours, _number)
        unknown = "unknown: no problem has a reference to measure with"
        yield (
            "examinations: hours of judging on all cores of this machine",
            _range(found.judging_hours, _number) if found.judging_hours else unknown,
        )
        yield "examinations: disk", _range(found.disk_bytes, _gb)


def _range(span: Range, written: Callable[[float], str]) -> str:
    """Return a range, or the one value that both ends have.

    >>> _range((1, 2000), _short)
    '1 to 2 k'
    """
    least, most = map(written, span)
    return least if least == most else f"{least} to {most}"


def _number(value: float) -> str:
    return f"{value:.3g}"


def _short(count: float) -> str:
    """Return a count in at most four digits and a unit.

    >>> _short(494_032_768), _short(1810)
    ('494 M', '1.81 k')
    """
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return str(round(count))


def _gb(size: float) -> str:
    return f"{size / 1e9:.3g} GB"
