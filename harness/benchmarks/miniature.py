"""Tasks made by the dozen for models of a million parameters: the benchmark of `proctor demo`."""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path

from harness.benchmark import Benchmark
from harness.errors import UserError
from harness.miniature.families import FAMILIES
from harness.miniature.tasks import Split, Task, tasks
from harness.records import Problem
from sandbox.limits import Limits

SEED = 0
"""Of the problems, which are the same for everybody."""

ROUNDS: Mapping[Split, int] = {"test": 3, "train": 3}
"""Problems of each family."""

LIMITS = Limits(cpu_s=0.2, wall_s=5.0, memory_bytes=256 << 20, output_bytes=1 << 20)
"""The references take some milliseconds."""


def problem_of(task: Task, task_id: str, split: Split) -> Problem:
    """Return a task as a problem of this benchmark."""
    return Problem(
        task_id=task_id,
        benchmark="miniature",
        split=split,
        statement=task.statement,
        tests=task.tests,
        limits=LIMITS,
        difficulty=task.difficulty,
        reference=task.right[0],
    )


def problems(data: Path | None) -> Mapping[str, Problem]:
    """Return the problems by task id, those of the test split first; any prefix has all difficulties and families.

    Raises:
        UserError: A file was named; the problems are made, not read.
    """
    if data is not None:
        raise UserError(f"{data}: the problems of miniature are made, not read; leave out --data")
    return _made()


@cache
def _made() -> Mapping[str, Problem]:
    return {problem.task_id: problem for split in ROUNDS for problem in _of_split(split)}


def _of_split(split: Split) -> Iterator[Problem]:
    families = sum(map(len, FAMILIES.values()))
    for number, task in enumerate(islice(tasks(split, SEED), families * ROUNDS[split])):
        yield problem_of(task, f"{split}/{task.family}/{number // families}", split)


miniature = Benchmark(
    name="miniature",
    problems=problems,
    prompt_card="apps",
    about="Tasks of one to five lines, made from sixty families: what a model of a million parameters can learn.",
    source="ships with proctor",
    licence="Apache-2.0",
    size="180 problems of the split test, 180 of the split train: three of each family",
)
