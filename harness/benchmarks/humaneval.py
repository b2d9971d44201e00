"""Reads HumanEval (Chen et al. 2021, arXiv:2107.03374): 164 functions to complete."""

import ast
import warnings
from functools import partial
from pathlib import Path

import msgspec

from harness.benchmarks.benchmark import Benchmark, Catalogue, prefixed_id
from harness.benchmarks.evalplus_rows import refuse_evalplus
from harness.benchmarks.hub import fetch
from harness.benchmarks.problem_rows import catalogue_of_rows
from harness.errors import UserError
from harness.runs.records import Problem
from sandbox.records import AssertTest

HUB, REVISION = "openai/openai_humaneval", "7dce6050a7d6d172f3cc5c32aa97f52fa1a2e544"


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """Reads a problem of HumanEval.jsonl; a program is `prompt`, then a body such as `canonical_solution`."""

    task_id: str
    prompt: str
    entry_point: str
    canonical_solution: str
    test: str
    """Defines `check(candidate)`."""


def _problems(data: Path | None) -> Catalogue:
    """Open HumanEval.jsonl (plain or .gz); by default from the hub. A prompt is parsed when its problem is looked up.

    Raises:
        UserError: The file is another, or the hub can't be reached.
    """
    if data:
        refuse_evalplus(data, "humaneval", "HumanEval+")
    else:
        data = fetch(HUB, revision=REVISION, config="openai_humaneval", splits=("test",))
    return catalogue_of_rows(data, _Row, _problem)


humaneval = Benchmark(
    name="humaneval",
    problems=_problems,
    canonical_id=partial(prefixed_id, prefix="HumanEval"),
    prompt_card="humaneval-completion",
    about="functions to complete from their signature and docstring",
    source=f"huggingface.co/datasets/{HUB}, or --data with HumanEval.jsonl.gz of its authors",
    licence="MIT",
    size="164 problems",
)


def _problem(where: str, row: _Row) -> Problem:
    try:
        prompt = _parsed(row.prompt)
    except (SyntaxError, ValueError) as error:  # a ValueError is for NUL, or half a character
        raise UserError(
            f"{where}: task {row.task_id!r}: its prompt doesn't parse ({error}); correct or remove it"
        ) from error
    try:
        setup = _helpers(prompt, _parsed(row.test), row.entry_point)
    except (SyntaxError, ValueError):  # reported when the problem is to be judged
        setup = ""
    code = f"{row.test}\n\ncheck({row.entry_point})\n"
    return Problem(
        task_id=row.task_id,
        benchmark="humaneval",
        split="test",
        statement=row.prompt,
        tests=(AssertTest(code=code, setup=setup, names=(row.entry_point,)),),
        starter_code=row.prompt,
        entry_point=row.entry_point,
        reference=row.prompt + row.canonical_solution,
    )


def _parsed(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\\w" in a docstring is not the user's to correct
        return ast.parse(source)


def _helpers(prompt: ast.Module, test: ast.Module, entry_point: str) -> str:
    """Return what the test needs of the prompt beside the entry point: imports and helpers, where it uses one.

    The tests of 32, 38 and 50 call helpers (`poly`, `encode_cyclic`, `encode_shift`) that the prompt defines. They are
    the test's own: a program can't bend the test by defining them otherwise, and needn't repeat them.
    """
    used = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    given = [node for node in prompt.body if getattr(node, "name", None) != entry_point]
    if used.isdisjoint(getattr(node, "name", None) for node in given):
        return ""
    return "\n\n".join(map(ast.unparse, given))
