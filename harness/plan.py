"""Forecasts the cost of an examination: tokens, GPU hours, core hours, wall time, disk; always a range.

Measured are the prompts, the references and how long this machine judges them. The rest is assumed, and every
assumption is a constant here and a line of the forecast.
"""

import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import BinaryIO, NamedTuple

import msgspec

from harness.generation.prompts import PromptCard, as_text, render_prompt
from harness.runs.records import Evaluation, Problem, Sample

CHARS_PER_TOKEN = (2.5, 4.5)
"""Of code and English under the byte-pair vocabularies of code models; where there is a tokenizer, it counts."""
UNHURRIED = 0.1
"""Share of `max_tokens` that completions have at least, where no reference tells how long a program is."""
UTILISATION = (0.25, 0.6)
"""Share of a device's operations a second that prompts get."""
BANDWIDTH = (0.5, 0.8)
"""Share of a device's memory bandwidth that generation gets."""
SEQUENCES = (32, 256)
"""Generated at once on a device: each step reads the weights once for all of them."""
WEIGHT_BYTES = 2
"""Of bfloat16."""
ROOM = 0.7
"""Share of a device's memory that weights may take, so that the sequences have room."""
ENDLESS = (0.0, 0.05)
"""Share of samples that run into their time limit."""
APPENDED_PER_S = 4000
"""Evaluations that the one writer of a cluster's run takes; more shards are more writers."""
KEPT_BYTES = 300
"""Of a sample beside its texts."""
_MEASURED = 200
"""The most problems of which texts are measured and references judged, evenly spread."""
_FEWEST = 2
"""References needed to measure the cost of judging, without the start of the judges."""
_EVALUATION_BYTES = 600.0
"""Of an evaluation with some tests, where none was measured."""


class Range(NamedTuple):
    """Bounds a number by its least and its most."""

    low: float
    high: float

    def times(self, factor: float) -> "Range":
        """Return both bounds times a factor.

        Args:
            factor: not negative.
        """
        return Range(self.low * factor, self.high * factor)


class GpuModel(NamedTuple):
    """Describes a GPU by its data sheet: dense operations a second in bfloat16, bytes a second, bytes."""

    name: str
    operations_per_s: float
    bytes_per_s: float
    memory_bytes: float


DEVICES = (
    GpuModel("A100 80 GB", 312e12, 2.0e12, 80e9),
    GpuModel("H100 80 GB", 989e12, 3.35e12, 80e9),
    GpuModel("H200 141 GB", 989e12, 4.8e12, 141e9),
    GpuModel("L40S 48 GB", 362e12, 0.86e12, 48e9),
)


class ExaminationSize(msgspec.Struct, frozen=True, kw_only=True):
    """Describes the size of an examination and of its machines."""

    problems: int
    n: int
    max_tokens: int
    parameters: float
    nodes: int
    cores_per_node: int
    gpus_per_node: int

    @property
    def samples(self) -> int:
        """Return how many there will be."""
        return self.problems * self.n


class ProblemMeasurements(msgspec.Struct, frozen=True, kw_only=True):
    """Holds measurements as means over problems; None if no problem has a reference."""

    prompt_chars: float
    prompt_tokens: Range
    reference_chars: float | None = None
    reference_tokens: Range | None = None
    judged: int = 0
    """References judged on this machine."""
    core_s: float | None = None
    """CPU time that judging one takes, the judges' own included."""
    limit_s: float
    """CPU time after which a test is given up."""
    evaluation_bytes: float


class Gpu(msgspec.Struct, frozen=True, kw_only=True):
    """Forecasts the generation on one kind of device."""

    device: str
    devices_at_least: int
    """That hold the weights together."""
    hours: Range


class ExaminationForecast(msgspec.Struct, frozen=True, kw_only=True):
    """Forecasts an examination; hours are those of one device or core."""

    samples: int
    prompt_tokens: Range
    completion_tokens: Range
    gpus: tuple[Gpu, ...]
    core_hours: Range | None
    judging_hours: Range | None
    """On the clock, all cores of all nodes judging."""
    disk_bytes: Range


