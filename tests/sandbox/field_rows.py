"""Reads programs with the verdicts that are right for them: attacks, and honest programs that are unusual.

The data lies beside the repository, in ../shared/data. It is untrusted: it runs in the sandbox and nowhere else.
"""

import json
import math
from pathlib import Path
from typing import Any

import msgspec

from sandbox.records import AssertTest, CallTest, Limits, StdioTest, Test, Verdict

DATA = Path(__file__).parents[3] / "shared" / "data"
FIELD = DATA / "field" / "sandbox.jsonl"
HOSTILE = DATA / "hostile.jsonl"

DECIDED = {
    "fair_dataclass_eq": "objects of the program are compared by identity: their own == would be the verdict",
    "fair_vector_ops": "an operator is asked between two objects of the program only: the other operand may be expected",
}
"""Rows of which the project decides otherwise, as docs/promises.md says, and why."""

NEED_PROCESSES = {"fair_process_pool"}
"""Rows that are right only where there is a pid namespace: without one a program can start no processes."""

FAILED = frozenset(Verdict) - {Verdict.ACCEPTED, Verdict.SANDBOX_ERROR}
HOSTILE_WALL_S, HOSTILE_BOUND_S = 4.0, 30.0
"""The limit of each test, and a time far above those of all tests and far below what any program asks for."""
CLASSES = {
    "pass": "accepted", "wrong_answer": "wrong_answer", "runtime_error": "runtime_error", "timeout": "time_limit",
    "compile_error": "compile_error", "memory": "memory_limit", "output_limit": "output_limit", "security": "",
}  # fmt: skip
"""Class of hostile.jsonl -> our verdict; we have none for a program that is refused for what it tried."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A program, its tests, and what is right to say of it."""

    name: str
    program: str
    tests: tuple[Test, ...]
    right: frozenset[str]
    limits: Limits = Limits()
    bounded_s: float = math.inf
    """Longest time for the verdict."""
    alone: float | str | None = None
    """Seconds that a judge of its own has for it, or `repeat`: judges of their own, and one outcome of all."""
    honest: str = ""
    """A program that the same tests must accept straight afterwards."""
    completion: str = ""
    """A text to find the program in, instead of a program."""
    python: str = ""
    layers: frozenset[str] = frozenset()
    expressible: bool = True
    """Whether the verdict alone tells; otherwise there is a condition beside it."""


def field_rows() -> list[Row]:
    """Return the rows of sandbox.jsonl."""
    return [_field_row(json.loads(line)) for line in FIELD.read_bytes().splitlines()]


def hostile_rows() -> list[Row]:
    """Return the rows of hostile.jsonl."""
    return [_hostile_row(json.loads(line)) for line in HOSTILE.read_bytes().splitlines()]


def _field_row(fields: dict[str, Any]) -> Row:
    file = fields.get("file")
    return Row(
        name=fields["name"],
        program=(FIELD.parent / file).read_bytes().decode("utf-8", "surrogatepass") if file else "",
        tests=tuple(map(_field_test, fields.get("tests", ()))) or (AssertTest(code="pass"),),
        right=frozenset().union(*(FAILED if name == "not_accepted" else {name} for name in fields["right"])),
        limits=Limits(**fields.get("limits", {})),
        bounded_s=fields.get("bounded_s", math.inf),
        alone=fields.get("alone"),
        honest=fields.get("honest", ""),
        completion=fields.get("completion", ""),
        python=fields.get("python", ""),
        layers=frozenset(filter(None, fields.get("layers", "").split(","))),
        expressible=fields.get("expressible", True),
    )


def _field_test(fields: dict[str, Any]) -> Test:
    if fields["kind"] == "assert":
        return AssertTest(code=fields["code"], setup=fields.get("setup", ""), names=tuple(fields["names"]))
    if fields["kind"] == "call":
        return CallTest(
            function=fields["function"], arguments=tuple(fields["arguments"]), expected=fields["expected"],
            checker=fields.get("checker", "equal"),
        )  # fmt: skip
    return StdioTest(
        stdin=_text(fields, "stdin"), expected_stdout=_text(fields, "expected"), checker=fields.get("checker", "lines")
    )


def _text(fields: dict[str, Any], name: str) -> str:
    """Return a text that stands there, or that a short expression of literals, `chr` and `range` makes."""
    if name in fields:
        return str(fields[name])
    expression = fields[f"{name}_expr"]
    if "_" in expression or "." in expression:  # no attribute, so nothing of Python's insides
        raise ValueError(f"more than literals, chr and range: {expression}")
    return str(eval(expression, {"__builtins__": {}, "chr": chr, "range": range}))  # noqa: S307 - see above


def _hostile_row(fields: dict[str, Any]) -> Row:
    problem = fields["problem"]
    return Row(
        name=fields["name"],
        program=fields["code"],
        tests=_hostile_tests(fields["kind"], problem),
        right=frozenset(CLASSES[name] for name in fields["right_class"]) - {""},
        limits=Limits(cpu_s=problem["time_limit"], wall_s=HOSTILE_WALL_S),
        bounded_s=HOSTILE_BOUND_S if "bounded_time" in fields["checks"] else math.inf,
    )


def _hostile_tests(kind: str, problem: dict[str, Any]) -> tuple[Test, ...]:
    if kind == "mbpp":
        names, setup = (problem["entry_point"],), problem["test_setup_code"]
        return tuple(AssertTest(code=code, setup=setup, names=names) for code in problem["test_list"])
    checker = "numbers" if problem.get("checker") == "float" else "lines"
    return tuple(
        StdioTest(stdin=case["input"], expected_stdout=case["output"], checker=checker) for case in problem["cases"]
    )
