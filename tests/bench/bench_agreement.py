"""Our verdicts agree with the recorded outcomes of the 7,980 completions of mbpp_n10 on at least 99.8 %.

Every disagreement is listed with its reason, or as unexplained.
"""

import sys
import time

from mbpp_samples import COMPLETIONS, CORES, SANITIZED, Recorded, cases, recorded_samples, skip_without_data

from sandbox.jail import Jail
from sandbox.pool import judge_all
from sandbox.records import Judgement, Verdict

FLOOR = 0.998
TOO_SHORT = (
    "ours is right: it passes every test within 4 x the reference's own CPU time; the recorded runner's fixed limit is "
    "shorter than what the reference itself needs"
)
STRAY_FENCE = "ours is right: the program ends in a stray Markdown fence, which the recorded runner ran as it is"
REASONS = {
    ("123", "timeout", Verdict.ACCEPTED): TOO_SHORT,
    ("231", "error:SyntaxError", Verdict.ACCEPTED): STRAY_FENCE,
}
"""(task id, recorded outcome, our verdict) -> why."""


def main() -> int:
    """Judge every completion, list the disagreements and print the share of agreement."""
    skip_without_data(SANITIZED, COMPLETIONS)
    recorded = recorded_samples()
    started_s = time.monotonic()
    judgements = list(judge_all(cases(recorded), Jail(), CORES))
    seconds = time.monotonic() - started_s
    disagreeing = [
        (row, judgement)
        for row, judgement in zip(recorded, judgements, strict=True)
        if row.passed is not (judgement.verdict is Verdict.ACCEPTED)
    ]
    for row, judgement in disagreeing:
        print(listed(row, judgement))
    agreement = 1 - len(disagreeing) / len(recorded)
    unexplained = sum(reason(row, judgement) is None for row, judgement in disagreeing)
    print(
        f"{len(recorded)} samples in {seconds:.1f} s on {CORES} workers: {agreement:.3%} agree (at least {FLOOR:.1%}), "
        f"{len(disagreeing)} disagree, {unexplained} of them unexplained"
    )
    return 0 if agreement >= FLOOR else 1


def reason(row: Recorded, judgement: Judgement) -> str | None:
    """Return why the two differ, where we know."""
    return REASONS.get((row.sample.task_id, row.outcome, judgement.verdict))


def listed(row: Recorded, judgement: Judgement) -> str:
    """Return one disagreement as a line."""
    sample = row.sample
    ours = f"{judgement.verdict} {judgement.detail}".rstrip()
    why = reason(row, judgement) or "UNEXPLAINED"
    return f"task {sample.task_id}, {sample.policy} {sample.index}: recorded {row.outcome}, ours {ours} | {why}"


if __name__ == "__main__":
    sys.exit(main())