def forecast_examination(size: ExaminationSize, measured: ProblemMeasurements) -> ExaminationForecast:
    """Return the forecast of an examination.

    Args:
        size: of the examination and its machines.
        measured: means over its problems.

    Returns:
        Hours of one device or core, and on the clock; those of judging are None where no reference was measured.
    """
    shortest = measured.reference_tokens.low if measured.reference_tokens else UNHURRIED * size.max_tokens
    completion = Range(min(shortest, size.max_tokens), size.max_tokens)
    prompts = Range(size.problems * measured.prompt_tokens.low, size.samples * measured.prompt_tokens.high)
    generated = completion.times(size.samples)
    core_hours = judging = None
    if measured.core_s is not None:
        core_hours = Range(*(measured.core_s + share * measured.limit_s for share in ENDLESS)).times(
            size.samples / 3600
        )
        writing_h = size.samples / APPENDED_PER_S / 3600
        judging = Range(*(max(hours / size.nodes / size.cores_per_node, writing_h) for hours in core_hours))
    longest_chars = completion.high * CHARS_PER_TOKEN[1]
    shortest_chars = min(measured.reference_chars or longest_chars * UNHURRIED, longest_chars)
    kept = measured.prompt_chars + KEPT_BYTES + measured.evaluation_bytes
    return ExaminationForecast(
        samples=size.samples,
        prompt_tokens=prompts,
        completion_tokens=generated,
        gpus=tuple(_gpu(device, size.parameters, prompts, generated) for device in DEVICES),
        core_hours=core_hours,
        judging_hours=judging,
        disk_bytes=Range(shortest_chars + kept, longest_chars + kept).times(size.samples),
    )


