"""A judge of a cluster's node, without the cluster: what it judges itself, and what it knows from before."""

import msgspec
import pytest

from harness.examination.cluster_worker import EVALUATIONS, JudgingTerms, NodeJudge
from harness.runs.jsonl import as_row
from sandbox.jail import Jail
from sandbox.records import Judgement, Verdict


class Stub:
    """Accepts every program; those of one task run out of time."""

    def __init__(self):
        """Have judged nothing."""
        self.judged = []

    def judge(self, program, tests, limits, *, exhaustive, prelude):  # noqa: ARG002 - as a judge has it
        """Note the program, and judge it."""
        self.judged.append(program)
        verdict = Verdict.TIME_LIMIT if "slow" in program else Verdict.ACCEPTED
        return Judgement(verdict=verdict, per_test=(), cpu_s=float(len(self.judged)))


@pytest.mark.parametrize(
    ("reuse", "judged", "reused"),
    [
        (True, ["one", "slow", "slow", "two"], [False, True, False, False, False, True, True]),
        (False, None, [False] * 7),
    ],
)
def test_equal_programs_are_judged_once_across_batches(make_problem, make_sample, reuse, judged, reused):
    """But those that ran out of time, and none where that is asked for."""
    terms = JudgingTerms(extraction="whole", card=None, jail=Jail(), exhaustive=False, reuse=reuse)
    node, problem = NodeJudge(terms, 0, 1), make_problem("1")
    node._judge = stub = Stub()  # noqa: SLF001 - a real one needs a jail
    programs = ["one", "one", "slow", "slow", "two", "two", "one"]
    samples = [make_sample("1", index, completion=program) for index, program in enumerate(programs)]

    found = [
        evaluation
        for batch in (samples[:4], samples[4:])
        for evaluation in EVALUATIONS.decode_lines(
            node.evaluate(b"".join(map(as_row, batch)), msgspec.structs.replace(problem))
        )
    ]

    assert stub.judged == (judged or programs)
    assert [evaluation.reused for evaluation in found] == reused
    assert [evaluation.verdict == "time_limit" for evaluation in found] == [program == "slow" for program in programs]
