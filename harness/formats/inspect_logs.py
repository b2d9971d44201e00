"""Reads logs of inspect_ai, which are zip archives (.eval) or JSON documents."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from harness.formats.archives import zip_entries
from harness.formats.given import GivenSample, SampleSource, text_of
from harness.formats.head import Head
from harness.runs.json_objects import children
from harness.runs.jsonl import decode

NAME = "inspect"
TITLE = "a log of inspect_ai"
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


class _Eval(msgspec.Struct, frozen=True):
    model: Any = None


class _Start(msgspec.Struct):
    eval: _Eval = _Eval()


def recognises_archive(head: Head) -> bool:
    """Return whether a zip archive is such a log.

    Args:
        head: its entries.
    """
    return "header.json" in head.names or "_journal/start.json" in head.names


def recognises(head: Head) -> bool:
    """Return whether a JSON document is such a log.

    Args:
        head: beginning of the file.
    """
    return {"version", "status", "eval"} <= head.row.keys()


def archive_samples(source: SampleSource) -> Iterator[GivenSample]:
    """Read the samples of an archive, an entry each.

    Args:
        source: the file.

    Yields:
        The samples, in their order.
    """
    policy = None
    for name, data in zip_entries(source.whole_file, source.name, lambda name: name.endswith("start.json")):
        policy = decode(data, _Start, f"{source.name}: {name}").eval.model
    for name, data in zip_entries(source.whole_file, source.name, lambda name: bool(_SAMPLE.fullmatch(name))):
        yield from _of_sample(source, f"{source.name}: {name}", data, policy)


def samples(source: SampleSource) -> Iterator[GivenSample]:
    """Read the samples of a JSON document one by one.

    Args:
        source: the file.

    Yields:
        The samples, in their order.
    """
    given = source.head.row.get("eval")
    policy = given.get("model") if isinstance(given, dict) else None
    for _, (where, _, start, length) in children(source.whole_file, Path(source.name), "samples"):
        yield from _of_sample(source, where, source.piece(start, length, where), policy)


def _of_sample(source: SampleSource, where: str, data: bytes, policy: Any) -> Iterator[GivenSample]:
    row = decode(data, _Sample, where)
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
            policy=policy or output.model,
            index=epoch,
            ended=choice.stop_reason,
            prompt_tokens=usage.get("input_tokens"),
            tokens=usage.get("output_tokens") if len(output.choices) == 1 else None,
            passed=_verdict(row.scores) if len(output.choices) == 1 else None,
        )


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
