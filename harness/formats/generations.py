"""Reads generations.json of bigcode-evaluation-harness: a list of programs for each problem, by position."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.errors import UserError
from harness.formats.given import GivenSample, SampleSource
from harness.formats.head import Head
from harness.runs.json_objects import children
from harness.runs.python_json import parse_row
from harness.runs.records import Problem
from sandbox.records import AssertTest, CallTest

NAME = "generations"
TITLE = "generations.json of bigcode-evaluation-harness"
_DEFINED = re.compile(r"^(?:async )?def (\w+)", re.MULTILINE)
_LOOKED_AT = 3
"""Programs of a list in which definitions are looked for."""


def recognises(head: Head) -> bool:
    """Return whether the file is a list of lists.

    Args:
        head: beginning of the file.
    """
    return head.is_list and (not head.rows or isinstance(head.rows[0], list))


def samples(source: SampleSource) -> Iterator[GivenSample]:
    """Read the programs; the i-th list belongs to the i-th problem of the split, counted from the offset.

    Args:
        source: the file.

    Yields:
        The samples, in their order.

    Raises:
        UserError: There are more lists than problems, or most lists define what other problems ask for.
    """
    split = source.benchmark.default_split
    wanted = {problem.task_id: _wanted(problem) for problem in source.problems.values() if problem.split == split}
    task_ids, shifts = tuple(wanted), _Shifts(wanted)
    lists = 0
    for _, (where, number, start, length) in children(source.whole_file, Path(source.name)):
        lists = number + 1
        place = number + source.offset
        programs: Any = parse_row(source.piece(start, length, where), where)
        if not isinstance(programs, list):
            raise UserError(f"{where}: is an object; {TITLE} is a list of lists of programs")
        if place < len(task_ids):
            shifts.count(place, programs)
            yield from (
                GivenSample(where=f"{where}, program {index}", task=task_ids[place], completion=program)
                for index, program in enumerate(programs)
            )
    if lists + source.offset > len(task_ids):
        raise UserError(
            f"{source.name}: holds {lists} lists of generations, but the {split} split of {source.benchmark.name} has "
            f"{len(task_ids) - source.offset} problems from --offset {source.offset} on; check --benchmark and --data"
        )
    shifts.refuse_other_problems(source)


class _Shifts:
    """Counts by how many positions the programs are off, by the functions that they define."""

    def __init__(self, wanted: dict[str, frozenset[str]]) -> None:
        self._wanted = tuple(wanted.items())
        self._places = defaultdict[str, list[int]](list)
        for place, (_, names) in enumerate(self._wanted):
            for name in names:
                self._places[name].append(place)
        self._own = self._other = 0
        self._shifts = Counter[int]()
        self._example = ""

    def count(self, place: int, programs: list[Any]) -> None:
        """Take the programs at a position into account."""
        texts = (program for program in programs[:_LOOKED_AT] if isinstance(program, str))
        defined = {name for text in texts for name in _DEFINED.findall(text)}
        task_id, names = self._wanted[place]
        self._own += bool(names & defined)
        if names and defined.isdisjoint(names) and (known := sorted(defined & self._places.keys())):
            self._other += 1
            self._shifts.update({other - place for name in known for other in self._places[name]})
            other_id = self._wanted[self._places[known[0]][0]][0]
            self._example = self._example or (
                f"those at the position of {task_id} define {known[0]}, for which {other_id} asks"
            )

    def refuse_other_problems(self, source: SampleSource) -> None:
        """Raise UserError where most lists are programs for other problems."""
        if self._other <= self._own:
            return
        ((shift, fitting),) = self._shifts.most_common(1)
        offset = source.offset + shift
        advice = f"--offset {offset} would fit" if fitting > self._own and offset >= 0 else "no --offset would fit them"
        raise UserError(
            f"{source.name}: the programs of {self._other} lists belong to other problems by their position "
            f"({self._example}); {advice} {fitting if fitting > self._own else ''}".rstrip()
        )


def _wanted(problem: Problem) -> frozenset[str]:
    """Return the functions of which a program for the problem defines one; none where it is run as a whole."""
    names = {problem.entry_point}
    for test in problem.tests:
        if isinstance(test, AssertTest):
            names.update(test.names)
        elif isinstance(test, CallTest):
            names.add(test.function)
    return frozenset(names - {""})
