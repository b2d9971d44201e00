"""Condenses problems and samples to records that the page shows; every text in them is readable and bounded."""

import hashlib
from collections.abc import Iterable

import msgspec

from harness.explain import input_of_test
from harness.extraction.program import program_of
from harness.runs.records import Conditions, Evaluation, Problem, Sample
from sandbox.printable import one_line, readable
from sandbox.records import CallTest, StdioTest, Test, Verdict

STATEMENT_CHARS = 20_000
PROGRAM_CHARS = 200_000
LEFT_OUT_CHARS = 20_000
TEST_CHARS = 4000
DETAIL_CHARS = 2000
FIRST_TESTS = 3
"""Of each problem, shown beside the tests that some sample failed."""
GIST_CHARS = 100
"""Of a statement, in the list of problems."""


class ShownTest(msgspec.Struct, frozen=True, kw_only=True):
    """Holds a test: its input, the call or the statement, and its expected answer, empty where the input says it."""

    number: int
    """From 1, among all tests of the problem."""
    input: str
    expected: str


class ShownProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Holds a problem."""

    task_id: str
    statement: str
    starter_code: str
    tests: tuple[ShownTest, ...]
    test_count: int
    missing: str
    """Why there is neither statement nor test, empty where they are shown."""


class ShownSample(msgspec.Struct, frozen=True, kw_only=True):
    """Holds a sample with its verdict."""

    index: int
    verdict: Verdict
    detail: str
    text: str
    whole: bool
    """Whether the text is the program that ran; if not, it is the completion that the program was taken from."""
    extraction: str
    """The rule that found the program."""
    complete: bool
    left_out: tuple[str, ...]
    """Parts of the completion that are not in the program."""
    failed: int
    """Number of the first test that failed, 0 where none did."""
    expected: str
    """Of that test, as is the next."""
    actual: str


def shown_problem(task_id: str, problem: Problem | None, failed: Iterable[int], missing: str) -> ShownProblem:
    """Return a problem as the page shows it: its first tests, and those that some sample failed.

    Args:
        task_id: Of the problem.
        problem: None where it can't be read.
        failed: Numbers of tests, from 1.
        missing: Why it can't be read.

    Returns:
        The record; its texts are cut where they are very long.
    """
    tests = problem.tests if problem else ()
    numbers = sorted({*range(1, min(FIRST_TESTS, len(tests)) + 1), *(n for n in failed if 1 <= n <= len(tests))})
    return ShownProblem(
        task_id=one_line(task_id),
        statement=_cut(problem.statement, STATEMENT_CHARS) if problem else "",
        starter_code=_cut(problem.starter_code, STATEMENT_CHARS) if problem else "",
        tests=tuple(
            ShownTest(number=number, input=input_of_test(tests[number - 1]), expected=_expected(tests[number - 1]))
            for number in numbers
        ),
        test_count=len(tests),
        missing=one_line(missing),
    )


def gist(problem: Problem | None) -> str:
    """Return the beginning of a statement.

    Args:
        problem: None where it can't be read.

    Returns:
        One line, empty without a problem.
    """
    words = problem.statement[: 10 * GIST_CHARS].split() if problem else ()
    return one_line(" ".join(words)[:GIST_CHARS])


def shown_sample(
    sample: Sample, evaluation: Evaluation, problem: Problem | None, conditions: Conditions
) -> ShownSample:
    """Return a sample as the page shows it: its program, found anew and known by its hash, or else its completion.

    Args:
        sample: With the completion.
        evaluation: Of that sample.
        problem: That it answers; None where it can't be read.
        conditions: Under which it was judged.

    Returns:
        The record; its texts are cut where they are very long.
    """
    text, left_out = sample.completion, tuple[str, ...]()
    whole = _sha256(text) == evaluation.program_sha256
    if problem and not whole:
        found = program_of(sample, problem, conditions.extraction, conditions.prompt_card)
        # Under another Python extraction may find another program; that one is not what ran.
        if whole := _sha256(found.program) == evaluation.program_sha256:
            text, left_out = found.program, found.discarded
    number, outcome = next(
        ((n, it) for n, it in enumerate(evaluation.per_test, 1) if it.verdict is not Verdict.ACCEPTED), (0, None)
    )
    return ShownSample(
        index=sample.index,
        verdict=evaluation.verdict,
        detail=one_line(evaluation.detail[:DETAIL_CHARS]),
        text=_cut(text, PROGRAM_CHARS),
        whole=whole,
        extraction=one_line(evaluation.extraction),
        complete=evaluation.complete,
        left_out=_bounded(left_out),
        failed=number,
        expected=_cut(outcome.expected, TEST_CHARS) if outcome else "",
        actual=_cut(outcome.actual, TEST_CHARS) if outcome else "",
    )


def _expected(test: Test) -> str:
    match test:
        case StdioTest(expected_stdout=expected):
            return _cut(expected, TEST_CHARS)
        case CallTest(expected=expected):
            try:
                return _cut(repr(expected), TEST_CHARS)
            except (RecursionError, ValueError):  # nested very deep, or an integer of very many digits
                return "a value that is too large to be shown"
    return ""


def _bounded(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the texts as far as they fit; what is blank tells nothing."""
    found, room = list[str](), LEFT_OUT_CHARS
    for text in texts:
        if text.strip() and room > 0:
            found.append(_cut(text, room))
            room -= len(text)
    return tuple(found)


def _cut(text: str, most: int) -> str:
    return readable(text) if len(text) <= most else f"{readable(text[:most])}... ({len(text)} characters)"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
