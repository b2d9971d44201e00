"""Reads HumanEval+ (Liu et al. 2023, arXiv:2305.01210): problems of HumanEval with hundreds of inputs each."""

from functools import partial
from typing import Any

from harness.benchmarks.benchmark import Benchmark, prefixed_id
from harness.benchmarks.evalplus import Expectation, PlusSet, close, open_plus_set
from harness.benchmarks.evalplus_rows import Arguments, PlusTask

_FIND_ZERO = 32
"""Any root of the polynomial is right, whichever the reference finds."""


def _arguments_of(_number: int, given: list[Any]) -> Arguments:
    return tuple(given)


def _expectation_of(task: PlusTask, arguments: Arguments, answer: Any) -> Expectation:
    if task.number == _FIND_ZERO:
        return Expectation(arguments[0], "root_1e_4")
    return close(task, answer)


humaneval_plus = Benchmark(
    name="humaneval-plus",
    problems=partial(
        open_plus_set,
        plus_set=PlusSet(
            benchmark="humaneval-plus",
            title="HumanEval+",
            prefix="HumanEval",
            arguments_of=_arguments_of,
            expectation_of=_expectation_of,
            reference_cpu_s={},
            is_continued=True,
        ),
    ),
    canonical_id=partial(prefixed_id, prefix="HumanEval"),
    prompt_card="humaneval-completion",
    about="HumanEval's functions with hundreds of inputs each",
    source="github.com/evalplus/humanevalplus_release, HumanEvalPlus.jsonl.gz, -Mini or -OriginFmt",
    licence="Apache-2.0",
    size="164 problems; v0.1.9, v0.1.10",
)
