"""Opens the benchmarks of EvalPlus (Liu et al. 2023, arXiv:2305.01210): references return their answers.

Answers are compared in EvalPlus' way (evalplus/eval/__init__.py), but for two points: an integer is met to the digit,
at any tolerance, and floats are within the tolerance at any depth. Its limits are EvalPlus' own rule, max(4 s, 4 x the
time of the reference), with the times of a table: a limit that is measured again would be another on another machine.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from harness.benchmarks.benchmark import Catalogue, CatalogueEntry
from harness.benchmarks.evalplus_answers import answers_file, learn, texts_of
from harness.benchmarks.evalplus_rows import Arguments, Numbered, PlusTask, numbered_rows, task_of, version_of
from harness.benchmarks.time_limits import calibrated_limits, limit_of_reference
from harness.errors import UserError
from harness.formats.evalplus import VERSIONS
from harness.runs.records import Problem
from sandbox.inside import values
from sandbox.records import CallTest, Limits


class Expectation(NamedTuple):
    """Pairs an expected value with the checker that compares it."""

    expected: Any
    checker: str


class PlusSet(NamedTuple):
    """Describes one of the two sets."""

    benchmark: str
    title: str
    """As `harness.formats.evalplus.VERSIONS` has it."""
    prefix: str
    """Of the ids of its tasks."""
    arguments_of: Callable[[int, list[Any]], Arguments]
    """Number of a task, and an input as JSON has it -> the arguments that it means."""
    expectation_of: Callable[[PlusTask, Arguments, Any], Expectation]
    """Task, arguments and the reference's answer -> what is expected."""
    reference_cpu_s: Mapping[int, float]
    """CPU seconds of the slowest input, of references that need more than 1 s."""
    is_continued: bool
    """Whether the statement is the beginning of a program."""


def open_plus_set(data: Path | None, plus_set: PlusSet) -> Catalogue:
    """Open a file of EvalPlus; its answers are learned when a problem is looked up, or of several by `prepare`.

    Args:
        data: JSON Lines or a JSON list, in the native form or that of the hub, plain or .gz.
        plus_set: that it is of.

    Returns:
        The problems.

    Raises:
        UserError: No file was named, or it is another.
    """
    if data is None:
        raise UserError(
            f"benchmark {plus_set.benchmark} needs --data with the path of a file of {plus_set.title}: that of its "
            "authors, or the hub's as JSON Lines; its revision on the hub is not pinned, so it is not fetched"
        )
    rows = numbered_rows(data, plus_set.prefix)
    found = {f"{plus_set.prefix}/{row.number}": row for row in rows}

    def entries() -> Iterator[CatalogueEntry]:
        for row in rows:
            flaw = "" if row.form else f"has no inputs of EvalPlus, so it is not of {plus_set.title}"
            yield CatalogueEntry(row.where, f"{plus_set.prefix}/{row.number}", flaw)

    def load(entry: CatalogueEntry) -> Problem:
        return _problem(entry, found[entry.task_id], plus_set)

    def prepare(task_ids: Collection[str]) -> None:
        learn(_unknown((found[task_id] for task_id in task_ids), plus_set), plus_set.title)

    return Catalogue(entries(), load, prepare=prepare, data_version=version_of(data, rows, VERSIONS[plus_set.title]))


def _unknown(rows: Iterator[Numbered], plus_set: PlusSet) -> dict[Path, PlusTask]:
    """Return the tasks to learn, by the files of their answers; a malformed one is reported when it is looked up."""
    tasks = dict[Path, PlusTask]()
    for row in rows:
        path = answers_file(row.row)
        if b"results = [" not in row.row and not path.exists():
            try:
                task = task_of(row.row, row.where, row.number, plus_set.arguments_of)
            except UserError:
                continue
            tasks[path] = task
    return tasks


def _problem(entry: CatalogueEntry, row: Numbered, plus_set: PlusSet) -> Problem:
    task = task_of(row.row, entry.where, row.number, plus_set.arguments_of)
    try:
        tests = tuple(_tests(task, _answers(task, row, plus_set), plus_set))
    except UserError:
        raise
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise UserError(f"{entry.where}: an input doesn't fit the task ({error}); correct or remove it") from error
    return Problem(
        task_id=entry.task_id,
        benchmark=plus_set.benchmark,
        split="test",
        statement=task.statement,
        tests=tests,
        limits=calibrated_limits(Limits(), limit_of_reference(plus_set.reference_cpu_s.get(task.number, 0.0))),
        starter_code=task.statement if plus_set.is_continued else "",
        entry_point=task.entry_point,
        reference=task.reference,
    )


def _answers(task: PlusTask, row: Numbered, plus_set: PlusSet) -> Iterator[tuple[Arguments, Any]]:
    """Yield the calls with answers, and these."""
    if task.stated is not None:
        yield from zip(task.calls, task.stated, strict=True)
        return
    texts = texts_of(answers_file(row.row), task, plus_set.title, row.where)
    for arguments, text in zip(task.calls, texts, strict=True):
        if text is not None:
            yield arguments, values.from_text(text, resolve=lambda *_: _Opaque())


def _tests(task: PlusTask, answers: Iterator[tuple[Arguments, Any]], plus_set: PlusSet) -> Iterator[CallTest]:
    for arguments, answer in answers:
        expected, checker = plus_set.expectation_of(task, arguments, answer)
        yield CallTest(function=task.entry_point, arguments=arguments, expected=expected, checker=checker)


class _Opaque:
    """Replaces a value that only the reference's process had, such as a match object."""


def close(task: PlusTask, answer: Any) -> Expectation:
    """Return the usual expectation: equality, and a tolerance for floats.

    Args:
        task: that says its tolerance; EvalPlus takes 1e-6 for none.
        answer: of the reference.

    Returns:
        The answer, with the checker of that tolerance.
    """
    return Expectation(answer, "close_1e_4" if task.atol > _USUAL_ATOL else "close_1e_6")


_USUAL_ATOL = 1e-6
