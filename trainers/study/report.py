"""Writes the README of a study: the output of its steps, its pages and trainings, and the hashes of its origin."""

import os
import platform
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from harness.runs.jsonl import read, read_rows, sha256_of_file
from sandbox.printable import readable
from trainers.study.carry_out import Mark
from trainers.study.steps import StudyStep
from trainers.study.study_file import Study, study_files

_LIBRARIES = ("proctor", "torch", "transformers", "numpy", "pyarrow", "vllm")
_METRICS = "metrics.jsonl"
_PAGE = "index.html"


class _LastStep(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the last row of a training's metrics."""

    step: int
    loss: float
    accepted: float | None = None
    rejected: float | None = None
    clipped: float | None = None


def study_report(
    study: Study, source: Path, steps: Sequence[StudyStep], hashes: Mapping[str, str], folder: Path, *, note: str = ""
) -> str:
    """Return the README of a study; equal outcomes give equal text.

    Args:
        study: As read.
        source: Its file.
        steps: Those that are done.
        hashes: Of its files.
        folder: That the text will be in, for its links.
        note: Said before all outcomes, if anything.

    Returns:
        Markdown, with a last newline.
    """
    order = list(study.steps)
    ordered = sorted(steps, key=lambda step: order.index(step.name))
    parts = [f"# {source.stem}", readable(study.about), *([readable(note)] if note else [])]
    parts += [*_outputs(ordered, folder), *_trainings(ordered)]
    parts += ["## Origin", _versions(ordered), _sources(study, source, hashes), _table_of_steps(ordered, folder)]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _outputs(steps: Sequence[StudyStep], folder: Path) -> Iterator[str]:
    for step in steps:
        title = f"## {step.title or step.label}"
        if step.prints:
            yield title
            yield readable(step.made.read_text(encoding="utf-8", errors="replace"))
        elif (step.made / _PAGE).is_file():
            yield title
            yield f"[{_PAGE}]({_link(step.made / _PAGE, folder)})"


def _trainings(steps: Sequence[StudyStep]) -> Iterator[str]:
    """Yield a table of the trainings: their last losses, and how many of their gradients were clipped."""
    rows = [(step, _last(step.made / _METRICS)) for step in steps if (step.made / _METRICS).is_file()]
    if not rows:
        return
    head = ("training", "steps", "loss", "log p, accepted", "log p, rejected", "gradients clipped")
    yield "## Trainings"
    yield _table(
        head,
        [
            (step.label, str(last.step), f"{last.loss:.4g}", *map(_number, (last.accepted, last.rejected)),
             "" if last.clipped is None else f"{100 * last.clipped:.0f} %")
            for step, last in rows if last
        ],
    )  # fmt: skip


def _last(path: Path) -> _LastStep | None:
    rows = deque(read_rows(path, _LastStep), maxlen=1)
    return rows[0][1] if rows else None


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def _versions(steps: Sequence[StudyStep]) -> str:
    rows = [("Python", platform.python_version()), *((name, _version(name)) for name in _LIBRARIES)]
    makers = sorted({read(step.done, Mark).version for step in steps})
    if makers != [_version("proctor")]:
        rows.append(("proctor that made the steps", ", ".join(makers)))
    return _table(("software", "version"), [row for row in rows if row[1]])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _sources(study: Study, source: Path, hashes: Mapping[str, str]) -> str:
    files = study_files(study)
    rows = [(source.name, sha256_of_file(source)), *((files[name], sha256) for name, sha256 in hashes.items())]
    return _table(("read", "SHA-256"), rows)


def _table_of_steps(steps: Sequence[StudyStep], folder: Path) -> str:
    rows = [(step.label, f"[{step.id}]({_link(step.made, folder)})", f"[log]({_link(step.log, folder)})")
            for step in steps]  # fmt: skip
    return _table(("step", "outcome", "what it said"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(readable(cell).replace('|', chr(92) + '|') for cell in row)} |" for row in lines)


def _link(path: Path, folder: Path) -> str:
    return os.path.relpath(path, folder).replace(" ", "%20")
