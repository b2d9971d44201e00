"""Reads MBPP+ (Liu et al. 2023, arXiv:2305.01210): problems of MBPP with a hundred inputs each.

The types that JSON cost the inputs are given back for EvalPlus' own tasks (evalplus/data/mbpp.py,
`mbpp_deserialize_inputs`). Where EvalPlus takes any answer at all (task 164), it must be True or False here.
"""

import math
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from harness.benchmarks.benchmark import Benchmark, prefixed_id
from harness.benchmarks.evalplus import Expectation, PlusSet, close, open_plus_set
from harness.benchmarks.evalplus_rows import Arguments, PlusTask

Convert = Callable[[list[Any]], Arguments]

_REFERENCE_CPU_S = {599: 2.5}

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


def _expectation_of(task: PlusTask, arguments: Arguments, answer: Any) -> Expectation:
    if task.number in _ALSO_RIGHT:
        return Expectation([answer, *_ALSO_RIGHT[task.number](*arguments)], "any_of")
    if task.number in _NONENESS_TASKS:
        return Expectation(answer if isinstance(answer, bool) else answer is not None, "same_noneness")
    if task.number in _SET_TASKS:
        return Expectation(answer, "same_set")
    return close(task, answer)


mbpp_plus = Benchmark(
    name="mbpp-plus",
    problems=partial(
        open_plus_set,
        plus_set=PlusSet(
            benchmark="mbpp-plus",
            title="MBPP+",
            prefix="Mbpp",
            arguments_of=arguments_of,
            expectation_of=_expectation_of,
            reference_cpu_s=_REFERENCE_CPU_S,
            is_continued=False,
        ),
    ),
    canonical_id=partial(prefixed_id, prefix="Mbpp"),
    about="MBPP's verified problems with a hundred inputs each",
    source="github.com/evalplus/mbppplus_release, MbppPlus.jsonl.gz or MbppPlus-OriginFmt.jsonl.gz",
    licence="Apache-2.0",
    size="378 problems (v0.2.0), 399 (v0.1.0)",
)
