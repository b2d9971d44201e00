"""What the benchmarks judge: MBPP's references, and the 7,980 completions of mbpp_n10 with their recorded outcomes.

The data lies beside the repository, in ../shared/data. It is untrusted: it runs in the sandbox and nowhere else.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from harness.benchmarks.mbpp import mbpp
from harness.extraction.program import SETTINGS, program_of
from harness.formats.read import read_samples
from harness.runs.jsonl import read_rows
from harness.runs.records import Index, Problem, Sample
from sandbox.inside.layers import kernel, namespaces
from sandbox.pool import Case

DATA = Path(__file__).parents[3] / "shared" / "data"
FULL = DATA / "mbpp.jsonl"
SANITIZED = DATA / "sanitized-mbpp.json"
PLUS = DATA / "mbpp_plus.jsonl.gz"
COMPLETIONS = DATA / "completions" / "mbpp_n10.jsonl.gz"
PRIVATE = 16384 | 1 << 18
"""MS_REC | MS_PRIVATE"""
CORES = len(os.sched_getaffinity(0))


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the data's own runner recorded of a completion."""

    model: str
    task_id: int
    sample_id: Index
    passed: bool
    outcome: str


class Recorded(NamedTuple):
    """A sample, its problem, and what was recorded of it."""

    sample: Sample
    problem: Problem
    passed: bool
    outcome: str


def skip_without_data(*paths: Path) -> None:
    """End the benchmark, with a reason and status 0, where one of the files is absent (default: all three)."""
    for path in paths or (FULL, SANITIZED, COMPLETIONS):
        if not path.exists():
            print(f"skipped: {path} is absent")
            sys.exit(0)


def problems(path: Path) -> Mapping[str, Problem]:
    """Return the problems of mbpp.jsonl or sanitized-mbpp.json by task id."""
    return mbpp.problems(path)


def recorded_samples(every: int = 1) -> list[Recorded]:
    """Return every completion, or every nth, in the order of the file: task by task, model by model."""
    known = problems(SANITIZED)
    outcomes = {
        (row.model, mbpp.canonical_id(row.task_id), row.sample_id): row for _, row in read_rows(COMPLETIONS, Outcome)
    }
    samples = tuple(read_samples(COMPLETIONS, mbpp, known, Path(tempfile.gettempdir())).samples.rows())
    found = ((sample, outcomes[sample.key]) for sample in samples[::every])
    return [Recorded(sample, known[sample.task_id], row.passed, row.outcome) for sample, row in found]


def accepted_samples(every: int = 1) -> list[Recorded]:
    """Return the completions that are recorded as passed."""
    return [recorded for recorded in recorded_samples(every) if recorded.passed]


def cases(recorded: Iterable[Recorded], *, exhaustive: bool = False) -> Iterator[Case]:
    """Yield what the judge takes, the way `proctor score` puts it."""
    for sample, problem, _, _ in recorded:
        program = program_of(sample, problem, SETTINGS[0]).program
        yield Case(program=program, tests=problem.tests, limits=problem.limits, exhaustive=exhaustive)


def private_tmp() -> None:
    """See a /tmp and /dev/shm of our own from here on, without other people's files, where we are root and so may."""
    with suppress(OSError):
        kernel.unshare(namespaces.FLAGS["mount"])
        kernel.mount("none", "/", "none", PRIVATE)
        for place in ("/tmp", "/dev/shm"):  # noqa: S108 - the places themselves
            kernel.mount("bench", place, "tmpfs", 0)


def lasting_folders(before: set[Path], *, wait_s: float) -> set[Path]:
    """Return the folders /tmp/proctor-* that are new since `before` and still there after `wait_s`."""
    new = set(Path("/tmp").glob("proctor-*")) - before  # noqa: S108 - where a jail without mounts puts them
    deadline_s = time.monotonic() + wait_s
    while new and time.monotonic() < deadline_s:
        time.sleep(0.1)
        new = {path for path in new if path.exists()}
    return new
