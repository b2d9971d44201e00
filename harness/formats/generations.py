"""Reads generations.json of bigcode-evaluation-harness: a list of programs for each problem, by position."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import UserError
from harness.formats.given import GivenSample, SampleFormat, SampleSource
from harness.formats.head import Head
from harness.formats.other_problems import OtherProblems
from harness.runs.json_objects import children
from harness.runs.python_json import parse_row

NAME = "generations"
TITLE = "generations.json of bigcode-evaluation-harness"


def _recognises(head: Head) -> bool:
    """Return whether the file is a list of lists."""
    return head.is_list and (not head.rows or isinstance(head.rows[0], list))


def _samples(source: SampleSource) -> Iterator[GivenSample]:
    """Read the programs; the i-th list belongs to the i-th problem of the split, counted from the offset."""
    split = source.benchmark.default_split
    others = OtherProblems(source.problems, split)
    task_ids, lists = others.task_ids, 0
    for _, (where, number, start, length) in children(source.whole_file, Path(source.name)):
        lists = number + 1
        place = number + source.offset
        programs: Any = parse_row(source.piece(start, length, where), where)
        if not isinstance(programs, list):
            raise UserError(f"{where}: is an object; {TITLE} is a list of lists of programs")
        for index, program in enumerate(programs if place < len(task_ids) else ()):
            if isinstance(program, str):
                others.count(task_ids[place], program)
            yield GivenSample(where=f"{where}, program {index}", task=(task_ids[place],), completion=program)
    if lists + source.offset > len(task_ids):
        raise UserError(
            f"{source.name}: holds {lists} lists of generations, but the {split} split of {source.benchmark.name} has "
            f"{len(task_ids) - source.offset} problems from --offset {source.offset} on; check --benchmark and --data"
        )
    others.refuse(source.name, source.offset)


FORMATS = (SampleFormat(NAME, TITLE, _recognises, _samples),)
