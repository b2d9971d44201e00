"""What a benchmark has to offer."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from harness.records import Problem


class Benchmark(msgspec.Struct, frozen=True, kw_only=True):
    """A named source of problems; register one under the entry-point group `proctor.benchmarks`."""

    name: str
    problems: Callable[[Path | None], tuple[Problem, ...]]
    """Load the problems in the benchmark's order, from the file or folder given with --data, or from its own."""
    canonical_id: Callable[[str | int], str] = str
    """Turn the ways in which others write a task id into `Problem.task_id`."""
    default_split: str = "test"
    """The split that a nameless list of completions (generations.json) stands for."""
