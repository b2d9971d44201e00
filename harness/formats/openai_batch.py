"""Reads the output of an OpenAI batch, or of a server that writes the same; `custom_id` names the task."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from harness.formats.given import GivenSample, SampleFormat, SampleSource, text_of
from harness.formats.head import Head

_FAILED = "requests of the batch failed and have no sample"
_NUMBERED = re.compile(r"(.+?)[-_:#@./ ]+(?:[A-Za-z]+[-_:#@./ ]*)?(\d{1,9})")
"""A custom id with an index: HumanEval/0-3, HumanEval/0#3, HumanEval/0_sample_3."""


class _Answer(msgspec.Struct):
    status_code: Any = 200
    body: Any = None


class _Row(msgspec.Struct):
    custom_id: Any = None
    response: _Answer | None = None
    result: Any = None
    """Of Anthropic's batches."""
    error: Any = None


def _recognises(head: Head) -> bool:
    """Return whether the rows answer requests with an id."""
    return "custom_id" in head.row and not head.row.keys().isdisjoint({"response", "result"})


def _samples(source: SampleSource) -> Iterator[GivenSample]:
    """Read the samples: the choices of each answer. Requests that failed are counted in a remark."""
    for where, row in source.rows(_Row):
        body = row.response.body if row.response else None
        if isinstance(row.result, dict):
            body = row.result.get("message")
        if row.error or not isinstance(body, dict) or body.get("error") or (row.response and _is_failed(row.response)):
            source.remark(_FAILED, where)
            continue
        task, index = _task_and_index(row.custom_id, source)
        choices = _choices(body)
        usage = body.get("usage")
        counts = usage if isinstance(usage, dict) else {}
        for text, ended in choices:
            yield GivenSample(
                where=where,
                task=task,
                completion=text,
                policy=body.get("model"),
                index=index if len(choices) == 1 else None,
                ended=ended,
                prompt_tokens=counts.get("prompt_tokens", counts.get("input_tokens")),
                tokens=counts.get("completion_tokens", counts.get("output_tokens")) if len(choices) == 1 else None,
            )


def _is_failed(answer: _Answer) -> bool:
    return isinstance(answer.status_code, int) and answer.status_code >= 400


def _choices(body: Mapping[str, Any]) -> list[tuple[str | None, Any]]:
    """Return text and finish reason of each choice: of chats, of completions, of responses, of Anthropic's messages."""
    choices = body.get("choices")
    if isinstance(choices, list) and choices:
        found = [choice if isinstance(choice, dict) else {} for choice in choices]
        return [(text_of(choice.get("message", choice.get("text"))), choice.get("finish_reason")) for choice in found]
    output = body.get("output")
    if isinstance(output, list):
        said = [part for part in output if isinstance(part, dict) and part.get("type") == "message"]
        return [(text_of(said), "length" if body.get("status") == "incomplete" else "stop")]
    return [(text_of(body.get("content")), body.get("stop_reason"))]


def _task_and_index(custom_id: Any, source: SampleSource) -> tuple[Any, int | None]:
    """Return the task that an id names, alone or with an index after it."""
    if not isinstance(custom_id, str) or source.is_known(custom_id):
        return custom_id, None
    found = _NUMBERED.fullmatch(custom_id[:200])
    if found and source.is_known(found[1]):
        return found[1], int(found[2])
    return custom_id, None


FORMATS = (SampleFormat("openai-batch", "the output of an OpenAI batch", _recognises, _samples),)
