"""Evaluations -> results: pure functions, the same bytes for the same evaluations in any order.

Evaluations are counted as they come by and not kept, so there may be more of them than memory.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean

from harness.errors import UserError
from harness.intervals import mean_interval
from harness.passk import pass_at_k
from harness.records import Evaluation, Result, Run, Sample, Score, Tally, Usage, VerdictShare
from harness.strata import Stratum, by_stratum
from harness.survey import Head, fingerprint
from sandbox.verdict import Verdict

Drawn = Mapping[tuple[str, str], int]
"""Samples by (policy, task id)."""

Found = Mapping[str, Counter[Verdict]]
"""Verdicts by task id."""


def drawn_of(samples: Iterable[Sample]) -> Drawn:
    """Count the samples of each policy and task."""
    return Counter((sample.policy, sample.task_id) for sample in samples)


def usage_of(samples: Iterable[Sample]) -> Mapping[str, Usage]:
    """Add up what drawing the samples of each policy took."""
    spent = defaultdict[str, dict[str, int | None]](lambda: {"prompt_tokens": 0, "tokens": 0})
    ended = defaultdict[str, Counter[str]](Counter)
    for sample in samples:
        of_policy = spent[sample.policy]
        for field, before in of_policy.items():
            tokens = getattr(sample, field)
            of_policy[field] = None if before is None or tokens is None else before + tokens
        ended[sample.policy][sample.finish_reason or "unknown"] += 1
    return {
        policy: Usage(**of_policy, finish_counts=dict(sorted(ended[policy].items())))
        for policy, of_policy in spent.items()
    }


def refuse_short(drawn: Drawn, ks: Sequence[int]) -> None:
    """Raise UserError where a task has fewer samples than tries allowed: its pass@k is undefined."""
    k = max(ks)
    for (policy, task_id), n in drawn.items():
        if n < k:
            raise UserError(
                f"task {task_id} has n = {n} samples by {policy}, too few for pass@k with k = {k}; "
                f"draw more, or ask for --k {n} or lower"
            )


def score(
    evaluations: Iterable[Evaluation], heads: Mapping[str, Head], run: Run, usage: Mapping[str, Usage]
) -> tuple[Result, ...]:
    """Return one result a policy, sorted by policy; `usage` is that of each policy.

    Samples with a sandbox error are counted as such and left out of n; a task that has fewer than k samples only
    because of that is left out of that mean.

    Raises:
        UserError: A task has fewer samples than the largest k.
    """
    found = defaultdict[str, defaultdict[str, Counter[Verdict]]](lambda: defaultdict(Counter))
    extracted = defaultdict[str, Counter[tuple[str, bool]]](Counter)
    for evaluation in evaluations:
        found[evaluation.policy][evaluation.task_id][evaluation.verdict] += 1
        extracted[evaluation.policy][evaluation.extraction, evaluation.complete] += 1
    refuse_short(
        {(policy, task): of_task.total() for policy in found for task, of_task in found[policy].items()}, run.k
    )
    return tuple(
        _result(policy, found[policy], extracted[policy], heads=heads, run=run, usage=usage[policy])
        for policy in sorted(found)
    )


def _result(
    policy: str,
    found: Found,
    extracted: Counter[tuple[str, bool]],
    *,
    heads: Mapping[str, Head],
    run: Run,
    usage: Usage,
) -> Result:
    tallies = tuple(_tally(head, found[head.task_id]) for head in heads.values() if head.task_id in found)
    strata = by_stratum(tallies)
    rules = sorted({rule for rule, _ in extracted})
    return Result(
        policy=policy,
        benchmark=run.benchmark,
        problem_set=run.problem_set,
        splits=run.splits,
        shard=run.shard,
        problems_sha256=fingerprint(run.problems),
        prompt_card=run.prompt_card,
        sampling=run.sampling,
        producer=run.producer,
        usage=usage,
        extraction=run.extraction,
        limits=run.limits,
        limits_file=run.limits_file,
        isolation=run.isolation,
        python=run.python,
        proctor=run.proctor,
        verdict_counts={verdict: sum(counts[verdict] for counts in found.values()) for verdict in Verdict},
        extraction_counts={rule: extracted[rule, True] + extracted[rule, False] for rule in rules},
        cut_off=sum(count for (_, complete), count in extracted.items() if not complete),
        scores=tuple(_scores(strata, run.k)),
        verdict_shares=tuple(_shares(strata, found)),
        tallies=tallies,
    )


def _tally(head: Head, counts: Counter[Verdict]) -> Tally:
    return Tally(
        task_id=head.task_id,
        difficulty=head.difficulty,
        kind=head.kind,
        n=counts.total() - counts[Verdict.SANDBOX_ERROR],
        c=counts[Verdict.ACCEPTED],
    )


def _scores(strata: Mapping[Stratum, Sequence[Tally]], ks: Iterable[int]) -> Iterator[Score]:
    """Yield mean pass@k; a problem with fewer than `k` judged samples has none and is left out."""
    for k in ks:
        for (difficulty, kind), tallies in strata.items():
            if judged := [tally for tally in tallies if tally.n >= k]:
                values = [pass_at_k(tally.n, tally.c, k) for tally in judged]
                low, high = mean_interval(values, trials=sum(tally.n // k for tally in judged))
                yield Score(
                    difficulty=difficulty, kind=kind, k=k, value=fmean(values), low=low, high=high, problems=len(values)
                )


def _shares(strata: Mapping[Stratum, Sequence[Tally]], found: Found) -> Iterator[VerdictShare]:
    for (difficulty, kind), tallies in strata.items():
        judged = [tally for tally in tallies if tally.n]
        for verdict in Verdict:
            counts = [found[tally.task_id][verdict] for tally in judged]
            if any(counts) and verdict is not Verdict.SANDBOX_ERROR:
                values = [count / tally.n for count, tally in zip(counts, judged, strict=True)]
                low, high = mean_interval(values, trials=sum(tally.n for tally in judged))
                yield VerdictShare(
                    difficulty=difficulty, kind=kind, verdict=verdict, samples=sum(counts),
                    value=fmean(values), low=low, high=high,
                )  # fmt: skip
