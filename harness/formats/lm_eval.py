"""Reads samples_*.jsonl of lm-evaluation-harness, as `--log_samples` writes them."""

from collections.abc import Iterator
from typing import Any

import msgspec

from harness.errors import UserError
from harness.formats.given import GivenSample, SampleFormat, SampleSource
from harness.formats.head import Head

_OTHER_FILTER = "rows of another filter than the first are left out"


class _Row(msgspec.Struct, kw_only=True):
    doc: Any = None
    filtered_resps: Any = None
    """What the task's filter made of the model's text: the whole program."""
    resps: Any = None
    filter: Any = None
    passed: Any = msgspec.field(name="pass@1", default=None)


def _recognises(head: Head) -> bool:
    """Return whether the rows have a document and the model's responses."""
    return "doc" in head.row and not head.row.keys().isdisjoint({"resps", "filtered_resps"})


def _samples(source: SampleSource) -> Iterator[GivenSample]:
    """Read the samples: the filtered response is the program, and each repeat is a sample."""
    chosen: Any = None
    for number, (where, row) in enumerate(source.rows(_Row)):
        chosen = row.filter if number == 0 else chosen
        if row.filter != chosen:
            source.remark(_OTHER_FILTER, where)
            continue
        task = row.doc.get("task_id") if isinstance(row.doc, dict) else None
        if task is None:
            raise UserError(f"{where}: is a sample of lm-evaluation-harness whose `doc` has no `task_id`: another task")
        programs = _repeats(row.filtered_resps) or _repeats(row.resps)
        passed = bool(row.passed) if len(programs) == 1 and row.passed in (0, 1) else None
        for program in programs or [None]:
            yield GivenSample(where=where, task=task, completion=program, passed=passed)


def _repeats(responses: Any) -> list[Any]:
    """Return the responses one a repeat: some filters leave a list in a list, some the texts themselves."""
    if not isinstance(responses, list):
        return [responses] if isinstance(responses, str) else []
    return [inner for outer in responses for inner in (outer if isinstance(outer, list) else [outer])]


FORMATS = (SampleFormat("lm-eval", "samples of lm-evaluation-harness", _recognises, _samples),)
