"""Reads MBPP+ (Liu et al. 2023, arXiv:2305.01210): problems of MBPP with a hundred inputs each.

The data hold no answers: they are what the reference returns. It runs once, in the sandbox, and what it returned is
kept in the user's cache folder. How answers are compared is EvalPlus' way (evalplus/eval/__init__.py), but for two
points: an integer is met to the digit, at any tolerance, and where EvalPlus takes any answer at all (task 164),
it must be True or False. The types that JSON cost the inputs are given back for EvalPlus' own tasks
(evalplus/data/mbpp.py, `mbpp_deserialize_inputs`).
"""

import hashlib
import math
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from harness.benchmarks.benchmark import Benchmark
from harness.benchmarks.hub import cache_folder
from harness.errors import UserError
from harness.runs.json_objects import read_objects
from harness.runs.jsonl import write_whole
from harness.runs.records import Problem
from sandbox.inside import values
from sandbox.jail import Jail
from sandbox.pool import Case, judge_all
from sandbox.records import CallTest, Limits, Refused, ValueTest, Verdict

Arguments = tuple[Any, ...]
Convert = Callable[[list[Any]], Arguments]

_EVERY_DEPTH = range(1, 1000)


def arguments_of(number: int, given: list[Any]) -> Arguments:
    """Return the arguments that an input of a task means.

    Args:
        number: of the task in MBPP.
        given: one input, as JSON has it.

    Returns:
        The arguments, with the tuples, sets and complex numbers that JSON lacks.
    """
    return _CONVERTERS.get(number, tuple)(given)


def _tuples(depths: Collection[int], places: Collection[int] | None = None) -> Convert:
    """Make tuples of the lists at some depths, 1 being an argument itself, in the arguments at some places, or all."""

    def convert(given: list[Any]) -> Arguments:
        return tuple(
            _with_tuples(argument, depths, 1) if places is None or place in places else argument
            for place, argument in enumerate(given)
        )

    return convert


def _with_tuples(value: Any, depths: Collection[int], depth: int) -> Any:
    if not isinstance(value, list):
        return value
    parts = [_with_tuples(part, depths, depth + 1) for part in value]
    return tuple(parts) if depth in depths else parts


def _sets(given: list[Any]) -> Arguments:
    """Task 115 takes sets, and dictionaries, of which only empty ones have come through."""
    return ([set(part) if isinstance(part, list) and part else {} for part in given[0]],)


def _float_and_complex(given: list[Any]) -> Arguments:
    return float(given[0]), complex(given[1])


def _complex(given: list[Any]) -> Arguments:
    return (complex(given[0]),)


def _tuple_values(given: list[Any]) -> Arguments:
    return {key: tuple(value) for key, value in given[0].items()}, *given[1:]


_OF_TASKS: dict[Convert, str] = {
    _tuples({1}): "2 116 132 143 222 261 273 394 399 421 424 429 470 560 579 596 616 630 726 740 744 809",
    _tuples({2}): "63 64 70 94 120 237 272 299 400 409 417 438 473 614 780",
    _tuples({1, 2}): "259 278 401 445",
    _tuples(_EVERY_DEPTH): "580 615 791",
    _tuples({1}, places={0}): "250 307 405 446 617 720 763 808",
    _tuples({2}, places={0}): "75 413 444 753",
    _tuples({1}, places={1}): "106 750",
    _sets: "115",
    _float_and_complex: "124",
    _complex: "252",
    _tuple_values: "722",
}
_CONVERTERS = {int(number): convert for convert, numbers in _OF_TASKS.items() for number in numbers.split()}


REFERENCE_LIMITS = Limits(output_bytes=4 << 20)
"""An input for which the reference takes more than this is not a test; there are a few, all of task 255."""


class EvalPlusRow(msgspec.Struct, frozen=True, kw_only=True):
    """Reads a problem of EvalPlus; a reference is `prompt` (a docstring), then `canonical_solution`."""

    task_id: str
    prompt: str
    entry_point: str
    canonical_solution: str
    base_input: list[list[Any]]
    plus_input: list[list[Any]] | dict[str, Any]
    """One record has an empty dictionary for none."""
    atol: float

    @property
    def number(self) -> int:
        """Return the number of the task in MBPP."""
        return int(self.task_id.rpartition("/")[2])

    @property
    def reference(self) -> str:
        """Return the program that knows the answers."""
        return self.prompt + self.canonical_solution

    @property
    def calls(self) -> tuple[Arguments, ...]:
        """Return the arguments of every call."""
        return tuple(arguments_of(self.number, given) for given in (*self.base_input, *self.plus_input))


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the answers of a task's reference, and the CPU seconds of its slowest call, as the cache has them."""

    task_id: str
    texts: tuple[str | None, ...]
    """A value for each call, as `sandbox.inside.values` writes it; None where the reference failed."""
    cpu_s: float


class _Comparison(NamedTuple):
    """Pairs an expected value with the checker that compares it."""

    expected: Any
    checker: str


def _problems(data: Path | None) -> dict[str, Problem]:
    """Load MbppPlus.jsonl (plain or .gz); the first time, run all its references to learn the answers.

    Raises:
        UserError: No file was named, or it is another; or this host can't hold the references, and their answers are
            not known yet.
    """
    if data is None:
        raise UserError("benchmark mbpp-plus needs --data with the path of MbppPlus.jsonl or .jsonl.gz")
    rows = dict[str, EvalPlusRow]()
    for where, row in read_objects(data, EvalPlusRow):
        if row.task_id in rows or not row.task_id.rpartition("/")[2].isdecimal():
            raise UserError(f"{where}: task {row.task_id!r} occurs twice, or is not a task of MBPP; remove it")
        rows[row.task_id] = row
    if not rows:
        raise UserError(f"{data}: holds no problems; check --data")
    return {answers.task_id: _problem(rows[answers.task_id], answers) for answers in _answers(rows.values())}


