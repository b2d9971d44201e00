"""Records the findings of an audit and writes them as a document for terminals and markdown."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from harness.escapes import in_markdown
from harness.runs.conditions import allowed_text
from harness.scoring.report import isolation_of, packages_text, table
from sandbox.records import Verdict


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """Sums up all runs of one reference, beside the limit that its problem has today."""

    task_id: str
    verdicts: tuple[Verdict, ...]
    cpu_s: float
    """Of its slowest test in its slowest run."""
    slowest_test: int
    limit_cpu_s: float
    detail: str
    """Why it failed, empty where it never did."""


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """Names a program without work, and the tests (numbers from 1) that accepted it."""

    task_id: str
    program: str
    tests: tuple[int, ...]


class Alike(msgspec.Struct, frozen=True, kw_only=True):
    """Names problems with the same statement or tests."""

    same: str
    task_ids: tuple[str, ...]


class SeveralAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """Names a problem with several right outputs, and their checker."""

    task_id: str
    granted: tuple[str, ...]
    """What the statement grants beyond one output, see `harness.benchmarks.answers.grants`."""
    disagreeing: int
    """References that give other answers than the first."""
    checker: str


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """Records the method of an audit."""

    python: str
    """Version of the examined interpreter."""
    proctor: str
    isolation: dict[str, str]
    allow: dict[str, str] = {}
    """Package that the sandbox shows on request -> version."""
    repeat: int
    """Runs of each reference."""
    cap_s: float
    """CPU seconds after which a test of a reference is given up."""


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """Reports the findings; the ceiling, the best that any model can reach, is accepted / references."""

    benchmark: str
    method: Method
    problems: int
    references: int
    accepted: int
    """References that were accepted in every run within the limits of their problem."""
    failing: tuple[Reference, ...]
    """Never accepted, even with `cap_s` for each test."""
    flaky: tuple[Reference, ...]
    """Accepted in some runs, not in others."""
    slow: tuple[Reference, ...]
    """Accepted, but slower than the limit of their problem."""
    slowest: tuple[Reference, ...]
    undemanding: tuple[Accepted, ...]
    alike: tuple[Alike, ...]
    without_reference: tuple[str, ...]
    several_answers: tuple[SeveralAnswers, ...]
    flawed: dict[str, str]
    """Task id -> why no program can be judged by its tests."""
    malformed: dict[str, str] = {}
    """Task id, or place in the data -> why the problem can't be read; these are not among `problems`."""
    absent_packages: dict[str, int] = {}
    """Package that is absent in the sandbox -> references that fail for it."""
    left_out: dict[str, str] = {}
    """Entry of the data that is not a problem -> why it can't be examined."""


def audit_markdown(audit: Audit) -> str:
    """Return the ceiling and every finding; a heading whose finding is empty says so.

    Args:
        audit: that is complete.

    Returns:
        The document, with a last newline.
    """
    return "\n".join(_lines(audit))


def _lines(audit: Audit) -> Iterator[str]:
    method = audit.method
    ceiling = f", {100 * audit.accepted / audit.references:.2f} %" if audit.references else ""
    yield f"# Audit of {in_markdown(audit.benchmark)}"
    yield ""
    yield f"{audit.problems} problems, {audit.references} with tests and a reference."
    yield f"Ceiling: {audit.accepted} of {audit.references} references are accepted within the limits{ceiling}."
    yield f"Each ran {method.repeat} times; a test was given up after {method.cap_s:g} s of CPU time."
    allowed = f"; allowed: {packages}" if (packages := allowed_text(method.allow)) else ""
    yield f"Python {method.python}{allowed}; isolation: {isolation_of(method.isolation)}"
    if absent := packages_text(audit.absent_packages):
        yield f"References that fail for a package that the sandbox does not show, see --allow: {absent}"
    yield from _section("References that fail", ("task", "verdict", "why"), _failures(audit.failing))
    yield from _section("References that fail sometimes", ("task", "verdict", "why"), _failures(audit.flaky))
    yield from _section("References that are slower than their limit", _TIMES, _times(audit.slow))
    yield from _section("Slowest references", _TIMES, _times(audit.slowest))
    yield from _section(
        "Tests that accept a program which does no work",
        ("task", "the program", "accepted by tests"),
        [(found.task_id, found.program, ", ".join(map(str, found.tests))) for found in audit.undemanding],
    )
    yield from _section(
        "Problems that are there more than once",
        ("same", "tasks"),
        [(found.same, ", ".join(found.task_ids)) for found in audit.alike],
    )
    yield from _section("Problems without a reference", ("task",), [(task_id,) for task_id in audit.without_reference])
    yield from _section(
        "Problems with several right answers, maybe",
        ("task", "the statement grants", "references that disagree", "checker"),
        [
            (found.task_id, ", ".join(found.granted), str(found.disagreeing or ""), found.checker)
            for found in audit.several_answers
        ],
    )
    yield from _section("Problems whose tests can't be run", ("task", "why"), audit.flawed.items())
    yield from _section("Malformed problems", ("task", "why"), audit.malformed.items())
    yield from _section("Entries left out", ("entry", "why"), audit.left_out.items())
    yield ""


_TIMES = ("task", "test", "CPU s", "limit, s")


def _section(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    found = [tuple(map(in_markdown, row)) for row in rows]
    yield from ("", f"## {title}: {len(found) or 'none'}")
    if found:
        yield ""
        yield from table([head, *found])


def _failures(references: Iterable[Reference]) -> Iterator[tuple[str, str, str]]:
    for reference in references:
        verdicts = ", ".join(f"{count} x {verdict}" for verdict, count in Counter(reference.verdicts).items())
        yield reference.task_id, verdicts, reference.detail


def _times(references: Iterable[Reference]) -> Iterator[tuple[str, str, str, str]]:
    for reference in references:
        yield (
            reference.task_id, str(reference.slowest_test), f"{reference.cpu_s:.2f}", f"{reference.limit_cpu_s:g}",
        )  # fmt: skip