def _gpu(device: GpuModel, parameters: float, prompts: Range, generated: Range) -> Gpu:
    """Return the cost of generation: prompts by operations, each step by the slower of operations and weights."""
    per_token = 2 * parameters
    seconds = []
    for best in (False, True):
        operations_per_s = device.operations_per_s * UTILISATION[best]
        reading_s = WEIGHT_BYTES * parameters / (device.bytes_per_s * BANDWIDTH[best])
        step_s = max(reading_s, SEQUENCES[best] * per_token / operations_per_s)
        tokens = (prompts.low, generated.low) if best else (prompts.high, generated.high)
        seconds.append(tokens[0] * per_token / operations_per_s + tokens[1] * step_s / SEQUENCES[best])
    at_least = -(-WEIGHT_BYTES * parameters // (ROOM * device.memory_bytes))
    return Gpu(device=device.name, devices_at_least=int(at_least), hours=Range(seconds[1], seconds[0]).times(1 / 3600))


def measured_problems(
    problems: Mapping[str, Problem],
    task_ids: Sequence[str],
    card: PromptCard,
    count: Callable[[str], int] | None,
    judge: Callable[[Iterable[Sample], Mapping[str, Problem], BinaryIO], Iterator[Evaluation]],
) -> ProblemMeasurements:
    """Measure the texts of problems and judge their references; of many problems, those of 200 spread evenly.

    Args:
        problems: by task id.
        task_ids: of those that will be examined, at least one.
        card: that prompts are made by.
        count: from a text to its tokens; None where the tokenizer isn't known.
        judge: from samples, problems and a file for rows to evaluations.

    Returns:
        The means.
    """
    task_ids = task_ids[:: -(-len(task_ids) // _MEASURED)]
    prompts, references, limits = [], dict[str, str](), []
    for task_id in task_ids:
        problem = problems[task_id]
        prompts.append(as_text(render_prompt(card, problem, problems)))
        limits.append(problem.limits.cpu_s)
        if problem.reference.strip():
            references[task_id] = problem.reference
    usual = ProblemMeasurements(
        prompt_chars=fmean(map(len, prompts)), prompt_tokens=_tokens(prompts, count), limit_s=fmean(limits),
        evaluation_bytes=_EVALUATION_BYTES,
    )  # fmt: skip
    samples = [Sample(policy="", task_id=task, index=0, completion=text) for task, text in references.items()]
    if len(samples) < _FEWEST:
        return usual
    rows = io.BytesIO()
    start_s = _cpu_s(judge(samples[:1], problems, io.BytesIO()))
    return msgspec.structs.replace(
        usual,
        reference_chars=fmean(map(len, references.values())),
        reference_tokens=_tokens(list(references.values()), count),
        judged=len(samples),
        core_s=(_cpu_s(judge(samples, problems, rows)) - start_s) / (len(samples) - 1),
        evaluation_bytes=len(rows.getvalue()) / len(samples),
    )


def _cpu_s(evaluations: Iterable[Evaluation]) -> float:
    """Consume evaluations, and return the CPU seconds of this process and of its children, which have ended then.

    Unlike wall time, it hardly depends on other load.
    """
    before = os.times()
    for _ in evaluations:
        pass
    return sum(os.times()[:4]) - sum(before[:4])


def _tokens(texts: Sequence[str], count: Callable[[str], int] | None) -> Range:
    """Return the mean tokens of some texts."""
    if count:
        return Range(*[fmean(map(count, texts))] * 2)
    chars = fmean(map(len, texts))
    return Range(chars / CHARS_PER_TOKEN[1], chars / CHARS_PER_TOKEN[0])


def plan_markdown(size: ExaminationSize, measured: ProblemMeasurements, found: ExaminationForecast) -> str:
    """Return the forecast for a reader.

    Args:
        size: of the examination and its machines.
        measured: means over its problems.
        found: the forecast from both.

    Returns:
        A table, without a last newline.
    """
    return "\n".join(("| what | forecast |", "|---|---|", *(f"| {a} | {b} |" for a, b in _rows(size, measured, found))))


def _rows(
    size: ExaminationSize, measured: ProblemMeasurements, found: ExaminationForecast
) -> Iterator[tuple[str, str]]:
    exact = measured.prompt_tokens.low == measured.prompt_tokens.high
    counted = "by the tokenizer" if exact else f"{_plain(CHARS_PER_TOKEN)} characters a token"
    yield "samples", f"{size.problems} problems x {size.n} = {found.samples}"
    yield "tokens of prompts", f"{_range(found.prompt_tokens)} ({counted}; once a problem to once a sample)"
    least = "as long as a reference" if measured.reference_tokens else f"{UNHURRIED:.0%} of the longest"
    yield "tokens generated", f"{_range(found.completion_tokens)} ({least} to {size.max_tokens} each)"
    for gpu in found.gpus:
        several = f", at least {gpu.devices_at_least} of them" if gpu.devices_at_least > 1 else ""
        wall = gpu.hours.times(1 / size.nodes / size.gpus_per_node)
        yield f"GPU hours, {gpu.device}", f"{_range(gpu.hours)}{several}; {_range(wall)} h on the clock"
    yield "", (f"assuming {_plain(SEQUENCES)} sequences at once, {_percent(BANDWIDTH)} of the bandwidth, "
               f"{_percent(UTILISATION)} of the operations")  # fmt: skip
    if found.core_hours is None or found.judging_hours is None:
        yield "judging", "unknown: no problem has a reference to measure with"
    else:
        yield (
            "judging, core hours",
            (
                f"{_range(found.core_hours)} ({measured.judged} references took {1000 * (measured.core_s or 0):.3g} ms "
                f"of CPU each here; {_percent(ENDLESS)} of samples take their {measured.limit_s:g} s)"
            ),
        )
        nodes = f"{size.nodes} x {size.cores_per_node} cores"
        yield "judging, hours on the clock", f"{_range(found.judging_hours)} on {nodes}, {APPENDED_PER_S}/s at most"
    yield "disk", f"{_range(found.disk_bytes.times(1e-9))} GB"
    yield "training", "see `proctor train --plan`"


def _range(found: Range) -> str:
    low, high = _short(found.low), _short(found.high)
    return low if low == high else f"{low} to {high}"


def _plain(pair: tuple[float, float]) -> str:
    return f"{pair[0]:g} to {pair[1]:g}"


def _percent(pair: tuple[float, float]) -> str:
    return f"{pair[0]:.0%} to {pair[1]:.0%}"


def _short(number: float) -> str:
    """Return a number in three digits and a unit.

    >>> _short(12_345_678), _short(0.01234), _short(250)
    ('12.3 M', '0.0123', '250')
    """
    for unit, size in ((" G", 1e9), (" M", 1e6), (" k", 1e3)):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return f"{number:.3g}"
