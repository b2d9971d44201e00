"""Forecasts a training before anything is loaded: tokens, steps, operations, memory, hours.

Known are the model's config.json, its tokenizer and the groups. The operations and the memory follow by formulas
(`trainers.plan.flops`); the hours are a range, because how much of a device's speed a training gets is assumed, or
measured where it shall run (`trainers.plan.measure`).
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec

from harness.errors import UserError
from harness.generation.loading import load_tokenizer
from harness.generation.tokens import Tokens
from trainers.config import TrainingOptions
from trainers.dataset import encode, total_steps
from trainers.groups import GROUPS_FILE, read_groups
from trainers.plan.flops import Lengths, Memory, ModelSizes, TrainingDevice, memory, operations, sizes_of, trained

_GROUPS_TOKENIZED = 2000
"""At most so many, evenly spread: the mean of their lengths is known to about a hundredth."""

_PEAK = {"bfloat16": 312e12, "float32": 19.5e12}
"""Operations a second of an NVIDIA A100 by its data sheet, dense; PyTorch leaves TF32 off."""
_UTILISATION = {"bfloat16": (0.07, 0.40), "float32": (0.40, 0.80)}
"""Share of it that a training of a few thousand tokens a step is assumed to get: at the lower end small products and
many kernels, at the upper models of several billions. An H100 got 23 TFLOP/s of 0.5 B, 128 of 7 B with LoRA."""


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
    memory: Memory
    peak_bytes: int
    """All of the memory, of each process."""
    hours: tuple[float, float]
    """The fewest and the most."""
    device: TrainingDevice


def a100(options: TrainingOptions) -> TrainingDevice:
    """Return the device of the paper, of 80 GB.

    Args:
        options: `dtype` counts.

    Returns:
        The device, with the least and the most operations a second that are assumed.
    """
    peak = _PEAK[options.dtype]
    low, high = _UTILISATION[options.dtype]
    return TrainingDevice(
        name="one A100 80 GB",
        slow=low * peak,
        fast=high * peak,
        memory_bytes=80 * 10**9,
        why=f"assumes {low:.0%} to {high:.0%} of {peak / 1e12:g} TFLOP/s ({options.dtype})",
    )


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
    sizes = sizes_of(model)
    lengths, total = lengths_of(groups, model)
    if not calibrate:
        return training_forecast(sizes, lengths, total, options, a100(options))
    from trainers.plan.measure import calibrated  # noqa: PLC0415 - loads torch

    typical = _typical_step(lengths, options)
    return training_forecast(sizes, lengths, total, options, calibrated(model, sizes, typical, options))


def _typical_step(lengths: Sequence[Lengths], options: TrainingOptions) -> tuple[Lengths, ...]:
    """Return the lengths of a step whose groups are spread evenly over all, from short to long."""
    ordered, count = sorted(lengths, key=lambda one: one.positions(options)), options.batch_groups
    return tuple(ordered[len(ordered) * (2 * place + 1) // (2 * count)] for place in range(count))


def lengths_of(groups: Path, model: str) -> tuple[tuple[Lengths, ...], int]:
    """Return the tokens of groups spread evenly over a folder or file, and the number of all groups.

    Args:
        groups: Folder or file of the groups.
        model: Folder or name of the model, for its tokenizer.

    Returns:
        Lengths of at most 2,000 groups, and the number of all.

    Raises:
        UserError: The groups or the tokenizer can't be read.
    """
    path = groups / GROUPS_FILE if groups.is_dir() else groups
    total = sum(1 for _ in read_groups(path))
    if not total:
        raise UserError(f"{path}: holds no group to train on; see the card beside it")
    tokens = Tokens(_tokenizer(model))
    every = -(-total // _GROUPS_TOKENIZED)
    encoded = (encode(group, tokens, 0) for group in islice(read_groups(path), None, None, every))
    lengths = (Lengths(prompt=len(one.prompt), completions=tuple(map(len, one.completions))) for one in encoded)
    return tuple(lengths), total


def _tokenizer(model: str) -> Any:
    try:
        tokenizer = load_tokenizer(model)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{model}: has no tokenizer that transformers can read ({error}); name a model with its tokenizer"
        ) from error
    if len(tokenizer) <= len(tokenizer.all_special_tokens):  # what transformers makes up where the files are missing
        raise UserError(f"{model}: has no files of a tokenizer; name a model with its tokenizer")
    return tokenizer


def training_forecast(
    sizes: ModelSizes, lengths: Sequence[Lengths], groups: int, options: TrainingOptions, device: TrainingDevice
) -> TrainingForecast:
    """Forecast a training.

    Args:
        sizes: Those of the model.
        lengths: Those of some groups, or of all; at least one.
        groups: Number of all groups.
        options: Settings of the training.
        device: Where it shall run; `hours` follow from its two speeds.

    Returns:
        The forecast, on one device.
    """
    steps = total_steps(groups, options)
    seen = steps * options.batch_groups
    packed, plain = (msgspec.structs.replace(options, packing=packing) for packing in (True, False))
    work = round(seen * fmean(operations(sizes, one, options) for one in lengths))
    needed = memory(sizes, lengths, options)
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
        operations=work,
        memory=needed,
        peak_bytes=needed.total,
        hours=(work / device.fast / 3600, work / device.slow / 3600),
        device=device,
    )


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
    for part, size in msgspec.structs.asdict(forecast.memory).items():
        yield f"memory: {part}", _gb(size)
    room = forecast.device.memory_bytes
    fits = "" if room is None else f" of {_gb(room)}{'' if forecast.peak_bytes <= room else ': does not fit'}"
    yield "memory at the peak", f"{_gb(forecast.peak_bytes)}{fits}"
    low, high = forecast.hours
    yield (
        f"hours on {forecast.device.name}",
        f"{low:.3g}{'' if low == high else f' to {high:.3g}'} ({forecast.device.why})",
    )


def _short(count: int) -> str:
    """Return a count in at most four digits and a unit.

    >>> _short(494_032_768), _short(1810)
    ('494 M', '1.81 k')
    """
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return str(count)


def _gb(size: int) -> str:
    return f"{size / 1e9:.3g} GB"
