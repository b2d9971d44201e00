"""Verdicts that another tool recorded are compared with ours."""

from harness.runs.records import Evaluation
from harness.runs.row_store import Place
from harness.scoring.agreement import agreement
from sandbox.records import Verdict


def evaluation(index, verdict):
    """Return an evaluation of a sample of task t by m."""
    return Evaluation(
        policy="m", task_id="t", index=index, difficulty="", completion_sha256="", program_sha256="",
        extraction="whole", discarded_chars=0, complete=True, verdict=verdict, per_test=(), cpu_s=0.0,
        detail="", reused=False,
    )  # fmt: skip


def test_agreement_by_hand():
    """Of four samples one was not recorded and one is a sandbox error; of the other two one agrees."""
    verdicts = (Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.SANDBOX_ERROR, Verdict.WRONG_ANSWER)
    judged = [evaluation(index, verdict) for index, verdict in enumerate(verdicts)]
    recorded = {("m", "t", 0): Place(1, 0), ("m", "t", 1): Place(0, 0), ("m", "t", 2): Place(1, 0)}

    assert list(agreement(recorded, judged, "HumanEval+ v0.1.9")) == [
        "1 of 2 recorded verdicts agree with ours; recorded with HumanEval+ v0.1.9",
        "recorded as wrong, accepted here: sample 1 of t by m",
    ]


def test_nothing_recorded_is_nothing_to_say():
    """No line at all."""
    assert list(agreement({}, [evaluation(0, Verdict.ACCEPTED)])) == []
