"""Compares our verdicts with those that another tool recorded."""

from collections.abc import Iterable, Iterator, Mapping

from harness.runs.records import Evaluation, SampleKey
from harness.runs.row_store import Place
from sandbox.records import Verdict

_SHOWN = 5


def agreement(
    recorded: Mapping[SampleKey, Place], evaluations: Iterable[Evaluation], version: str = ""
) -> Iterator[str]:
    """Say how many recorded verdicts agree with ours, and which of the first don't.

    Args:
        recorded: line 1 of a place is right, 0 is wrong.
        evaluations: of a run; those without a recorded verdict, and sandbox errors, don't count.
        version: of the problems that the other tool used, "" where it is unknown.

    Yields:
        Lines for the user, none where nothing was recorded.
    """
    count = same = 0
    others: list[str] = []
    for evaluation in evaluations:
        place = recorded.get(evaluation.key)
        if place is None or evaluation.verdict is Verdict.SANDBOX_ERROR:
            continue
        count += 1
        passed, accepted = place.line == 1, evaluation.verdict is Verdict.ACCEPTED
        same += passed == accepted
        if passed != accepted and len(others) < _SHOWN:
            others.append(
                f"recorded as {'right' if passed else 'wrong'}, {evaluation.verdict} here: sample {evaluation.index} "
                f"of {evaluation.task_id} by {evaluation.policy}"
            )
    if count:
        yield f"{same} of {count} recorded verdicts agree with ours{f'; recorded with {version}' if version else ''}"
        yield from others
