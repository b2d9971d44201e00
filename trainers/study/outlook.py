"""Forecasts a study: the times that each step runs, with tokens, hours and disk by its own command for a plan.

Steps without such a command have the time that others of their name took, or that the file of the study tells.
"""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from harness.errors import UserError
from trainers.study.carry_out import Pace
from trainers.study.steps import StudyStep

Span = tuple[float, float]
"""The least and the most."""


class _Gpu(msgspec.Struct, frozen=True, kw_only=True):
    device: str
    hours: Span


class _Printed(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the printed plan: `proctor plan --json` and `proctor train --plan --json` have these names."""

    prompt_tokens: float | Span = 0.0
    completion_tokens: float | Span = 0.0
    hours: Span | None = None
    gpus: tuple[_Gpu, ...] = ()
    judging_hours: Span | None = None
    disk_bytes: Span | None = None
    examinations: "_Printed | None" = None
    """On the way of a training."""


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """Forecasts one step; None in the place of any figure that its plan lacks."""

    tokens: Span | None = None
    gpu_hours: Span | None = None
    """Of one A100 with 80 GB."""
    judging_hours: Span | None = None
    """On the clock, with all cores of this machine."""
    disk_bytes: Span | None = None
    clock_hours: Span | None = None
    """Measured: as such a step took."""


FIELDS = Outlook.__struct_fields__


class StepOutlook(msgspec.Struct, frozen=True, kw_only=True):
    """Forecasts the steps that have a name and a plan in common."""

    label: str
    count: int
    done: int
    each: Outlook
    budget: str


def outlook_of(output: bytes | None, where: str) -> Outlook:
    """Read the output of a plan.

    Args:
        output: As of `--json`; None where the command failed.
        where: Of the plan, for an error.

    Returns:
        The forecast, without what the plan doesn't say.

    Raises:
        UserError: The command failed, or printed something else.
    """
    if output is None:
        raise UserError(f"{where}: failed, see above; correct the command, or leave it out")
    try:
        found = msgspec.json.decode(output, type=_Printed)
    except ValueError as error:
        raise UserError(f"{where}: prints no forecast ({error}); end it as proctor plan or train --plan") from error
    parts = [found, *([found.examinations] if found.examinations else [])]
    return Outlook(
        tokens=_sum([_span(tokens) for part in parts for tokens in (part.prompt_tokens, part.completion_tokens)]),
        gpu_hours=_sum([part.hours or (part.gpus[0].hours if part.gpus else None) for part in parts]),
        judging_hours=_sum([part.judging_hours for part in parts]),
        disk_bytes=_sum([part.disk_bytes for part in parts]),
    )


def outlooks(
    steps: Sequence[StudyStep], printed: Callable[[Sequence[Sequence[str]]], Sequence[bytes | None]]
) -> tuple[StepOutlook, ...]:
    """Return the forecast of a study; equal plans run once.

    Args:
        steps: Of the study.
        printed: Runs commands of proctor and returns what each prints.

    Raises:
        UserError: A plan failed, or printed something else.
    """
    groups: dict[tuple[str, tuple[str, ...], str], list[StudyStep]] = {}
    for step in steps:
        groups.setdefault((step.name, step.plan, step.budget), []).append(step)
    where = {plan: f"steps.{name}.plan" for name, plan, _ in groups if plan}
    outputs = printed([(*plan, "--json") for plan in where])
    found = {plan: outlook_of(output, where[plan]) for plan, output in zip(where, outputs, strict=True)}
    pace = Pace(steps)
    return tuple(
        StepOutlook(
            label=_label(group),
            count=len(group),
            done=sum(step.is_done for step in group),
            each=msgspec.structs.replace(found.get(plan, Outlook()), clock_hours=_clock_hours(pace, group[0])),
            budget=budget,
        )
        for (_, plan, budget), group in groups.items()
    )


def _clock_hours(pace: Pace, step: StudyStep) -> Span | None:
    seconds = pace.expected_s(step)
    return None if seconds is None else (seconds / 3600, seconds / 3600)


def _label(group: Sequence[StudyStep]) -> str:
    """Return the name of steps, with the entries that all of them have in common."""
    first, *others = group
    common = [entry for name, entry in first.choice.items() if all(step.choice[name] == entry for step in others)]
    return " ".join((first.name, *(common if others else first.choice.values())))


def outlook_markdown(rows: Sequence[StepOutlook]) -> str:
    """Return the forecast for a reader, with what is not done yet added up in the last row.

    Args:
        rows: As of `outlooks`.

    Returns:
        A table, without a last newline.
    """
    head = (
        "step",
        "times",
        "done",
        "tokens",
        "GPU hours",
        "each, of a budget of",
        "judging hours",
        "disk",
        "hours as it took",
    )
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(_cells(row))} |" for row in rows]
    left = [_times(row.each, row.count - row.done) for row in rows]
    total = Outlook(**{field: _sum([getattr(one, field) for one in left]) for field in FIELDS})
    counts = str(sum(row.count for row in rows)), str(sum(row.done for row in rows))
    lines.append(f"| {' | '.join(('all that is left', *counts, *_spans(total, '')))} |")
    return "\n".join(lines)


def _cells(row: StepOutlook) -> Iterator[str]:
    yield from (row.label, str(row.count), str(row.done))
    hours = row.each.gpu_hours
    within = f"{_written(hours)} of {row.budget}{_beyond(hours, row.budget)}" if hours and row.budget else ""
    *spans, clock = _spans(_times(row.each, row.count), within)
    yield from spans
    yield clock or ("" if any(spans) else "no plan, and none ran")


def _beyond(hours: Span, budget: str) -> str:
    try:
        return ": too long" if hours[1] > float(budget) else ""
    except ValueError:
        return ""


def _spans(found: Outlook, within: str) -> tuple[str, ...]:
    return (
        _written(found.tokens), _written(found.gpu_hours), within, _written(found.judging_hours),
        _written(found.disk_bytes and (found.disk_bytes[0] / 1e9, found.disk_bytes[1] / 1e9), " GB"),
        _written(found.clock_hours),
    )  # fmt: skip


def _times(each: Outlook, count: int) -> Outlook:
    spans = {field: getattr(each, field) for field in FIELDS}
    return Outlook(**{field: span and (count * span[0], count * span[1]) for field, span in spans.items()})


def _span(number: float | Span) -> Span | None:
    span = number if isinstance(number, tuple) else (number, number)
    return span if span[1] else None


def _sum(spans: Sequence[Span | None]) -> Span | None:
    known = [span for span in spans if span]
    return (sum(low for low, _ in known), sum(high for _, high in known)) if known else None


def _written(span: Span | None, unit: str = "") -> str:
    """Return a range in two digits and a unit.

    >>> _written((1_234_000, 56_000_000)), _written((0.041, 0.041), " GB")
    ('1.2 M to 56 M', '0.041 GB')
    """
    if span is None:
        return ""
    low, high = map(_short, span)
    return f"{low}{unit}" if low == high else f"{low} to {high}{unit}"


def _short(number: float) -> str:
    for unit, size in ((" G", 1e9), (" M", 1e6), (" k", 1e3)):
        if number >= size:
            return f"{number / size:.{2 if number < 100 * size else 3}g}{unit}"
    return f"{number:.{2 if number < 100 else 3}g}"
