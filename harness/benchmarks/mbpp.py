"""Reads MBPP (Austin et al. 2021, arXiv:2108.07732): all 974 problems, or the 427 that its authors verified."""

import ast
import warnings
from collections.abc import Iterator
from pathlib import Path

import msgspec

from harness.benchmarks.benchmark import Benchmark, Catalogue
from harness.benchmarks.evalplus_rows import refuse_evalplus
from harness.benchmarks.hub import fetch
from harness.benchmarks.problem_rows import catalogue_of_rows
from harness.benchmarks.time_limits import calibrated_limits, limit_of_reference
from harness.errors import UserError
from harness.runs.records import Problem
from sandbox.records import AssertTest, Limits

HUB, REVISION = "google-research-datasets/mbpp", "4bb6404fdc6cacfda99d4ac4205087b89d32030c"

REFERENCE_CPU_S = {"123": 4.5}
"""Measured CPU seconds of references whose slowest test needs more than 0.3 s (2.5 s on a quiet machine, 4.5 s on a
busy one). A file of calibrated limits, which `proctor audit --out` writes, takes the place of this table."""


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """Reads a problem of mbpp.jsonl (with `text`) or sanitized-mbpp.json (with `prompt`).

    The challenge tests of 11 problems are no part of the score, so they are not read.
    """

    task_id: int
    code: str
    test_list: tuple[str, ...]
    text: str = ""
    prompt: str = ""
    test_setup_code: str = ""
    test_imports: tuple[str, ...] = ()


def _problems(data: Path | None) -> Catalogue:
    """Open mbpp.jsonl or sanitized-mbpp.json, whichever `data` holds, by task id; by default all 974 from the hub.

    A problem's code and tests are parsed when it is looked up.

    Raises:
        UserError: The file is neither of the two, a task occurs twice, or the hub can't be reached.
    """
    if data:
        refuse_evalplus(data, "mbpp", "MBPP+")
    else:
        data = fetch(HUB, revision=REVISION, config="full", splits=("prompt", "test", "validation", "train"))
    return catalogue_of_rows(data, _Row, _problem)


def _canonical_id(task_id: str | int) -> str:
    """Return the bare number of `2`, `"2"`, `"MBPP/2"` or evalplus' `"Mbpp/2"`."""
    head, slash, number = str(task_id).rpartition("/")
    return number if head.lower() in {"", "mbpp"} else f"{head}{slash}{number}"


mbpp = Benchmark(
    name="mbpp",
    problems=_problems,
    canonical_id=_canonical_id,
    prompt_card="mbpp-paper",
    about="Short Python functions, each with three assertions.",
    source=f"huggingface.co/datasets/{HUB}, or --data with mbpp.jsonl or sanitized-mbpp.json of its authors",
    licence="CC-BY-4.0",
    size="974 problems, 500 of them test; or the 427 that were verified by hand",
)


def _problem(where: str, row: _Row) -> Problem:
    if not row.text and not row.prompt:
        raise UserError(f"{where}: has neither `text` nor `prompt`; use mbpp.jsonl or sanitized-mbpp.json")
    reference = row.code.replace("\r\n", "\n")
    setup = row.test_setup_code or "\n".join(row.test_imports)
    try:
        parsed = _parse(reference)
    except (SyntaxError, ValueError) as error:  # a ValueError is for NUL, or half a character
        raise UserError(
            f"{where}: task {row.task_id}: its code doesn't parse ({error}); correct or remove it"
        ) from error
    try:
        names, imports = _supplied(parsed, _parse("\n".join((setup, *row.test_list))))
    except (SyntaxError, ValueError):  # reported when the problem is to be judged
        names, imports = (), ()
    setup = "\n".join(filter(None, (*(line for line in imports if line not in setup), setup)))
    return Problem(
        task_id=str(row.task_id),
        benchmark="mbpp" if row.text else "mbpp-sanitized",
        split=_split(row.task_id),
        statement=row.text or row.prompt,
        tests=tuple(AssertTest(code=test, setup=setup, names=names) for test in row.test_list),
        limits=_limits(str(row.task_id)),
        reference=reference,
    )


def _parse(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\\w" in a reference is not the user's to correct
        return ast.parse(source)


def _supplied(reference: ast.Module, test: ast.Module) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names that the test needs from the program, and the imports that it needs of the reference.

    The test of problem 596 uses `sys`, which only its reference imports: that is the test's business, not the
    program's.
    """
    used = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    names, imports = set[str](), []
    for statement in reference.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            if used.intersection(alias.asname or alias.name for alias in statement.names):
                imports.append(ast.unparse(statement))
        else:
            names.update(used.intersection(_defined(statement)))
    return tuple(sorted(names)), tuple(imports)


def _defined(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Assign):
        yield from (node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name))


def _split(task_id: int) -> str:
    """Return the split as the paper's section 2.1 divides them; the first ten are for prompts."""
    for last, split in ((10, "prompts"), (510, "test"), (600, "validation")):
        if task_id <= last:
            return split
    return "train"


def _limits(task_id: str) -> Limits:
    return calibrated_limits(Limits(), limit_of_reference(REFERENCE_CPU_S.get(task_id, 0.0)))
