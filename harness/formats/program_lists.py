"""Reads outputs of LiveCodeBench and of others that have a list of programs for each task in a JSON list of objects."""

from collections.abc import Iterator
from typing import Any

import msgspec

from harness.formats.given import GivenSample, SampleFormat, SampleSource
from harness.formats.head import Head

_NUMBERED = ("humaneval", "mbpp")
"""Benchmarks whose ids may be bare numbers."""


class _Row(msgspec.Struct, kw_only=True):
    question_id: Any = None
    task_id: Any = None
    code_list: Any = None
    """LiveCodeBench: the programs that it found in `output_list`."""
    output_list: Any = None
    graded_list: Any = None
    generated_codes: Any = None
    test_results: Any = None
    output: Any = None
    """TACO."""


def _recognises(head: Head) -> bool:
    """Return whether the objects have an id and one of the known lists."""
    row = head.row
    return ("question_id" in row and not row.keys().isdisjoint({"code_list", "output_list"})) or (
        "task_id" in row and ("generated_codes" in row or isinstance(row.get("output"), list))
    )


def _samples(source: SampleSource) -> Iterator[GivenSample]:
    """Read the programs; where the file has the texts only, these."""
    for where, row in source.rows(_Row):
        lists = (row.code_list, row.generated_codes, row.output_list, row.output)
        programs = next((found for found in lists if isinstance(found, list)), [])
        graded = row.graded_list or row.test_results
        verdicts = graded if isinstance(graded, list) and len(graded) == len(programs) else [None] * len(programs)
        task = row.task_id if row.question_id is None else row.question_id
        if str(task).isdecimal() and source.benchmark.name.startswith(_NUMBERED) and row.generated_codes is None:
            source.refuse_other_set("LiveCodeBench" if row.question_id is not None else "TACO", where)
        for number, (program, passed) in enumerate(zip(programs, verdicts, strict=True)):
            yield GivenSample(where=f"{where}, program {number}", task=task, completion=program, passed=passed)


FORMATS = (
    SampleFormat("livecodebench", "outputs of LiveCodeBench, or lists of programs by task", _recognises, _samples),
)
