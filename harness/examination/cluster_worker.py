"""Judges on a node of a cluster, one process a processor, once the node has shown that it judges alike."""

import os
import re
from collections.abc import Iterable, Iterator
from importlib.metadata import version

import msgspec

from harness.errors import UserError
from harness.examination.evaluate import evaluations_of
from harness.extraction.interpreter import grammar_of
from harness.runs.conditions import allowed_text
from harness.runs.python_json import decode
from harness.runs.records import Evaluation, Problem, PromptCardId, Sample
from sandbox.equal_programs import EqualPrograms, Key
from sandbox.jail import Jail, JailReport, probe
from sandbox.judge import Judge
from sandbox.pool import Case, cores_of
from sandbox.records import Judgement


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Identifies the installation of a judging machine."""

    jail: JailReport
    proctor: str


def credentials(jail: Jail) -> Credentials:
    """Return those of this machine.

    Args:
        jail: as requested; what the host gives of it is part of the credentials.

    Returns:
        The versions of proctor and the examined Python, and the layers.

    Raises:
        Refused: The host can't hold an untrusted program.
    """
    return Credentials(jail=probe(jail), proctor=version("proctor"))


def refuse_unlike_node(node: str, ours: Credentials, theirs: Credentials) -> None:
    """Refuse a node that would judge otherwise than this machine, in whose name the result is stamped.

    Args:
        node: its name, for the error.
        ours: the credentials of this machine.
        theirs: those of the node, which may have stronger layers.

    Raises:
        UserError: A version differs, or a layer is weaker on the node.
    """
    for what, here, there in (
        ("proctor", ours.proctor, theirs.proctor),
        ("the examined Python", ours.jail.python, theirs.jail.python),
        ("what --allow shows", allowed_text(ours.jail.packages), allowed_text(theirs.jail.packages)),
    ):
        if here != there:
            raise UserError(f"node {node}: {what} is {there}, but here {here}; install the same on every node")
    for layer, here in ours.jail.layers.items():
        there = theirs.jail.layers[layer]
        if _strength(there) < _strength(here):
            raise UserError(
                f"node {node}: is isolated more weakly than this machine, {layer} is {there}, but here {here}; "
                "leave the node out, or give up the layer everywhere with --isolation"
            )


def _strength(state: str) -> tuple[bool, bool, int]:
    """Return what grows with the strength of a layer: in force or not, for root's programs too, Landlock's ABI."""
    abi = re.search(r"ABI (\d+)", state)
    return state.startswith("in force"), "user id kept" not in state, int(abi[1]) if abi else 0


_ROWS = msgspec.json.Encoder()
EVALUATIONS = msgspec.json.Decoder(Evaluation)


class JudgingTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Settles the judging of every judge of a run."""

    extraction: str
    card: PromptCardId | None
    jail: Jail
    exhaustive: bool
    reuse: bool


class NodeJudge:
    """Judges on one processor. Its holder calls `start` first; it ends with its process, and its jails with it."""

    def __init__(self, terms: JudgingTerms, number: int, judges_of_node: int) -> None:
        """Take the terms, and which of the node's judges this is, from 0."""
        self._terms = terms
        self._core = cores_of(judges_of_node)[number]
        self._problems = dict[str, Problem]()
        self._equal = EqualPrograms()

    def start(self) -> Credentials:
        """Start the jails and present the credentials.

        Returns:
            Those of the node.

        Raises:
            Refused: The host can't hold an untrusted program.
        """
        found = credentials(self._terms.jail)
        self._judge = Judge(self._terms.jail, self._core)
        if self._core is not None:
            os.sched_setaffinity(0, {self._core})  # this process takes turns with the judge's
        return found

    def evaluate(self, rows: bytes, *problems: Problem) -> bytes:
        """Judge samples of some problems.

        The tests of a problem that came with the call before stay the very same, so its examiner is kept.

        Args:
            rows: the samples, as JSON Lines.
            *problems: all those of the samples, each once.

        Returns:
            The evaluations as JSON Lines, in the order of the samples.
        """
        self._problems = {problem.task_id: self._problems.get(problem.task_id, problem) for problem in problems}
        terms = self._terms
        evaluations = evaluations_of(
            [decode(row, Sample, "a batch") for row in rows.splitlines()], self._problems, self._judge_each,
            extraction=terms.extraction, card=terms.card, exhaustive=terms.exhaustive,
            grammar=grammar_of(terms.jail.python),
        )  # fmt: skip
        return _ROWS.encode_lines(list(evaluations))

    def _judge_each(self, cases: Iterable[Case]) -> Iterator[Judgement]:
        for case in cases:
            first = self._equal.first_of(case.tests, Key(case.program, case.limits, case.exhaustive, case.prelude))
            if first.judgement and self._terms.reuse:
                yield msgspec.structs.replace(first.judgement, reused=True)
            else:
                judgement = self._judge.judge(
                    case.program, case.tests, case.limits, exhaustive=case.exhaustive, prelude=case.prelude
                )
                first.settle(judgement)
                yield judgement

    def close(self) -> None:
        """End the jails, tidily."""
        self._judge.close()
