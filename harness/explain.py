"""Explains the failure of a sample: the program, the test, the expected and the actual answer."""

import difflib
import sys
from collections.abc import Iterable, Iterator

import msgspec

from harness.errors import UserError, no_such
from harness.escapes import code_block
from harness.extraction.program import program_of
from harness.runs.records import Evaluation, Problem, PromptCardId, Sample
from harness.syntax import Grammar
from sandbox.printable import one_line, readable
from sandbox.records import AssertTest, CallTest, StdioTest, Test, ValueTest, Verdict

_SHOWN = 4000
"""Characters of a test that are shown."""
_COMPARED = 1000
"""Lines that are compared; more would take time that grows with their square."""


class FailedTest(msgspec.Struct, frozen=True, kw_only=True):
    """Describes the first test that failed; texts are as long as they are kept, see `TestOutcome`."""

    number: int
    """From 1, among all tests of the problem."""
    verdict: Verdict
    detail: str
    test: str
    """What the program read, the call, or the statement."""
    difference: str
    """Expected against actual as a unified diff; empty where there was nothing to compare."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Describes a sample and its failure."""

    policy: str
    task_id: str
    index: int
    verdict: Verdict
    detail: str
    extraction: str
    discarded: tuple[str, ...]
    """What extraction left out of the completion."""
    discarded_chars: int
    """Of the completion, before they were made readable."""
    complete: bool
    program: str
    tests: int
    failed: FailedTest | None
    """None where all tests passed, or none was reached."""


def choose_evaluation(evaluations: Iterable[Evaluation], policy: str | None, index: int | None) -> Evaluation:
    """Return the evaluation that was requested, of those of one task; by default the first that was not accepted.

    Args:
        evaluations: of one task; of two with one key the later counts.
        policy: None where only one has samples of the task.
        index: of the sample; None for the first that was not accepted, or else the first.

    Returns:
        The one evaluation.

    Raises:
        UserError: There is none, or several policies have samples of this task and none is named.
    """
    found = {evaluation.key: evaluation for evaluation in evaluations}
    policies = sorted({name for name, _, _ in found})
    if policy is None and len(policies) > 1:
        raise UserError(f"several policies have samples of this task; choose with --policy from {', '.join(policies)}")
    of_policy = [evaluation for evaluation in found.values() if policy in {None, evaluation.policy}]
    if not of_policy:
        raise no_such("policy", str(policy), policies, where="--policy")
    if index is None:
        return next((e for e in of_policy if e.verdict is not Verdict.ACCEPTED), of_policy[0])
    indices = {evaluation.index: evaluation for evaluation in of_policy}
    if index not in indices:
        raise UserError(f"--index {index}: no such sample of this task; there are {', '.join(map(str, indices))}")
    return indices[index]


def explain(
    sample: Sample,
    evaluation: Evaluation,
    problem: Problem,
    setting: str,
    card: PromptCardId | None = None,
    *,
    grammar: Grammar | None = None,
) -> Explanation:
    """Explain a sample and its verdict.

    Args:
        sample: with the completion.
        evaluation: of that sample.
        problem: that it answers.
        setting: of extraction under which it was judged.
        card: with which it was generated; None where that is unknown.
        grammar: that parses as the interpreter does which ran the program; None for this one.

    Returns:
        The explanation, in readable text.
    """
    found = program_of(sample, problem, setting, card, grammar)
    return Explanation(
        policy=one_line(sample.policy),
        task_id=one_line(sample.task_id),
        index=sample.index,
        verdict=evaluation.verdict,
        detail=one_line(evaluation.detail),
        extraction=one_line(evaluation.extraction),
        discarded=tuple(map(readable, found.discarded)),
        discarded_chars=sum(map(len, found.discarded)),
        complete=evaluation.complete,
        program=readable(found.program),
        tests=len(problem.tests),
        failed=_first_failure(evaluation, problem),
    )


def _first_failure(evaluation: Evaluation, problem: Problem) -> FailedTest | None:
    outcomes = zip(evaluation.per_test, problem.tests, strict=False)  # they end with the first failure
    for number, (outcome, test) in enumerate(outcomes, 1):
        if outcome.verdict is not Verdict.ACCEPTED:
            return FailedTest(
                number=number,
                verdict=outcome.verdict,
                detail=one_line(outcome.detail),
                test=input_of_test(test),
                difference=difference(outcome.expected, outcome.actual),
            )
    return None


def input_of_test(test: Test) -> str:
    """Return the input of a test as readable text, cut after 4000 characters.

    Args:
        test: of any kind.

    Returns:
        What the program reads, the call, or the statement with its setup.
    """
    match test:
        case AssertTest():
            text = f"{test.setup}\n{test.code}".strip()
        case CallTest() | ValueTest():
            text = _call(test)
        case StdioTest():
            text = test.stdin
    shown = readable(text[:_SHOWN])
    return shown if len(text) <= _SHOWN else f"{shown}... ({len(text)} characters)"


def _call(test: CallTest | ValueTest) -> str:
    try:
        return f"{test.function}({', '.join(map(repr, test.arguments))})"
    except ValueError:
        return f"{test.function}(...), called with an integer of more than {sys.get_int_max_str_digits()} digits"


def difference(expected: str, actual: str) -> str:
    """Return expected against actual as a unified diff of readable text, empty where they are equal.

    Args:
        expected: as the outcome of a test keeps it.
        actual: as the outcome of a test keeps it.

    Returns:
        Lines without a last newline, of the first 1000 lines of both.
    """
    before, after = readable(expected).splitlines(), readable(actual).splitlines()
    if expected != actual and before == after:
        before, after = [repr(expected)], [repr(actual)]  # they differ in how lines end
    lines = difflib.unified_diff(before[:_COMPARED], after[:_COMPARED], "expected", "actual", lineterm="")
    beyond = max(len(before), len(after)) - _COMPARED
    return "\n".join((*lines, *(f"... ({beyond} more lines)" for _ in range(beyond > 0))))


def explanation_markdown(explanation: Explanation) -> str:
    """Return the explanation as a document that reads well on a terminal.

    Args:
        explanation: of one sample.

    Returns:
        The document, without a last newline.
    """
    return "\n".join(_lines(explanation))


def _lines(it: Explanation) -> Iterator[str]:
    yield f"# Task {it.task_id}, sample {it.index} of {it.policy}: {it.verdict}"
    yield from ("", it.detail or "Every test that was judged passed.")
    cut = "" if it.complete else "; the last statement was left out, the model was stopped in it"
    yield from ("", f"Extraction: {it.extraction}, {it.discarded_chars} characters left out{cut}.")
    yield from _block("Program", it.program)
    if it.failed:
        yield from _block(f"Test {it.failed.number} of {it.tests}: {it.failed.verdict}", it.failed.test)
        if it.failed.difference:
            yield from _block("Expected against actual", it.failed.difference)
    for text in it.discarded:
        yield from _block("Left out of the completion", text)


def _block(title: str, text: str) -> Iterator[str]:
    yield from ("", f"## {title}", "", code_block(text))
