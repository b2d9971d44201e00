"""A judge on a node of a cluster: what runs there, one process a processor."""

import os
from collections.abc import Iterable, Iterator

import msgspec

from harness.credentials import Credentials, credentials
from harness.evaluate import evaluations_of
from harness.records import Evaluation, Problem, PromptCardId, Sample
from sandbox.jail import Jail
from sandbox.judge import Judge
from sandbox.judgement import Judgement
from sandbox.pool import Case, cores_of

_SAMPLES = msgspec.json.Decoder(Sample)
_ROWS = msgspec.json.Encoder()
EVALUATIONS = msgspec.json.Decoder(Evaluation)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How every judge of a run judges."""

    extraction: str
    card: PromptCardId | None
    jail: Jail
    exhaustive: bool


class NodeJudge:
    """One judge. Whoever holds it calls `start` first; it ends with its process, and its jails with it."""

    def __init__(self, terms: Terms, number: int, judges_of_node: int) -> None:
        """Take the terms, and which of the node's judges this is, from 0."""
        self._terms = terms
        self._core = cores_of(judges_of_node)[number]
        self._problems = dict[str, Problem]()

    def start(self) -> Credentials:
        """Start the jails and present the credentials; raise Refused where the host offers too little."""
        found = credentials(self._terms.jail)
        self._judge = Judge(self._terms.jail, self._core)
        if self._core is not None:
            os.sched_setaffinity(0, {self._core})  # this process takes turns with the judge's
        return found

    def evaluate(self, rows: bytes, *problems: Problem) -> bytes:
        """Judge samples, as JSON Lines, of some problems; return the evaluations as JSON Lines, in their order.

        The tests of a problem that came with the call before stay the very same, so its examiner is kept.
        """
        self._problems = {problem.task_id: self._problems.get(problem.task_id, problem) for problem in problems}
        terms = self._terms
        evaluations = evaluations_of(
            _SAMPLES.decode_lines(rows), self._problems, self._judge_each,
            extraction=terms.extraction, card=terms.card, exhaustive=terms.exhaustive,
        )  # fmt: skip
        return _ROWS.encode_lines(list(evaluations))

    def _judge_each(self, cases: Iterable[Case]) -> Iterator[Judgement]:
        for case in cases:
            yield self._judge.judge(case.program, case.tests, case.limits, exhaustive=case.exhaustive)

    def close(self) -> None:
        """End the jails, tidily."""
        self._judge.close()
