"""Reads logs of inspect_ai: zip archives (.eval) or JSON documents."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from harness.formats.given import GivenSample, SampleFormat, SampleSource, decoded_row, text_of
from harness.formats.head import Head
from harness.formats.zips import zip_entries
from harness.runs.json_objects import children
from harness.runs.python_json import converted

_TITLE = "a log of inspect_ai"
_SAMPLE = re.compile(r"samples/.+_epoch_\d+\.json")
_FAILED = "samples that ended in an error have no completion and count as without a program"
_ATTACHMENT = "attachment://"
_RIGHT, _WRONG = ("C", 1), ("I", 0)
"""Scores of a verifier."""


class _Message(msgspec.Struct, frozen=True):
    content: Any = None


class _Choice(msgspec.Struct):
    message: _Message = _Message()
    stop_reason: Any = None


class _Output(msgspec.Struct):
    model: Any = None
    choices: tuple[_Choice, ...] = ()
    usage: dict[str, Any] | None = None


class _Sample(msgspec.Struct):
    id: Any = None
    epoch: Any = None
    output: _Output | None = None
    scores: dict[str, Any] | None = None
    attachments: dict[str, Any] | None = None
    error: Any = None


_SAMPLES = msgspec.json.Decoder(_Sample)


class _Dataset(msgspec.Struct, frozen=True):
    name: Any = None


class _Eval(msgspec.Struct, frozen=True):
    task: Any = None
    model: Any = None
    dataset: _Dataset = _Dataset()

    @property
    def title(self) -> str:
        """Return what the log says of its problems."""
        return f"the task {self.task} of inspect_ai ({self.dataset.name})"


class _Start(msgspec.Struct):
    eval: _Eval = _Eval()


def _recognises_archive(head: Head) -> bool:
    """Return whether a zip archive is such a log."""
    return "header.json" in head.names or "_journal/start.json" in head.names


def _recognises(head: Head) -> bool:
    """Return whether a JSON document is such a log."""
    return {"version", "status", "eval"} <= head.row.keys()


def _archive_samples(source: SampleSource) -> Iterator[GivenSample]:
    """Read the samples of an archive, an entry each."""
    given = _Eval()
    for name, data in zip_entries(source.whole_file, source.name, lambda name: name.endswith("start.json")):
        given = decoded_row(data, _Start, f"{source.name}: {name}").eval
    for name, data in zip_entries(source.whole_file, source.name, lambda name: bool(_SAMPLE.fullmatch(name))):
        yield from _of_sample(source, f"{source.name}: {name}", data, given)


def _samples(source: SampleSource) -> Iterator[GivenSample]:
    """Read the samples of a JSON document one by one."""
    head = source.head.row.get("eval")
    given = converted(head, _Eval, source.name) if isinstance(head, dict) else _Eval()
    for _, (where, _, start, length) in children(source.whole_file, Path(source.name), "samples"):
        yield from _of_sample(source, where, source.piece(start, length, where), given)


def _of_sample(source: SampleSource, where: str, data: bytes, given: _Eval) -> Iterator[GivenSample]:
    row = _decoded(data, where)
    if str(row.id).isdecimal() and given.task:
        source.refuse_other_set(given.title, where)
    output = row.output or _Output()
    if row.error is not None:
        source.remark(_FAILED, where)
    epoch = row.epoch - 1 if isinstance(row.epoch, int) and len(output.choices) == 1 else None
    usage = output.usage or {}
    for choice in output.choices or (_Choice(),):
        yield GivenSample(
            where=where,
            task=row.id,
            completion=_attached(text_of(choice.message.content), row.attachments or {}),
            policy=given.model or output.model,
            index=epoch,
            ended=choice.stop_reason,
            prompt_tokens=usage.get("input_tokens"),
            tokens=usage.get("output_tokens") if len(output.choices) == 1 else None,
            passed=_verdict(row.scores) if len(output.choices) == 1 else None,
        )


def _decoded(data: bytes, where: str) -> _Sample:
    try:
        return _SAMPLES.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return decoded_row(data, _Sample, where)


def _attached(text: str | None, attachments: dict[str, Any]) -> Any:
    """Return a text, which a log may keep among its attachments."""
    if text and text.startswith(_ATTACHMENT):
        return attachments.get(text.removeprefix(_ATTACHMENT), text)
    return text


def _verdict(scores: dict[str, Any] | None) -> bool | None:
    """Return the verdict of the only scorer, where it says right or wrong."""
    values = [score.get("value") if isinstance(score, dict) else score for score in (scores or {}).values()]
    if len(values) != 1 or not isinstance(values[0], str | int | float):
        return None
    return True if values[0] in _RIGHT else False if values[0] in _WRONG else None


FORMATS = (
    SampleFormat("inspect-eval", _TITLE, _recognises_archive, _archive_samples),
    SampleFormat("inspect-json", _TITLE, _recognises, _samples),
)
