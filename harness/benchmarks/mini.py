"""Reads the benchmark that ships with proctor: small problems of every kind, with programs of known verdict."""

from ast import literal_eval
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from harness.benchmarks.benchmark import Benchmark, Catalogue, CatalogueEntry
from harness.errors import UserError
from harness.runs.records import Problem, Sample
from sandbox.records import AssertTest, CallTest, StdioTest, Test, Verdict

DIFFICULTIES = ("introductory", "interview", "competition")
"""A folder each, one TOML file a problem."""

HOME = Path(__file__).parent / "mini"


class KnownProgram(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reads a program, its known verdict, and the reason."""

    verdict: Verdict
    why: str
    code: str


class CallCase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reads a call of the function; `arguments` (a list) and `expected` are Python literals."""

    arguments: str
    expected: str


class StdioCase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reads the input of a program and the output that it must print."""

    stdin: str
    stdout: str


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    statement: str
    reference: str
    programs: tuple[KnownProgram, ...]
    starter_code: str = ""


class AssertEntry(_Entry, frozen=True, kw_only=True, tag="assert"):
    """Reads a problem with tests that are statements about `names` of the program."""

    names: tuple[str, ...]
    tests: tuple[str, ...]
    setup: str = ""

    def to_tests(self) -> tuple[Test, ...]:
        """Return the tests as the judge takes them."""
        return tuple(AssertTest(code=test, setup=self.setup, names=self.names) for test in self.tests)


class CallEntry(_Entry, frozen=True, kw_only=True, tag="call"):
    """Reads a problem with tests that are calls of one function."""

    function: str
    cases: tuple[CallCase, ...]

    def to_tests(self) -> tuple[Test, ...]:
        """Return the tests as the judge takes them; raise ValueError or SyntaxError where a case is not a literal."""
        cases = ((literal_eval(case.arguments), literal_eval(case.expected)) for case in self.cases)
        return tuple(
            CallTest(function=self.function, arguments=tuple(arguments), expected=expected)
            for arguments, expected in cases
        )


class StdioEntry(_Entry, frozen=True, kw_only=True, tag="stdio"):
    """Reads a problem with tests that are runs of the whole program."""

    cases: tuple[StdioCase, ...]

    def to_tests(self) -> tuple[Test, ...]:
        """Return the tests as the judge takes them."""
        return tuple(StdioTest(stdin=case.stdin, expected_stdout=case.stdout) for case in self.cases)


Entry = AssertEntry | CallEntry | StdioEntry


class Known(NamedTuple):
    """Pairs a sample with its known verdict and the reason."""

    sample: Sample
    verdict: Verdict
    why: str


def _problems(data: Path | None) -> Catalogue:
    """Open the problems, or those of another folder of the same layout; a file is read when it is looked up.

    Raises:
        UserError: There are none.
    """
    places = (CatalogueEntry(str(path), _task_id(path)) for path in _paths(data or HOME))
    return Catalogue(places, lambda place: _problem(Path(place.where)), kept=None)


def known_samples() -> Iterator[Known]:
    """Yield every reference, and every other program of known verdict, as a sample of a policy of that name."""
    for path in _paths(HOME):
        entry = _entry(path)
        task_id = _task_id(path)
        reference = Sample(policy="references", task_id=task_id, index=0, completion=entry.reference)
        yield Known(reference, Verdict.ACCEPTED, "the reference")
        for index, program in enumerate(entry.programs):
            sample = Sample(policy="known programs", task_id=task_id, index=index, completion=program.code)
            yield Known(sample, program.verdict, program.why)


mini = Benchmark(
    name="mini",
    problems=_problems,
    prompt_card="chat",
    about="Small problems of every kind of test, each with programs of known verdict; for trying proctor out.",
    source="ships with proctor",
    licence="Apache-2.0",
    size="46 problems: 18 introductory, 16 interview, 12 competition",
)


def _paths(home: Path) -> list[Path]:
    paths = [path for difficulty in DIFFICULTIES for path in sorted((home / difficulty).glob("*.toml"))]
    if not paths:
        raise UserError(f"{home}: holds no {DIFFICULTIES[0]}/*.toml or the like; --data names such a folder")
    return paths


def _entry(path: Path) -> Entry:
    try:
        entry: Entry = msgspec.toml.decode(path.read_bytes(), type=Entry)
    except ValueError as error:
        raise UserError(f"{path}: {error}; correct it") from error
    return entry


def _task_id(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _problem(path: Path) -> Problem:
    entry = _entry(path)
    try:
        tests = entry.to_tests()
    except (SyntaxError, ValueError) as error:
        raise UserError(f"{path}: a case is not a Python literal ({error}); correct it") from error
    return Problem(
        task_id=_task_id(path),
        benchmark="mini",
        split="test",
        statement=entry.statement,
        tests=tests,
        starter_code=entry.starter_code,
        difficulty=path.parent.name,
        reference=entry.reference,
    )
