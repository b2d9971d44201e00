"""Learns the answers to the inputs of EvalPlus from the references, in the sandbox, and keeps them in the user's cache.

Each task has a file there, named by the hash of its row and of the limits, so a task is learned once, alone or with
others, and a killed command loses none. No clock decides what is kept: an input is left out only where the reference
raises, or exceeds the memory, or answers with more than a program may be asked for.
"""

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from harness.benchmarks.evalplus_rows import PlusTask
from harness.benchmarks.hub import cache_folder
from harness.errors import UserError
from harness.progress import say, watched
from harness.runs.jsonl import read, write_whole
from sandbox.jail import Jail
from sandbox.pool import Case, judge_all
from sandbox.records import Limits, Refused, ValueTest, Verdict

REFERENCE_LIMITS = Limits(cpu_s=60.0, wall_s=150.0, output_bytes=4 << 20)
"""Of each input; the slowest takes 2 s."""
_EDITION = 1
"""Changes whenever a row is read as other arguments than before."""


class _Answers(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the answers of a task's reference, as the cache has them."""

    texts: tuple[str | None, ...]
    """A value for each call, as `sandbox.inside.values` writes it; None where the reference failed."""


def answers_file(row: bytes) -> Path:
    """Return the file of the answers of a task.

    Args:
        row: that the task was read of.

    Returns:
        Its path in the user's cache; it need not exist.
    """
    digest = hashlib.sha256(f"{_EDITION} {REFERENCE_LIMITS!r}\n".encode() + row)
    return cache_folder() / "evalplus" / f"{digest.hexdigest()[:32]}.json"


def learn(tasks: Mapping[Path, PlusTask], title: str) -> None:
    """Run references and keep what they return; tell on stderr that they run, and their progress.

    Args:
        tasks: by the files of their answers, none of which exists.
        title: of the benchmark.

    Raises:
        UserError: This host can't hold the references, or the cache can't be written.
    """
    if not tasks:
        return
    count = f"{len(tasks)} tasks" if len(tasks) > 1 else "1 task"
    say(f"the references of {count} of {title} run once, to learn the answers")
    learned = watched(_learned(tasks), len(tasks), "learned", sys.stderr)
    try:
        for path, answers in learned:
            if answers:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, msgspec.json.encode(answers))
    except Refused as error:
        raise UserError(f"the answers of {title} are not known yet, and {error}") from error


def texts_of(path: Path, task: PlusTask, title: str, where: str) -> tuple[str | None, ...]:
    """Return the answers to the calls of a task, learned now where they are not known.

    Args:
        path: file of the answers.
        task: of which they are.
        title: of the benchmark.
        where: place of the task, with which an error begins.

    Returns:
        A value for each call, as `sandbox.inside.values` writes it; None where the reference failed.

    Raises:
        UserError: The reference can't be run, or this host can't hold it.
    """
    if not path.exists():
        learn({path: task}, title)
    if not path.exists():
        raise UserError(
            f"{where}: its reference can't be run, so nothing is known of its answers; correct or remove it"
        )
    texts = read(path, _Answers).texts
    if len(texts) != len(task.calls):
        raise UserError(f"{path}: is damaged; remove it, and the reference runs again")
    return texts


def _learned(tasks: Mapping[Path, PlusTask]) -> Iterator[tuple[Path, _Answers | None]]:
    judgements = judge_all(map(_case, tasks.values()), Jail(), len(os.sched_getaffinity(0)))
    for (path, task), judgement in zip(tasks.items(), judgements, strict=True):
        texts = tuple(test.actual if test.verdict is Verdict.ACCEPTED else None for test in judgement.per_test)
        yield path, _Answers(texts=texts) if len(texts) == len(task.calls) else None


def _case(task: PlusTask) -> Case:
    tests = tuple(ValueTest(function=task.entry_point, arguments=arguments) for arguments in task.calls)
    return Case(program=task.reference, tests=tests, limits=REFERENCE_LIMITS, exhaustive=True)