def _canonical_id(task_id: str | int) -> str:
    """Return `Mbpp/2` for 2, "2", "MBPP/2" and that itself.

    >>> _canonical_id(2), _canonical_id("mbpp/2"), _canonical_id("HumanEval/2")
    ('Mbpp/2', 'Mbpp/2', 'HumanEval/2')
    """
    head, slash, number = str(task_id).rpartition("/")
    return f"Mbpp/{number}" if head.lower() in {"", "mbpp"} else f"{head}{slash}{number}"


mbpp_plus = Benchmark(
    name="mbpp-plus",
    problems=_problems,
    canonical_id=_canonical_id,
    about="MBPP's verified problems with a hundred inputs each",
    source="github.com/evalplus/mbppplus_release, MbppPlus.jsonl.gz",
    licence="Apache-2.0",
    size="399 problems",
)


def _problem(row: EvalPlusRow, answers: Answers) -> Problem:
    usual = Limits()
    cpu_s = max(usual.cpu_s, 4 * answers.cpu_s)
    return Problem(
        task_id=row.task_id,
        benchmark="mbpp-plus",
        split="test",
        statement=row.prompt,
        tests=tuple(_tests(row, answers)),
        limits=Limits(cpu_s=cpu_s, wall_s=usual.wall_s * cpu_s / usual.cpu_s),
        entry_point=row.entry_point,
        reference=row.reference,
    )


def _tests(row: EvalPlusRow, answers: Answers) -> Iterator[CallTest]:
    for arguments, text in zip(row.calls, answers.texts, strict=True):
        if text is not None:
            expected, checker = _comparison(row, arguments, values.from_text(text, resolve=lambda *_: _Opaque()))
            yield CallTest(function=row.entry_point, arguments=arguments, expected=expected, checker=checker)


class _Opaque:
    """Replaces a value that only the reference's process had, such as a match object."""


def _comparison(row: EvalPlusRow, arguments: Arguments, value: Any) -> _Comparison:
    if row.number in _ALSO_RIGHT:
        return _Comparison([value, *_ALSO_RIGHT[row.number](*arguments)], "any_of")
    if row.number in _NONENESS_TASKS:
        return _Comparison(value is not None, "same_noneness")
    if row.number in _SET_TASKS:
        return _Comparison(value, "same_set")
    return _Comparison(value, "close_1e_4" if row.atol else "close_1e_6")


_NONENESS_TASKS = {737, 787, 794}
"""They return a match object or None."""
_SET_TASKS = {2, 7, 111, 140, 232, 249, 579, 769}
"""They return a collection whose order the statement leaves open."""


def _surface_by_height(base: float, height: float) -> tuple[int]:
    """Return the surface of a square pyramid whose `height` is not that of its sides."""
    return (round(base**2 + 2 * base * math.hypot(base / 2, height)),)


def _digit_distance_aligned(first: int, second: int) -> tuple[int]:
    """Return the distance of the digits of two numbers that are aligned at their last digits."""
    width = max(len(str(first)), len(str(second)))
    pairs = zip(str(first).zfill(width), str(second).zfill(width), strict=True)
    return (sum(abs(int(one) - int(other)) for one, other in pairs),)


_ALSO_RIGHT: dict[int, Callable[..., tuple[Any, ...]]] = {
    164: lambda *_: (False, True),
    295: lambda _: (0,),
    558: _digit_distance_aligned,
    581: _surface_by_height,
}
"""Answers beside the reference's where a statement can be read in two ways, from the arguments."""


def _answers(rows: Iterable[EvalPlusRow]) -> tuple[Answers, ...]:
    """Return the answers to all calls, from the cache where they were computed before."""
    cases = {row.task_id: _case(row) for row in rows}
    path = _cache_file(cases)
    if path.exists():
        return tuple(answers for _, answers in read_objects(path, Answers))
    try:
        found = tuple(_learned(cases))
    except Refused as error:
        raise UserError(f"the answers of MBPP+ are not known yet, and {error}") from error
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, b"".join(msgspec.json.encode(answers) + b"\n" for answers in found))
    return found


def _learned(cases: dict[str, Case]) -> Iterator[Answers]:
    judgements = judge_all(cases.values(), Jail(), len(os.sched_getaffinity(0)))
    for (task_id, case), judgement in zip(cases.items(), judgements, strict=True):
        if len(judgement.per_test) < len(case.tests):
            raise RuntimeError(f"the reference of {task_id} can't be run: {judgement.verdict}: {judgement.detail}")
        texts = (outcome.actual if outcome.verdict is Verdict.ACCEPTED else None for outcome in judgement.per_test)
        slowest_s = max((outcome.cpu_s for outcome in judgement.per_test if outcome.actual), default=0.0)
        yield Answers(task_id=task_id, texts=tuple(texts), cpu_s=slowest_s)


def _case(row: EvalPlusRow) -> Case:
    tests = tuple(ValueTest(function=row.entry_point, arguments=arguments) for arguments in row.calls)
    return Case(program=row.reference, tests=tests, limits=REFERENCE_LIMITS, exhaustive=True)


def _cache_file(cases: dict[str, Case]) -> Path:
    """Return the file of the answers, named by the SHA-256 of all calls and of the limits."""
    digest = hashlib.sha256(repr(REFERENCE_LIMITS).encode())
    for task_id, case in cases.items():
        arguments = [test.arguments for test in case.tests if isinstance(test, ValueTest)]
        digest.update(values.to_text([task_id, case.program, arguments]).encode())
    return cache_folder() / f"mbpp-plus-{digest.hexdigest()[:32]}.jsonl"
