"""Scores evaluations: pure functions, the same bytes for the same evaluations in any order.

Evaluations are counted as they come by and not kept, so there may be more of them than memory. Problems are counted by
difficulty and by kind of test: the subsets that every table of results has.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

import msgspec

from harness.benchmarks.problem_info import ProblemInfo, ProblemInfos
from harness.errors import UserError
from harness.runs.records import Evaluation, Repetition, Result, Run, Score, Tally, Usage, VerdictShare
from harness.runs.row_store import SampleCounts
from harness.scoring.intervals import interval_over, redrawn_interval
from harness.scoring.passk import mean_pass_at_k, pass_at_k
from harness.scoring.votes import VOTED_KINDS, answers_key, votes
from sandbox.records import Verdict
from sandbox.verdicts import absent_package

ALL = "all"
"""Every difficulty, or every kind."""


class Subset(NamedTuple):
    """Names a difficulty and a kind of test; either may be "all"."""

    difficulty: str
    kind: str


def by_subset(tallies: Iterable[Tally]) -> Mapping[Subset, tuple[Tally, ...]]:
    """Return the problems of each subset: all, then each difficulty, each kind, and each pair that has problems.

    Args:
        tallies: of the problems, in the benchmark's order.

    Returns:
        The tallies of each subset. Difficulties and kinds come in the order of the tallies; problems without a
        difficulty are among "all" only.
    """
    found = defaultdict[Subset, list[Tally]](list)
    for tally in tallies:
        for difficulty in filter(None, (ALL, tally.difficulty)):
            for kind in (ALL, tally.kind):
                found[Subset(difficulty, kind)].append(tally)
    return {subset: tuple(found[subset]) for subset in sorted(found, key=_breadth)}


def _breadth(subset: Subset) -> tuple[bool, bool]:
    """Sort what is wider to the front; sorting leaves the order of equals alone."""
    return subset.kind != ALL, subset.difficulty != ALL


_Counts = Mapping[str, Counter[Verdict]]
"""Numbers of verdicts by task id."""


def refuse_short(counts: SampleCounts, ks: Sequence[int]) -> None:
    """Refuse a task with fewer samples than tries allowed: its pass@k is undefined.

    Args:
        counts: samples by policy and task.
        ks: numbers of tries.

    Raises:
        UserError: There is such a task.
    """
    k = max(ks)
    for (policy, task_id), n in counts.items():
        if n < k:
            raise UserError(
                f"task {task_id} has n = {n} samples by {policy}, too few for pass@k with k = {k}; "
                f"generate more, or give --k {n} or lower"
            )


def score(
    evaluations: Iterable[Evaluation], infos: ProblemInfos, run: Run, usage: Mapping[str, Usage]
) -> tuple[Result, ...]:
    """Return the scores of each policy.

    Samples with a sandbox error are counted as such and left out of n; a task that has fewer than k samples only
    because of that is left out of that mean.

    Args:
        evaluations: of all samples of the run, in any order; consumed one by one.
        infos: of the problems, in the benchmark's order.
        run: the record of the run: its k and its conditions.
        usage: tokens and finish reasons, by policy.

    Returns:
        One result a policy, sorted by policy.

    Raises:
        UserError: A task has fewer samples than the largest k.
    """
    found = defaultdict[str, defaultdict[str, Counter[Verdict]]](lambda: defaultdict(Counter))
    extracted = defaultdict[str, Counter[tuple[str, bool]]](Counter)
    firsts = defaultdict[str, dict[str, str]](dict)
    varied = defaultdict[str, set[str]](set)
    absent = defaultdict[str, Counter[str]](Counter)
    wrong = defaultdict[str, defaultdict[str, Counter[bytes]]](lambda: defaultdict(Counter))
    for evaluation in evaluations:
        if package := absent_package(evaluation.verdict, evaluation.detail):
            count_package(absent[evaluation.policy], package)
        found[evaluation.policy][evaluation.task_id][evaluation.verdict] += 1
        extracted[evaluation.policy][evaluation.extraction, evaluation.complete] += 1
        if run.conditions.exhaustive and votes(evaluation):
            wrong[evaluation.policy][evaluation.task_id][answers_key(evaluation)] += 1
        first = firsts[evaluation.policy].setdefault(evaluation.task_id, evaluation.completion_sha256)
        if first != evaluation.completion_sha256:
            varied[evaluation.policy].add(evaluation.task_id)
    refuse_short(
        {(policy, task): of_task.total() for policy in found for task, of_task in found[policy].items()}, run.k
    )
    return tuple(
        msgspec.structs.replace(
            _result(
                policy,
                found[policy],
                extracted[policy],
                varied[policy],
                wrong[policy],
                infos=infos,
                run=run,
                usage=usage[policy],
            ),
            absent_packages=dict(sorted(absent[policy].items())),
        )
        for policy in sorted(found)
    )


_MOST_PACKAGES = 1000


def count_package(counts: Counter[str], package: str) -> None:
    """Count a package, and keep the first 1000 names: programs may make up any number of them.

    A name that is dropped never comes back, since those before it stay; so the order of counting does not matter.

    Args:
        counts: of packages so far.
        package: to be counted.
    """
    counts[package] += 1
    if len(counts) > _MOST_PACKAGES:
        del counts[max(counts)]


def _result(
    policy: str,
    found: _Counts,
    extracted: Counter[tuple[str, bool]],
    varied: Collection[str],
    wrong: Mapping[str, Counter[bytes]],
    *,
    infos: ProblemInfos,
    run: Run,
    usage: Usage,
) -> Result:
    tallies = tuple(
        _tally(info, found[info.task_id], wrong.get(info.task_id, Counter()), run)
        for info in infos.values()
        if info.task_id in found
    )
    subsets = by_subset(tallies)
    rules = sorted({rule for rule, _ in extracted})
    return Result(
        policy=policy,
        conditions=msgspec.structs.replace(run.conditions, samples=max(counts.total() for counts in found.values())),
        usage=usage,
        verdict_counts={verdict: sum(counts[verdict] for counts in found.values()) for verdict in Verdict},
        extraction_counts={rule: extracted[rule, True] + extracted[rule, False] for rule in rules},
        cut_off=sum(count for (_, complete), count in extracted.items() if not complete),
        repetition=_repetition(found, varied),
        scores=tuple(_scores(subsets, run.k)),
        verdict_shares=tuple(_shares(subsets, found)),
        tallies=tallies,
    )


def _repetition(found: _Counts, varied: Collection[str]) -> Repetition:
    several = {task_id for task_id, counts in found.items() if counts.total() > 1}
    return Repetition(problems=len(several), equal=len(several.difference(varied)))


def _tally(info: ProblemInfo, counts: Counter[Verdict], wrong: Counter[bytes], run: Run) -> Tally:
    is_known = run.conditions.exhaustive and info.kind in VOTED_KINDS
    return Tally(
        task_id=info.task_id,
        difficulty=info.difficulty,
        kind=info.kind,
        date=info.date,
        family=info.family,
        n=counts.total() - counts[Verdict.SANDBOX_ERROR],
        c=counts[Verdict.ACCEPTED],
        lost=counts[Verdict.SANDBOX_ERROR],
        answers=tuple(sorted(wrong.values(), reverse=True)) if is_known else None,
    )


def by_month(tallies: Iterable[Tally], ks: Iterable[int]) -> Mapping[str, tuple[Score, ...]]:
    """Return the scores of each month in which problems were published, the earliest first.

    Args:
        tallies: of the problems; those without a date are left out.
        ks: numbers of tries.

    Returns:
        Month, such as 2024-08 -> its scores, over all difficulties and kinds.
    """
    months = defaultdict[str, list[Tally]](list)
    for tally in tallies:
        if tally.date:
            months[tally.date[:7]].append(tally)
    every = Subset(ALL, ALL)
    return {month: tuple(_scores({every: found}, ks)) for month, found in sorted(months.items())}


def _scores(subsets: Mapping[Subset, Sequence[Tally]], ks: Iterable[int]) -> Iterator[Score]:
    """Yield mean pass@k; a problem with fewer than `k` judged samples has none and is left out."""
    for k in ks:
        for (difficulty, kind), tallies in subsets.items():
            if judged := [tally for tally in tallies if tally.n >= k]:
                values = [pass_at_k(tally.n, tally.c, k) for tally in judged]
                low, high = interval_over(judged, values, k)
                value = float(mean_pass_at_k(((tally.n, tally.c) for tally in judged), k))
                redrawn = redrawn_interval([(tally.n, tally.c) for tally in judged], k, value)
                yield Score(
                    difficulty=difficulty, kind=kind, k=k, value=value, low=low, high=high,
                    redrawn_low=redrawn and redrawn.low, redrawn_high=redrawn and redrawn.high, problems=len(values),
                )  # fmt: skip


def _shares(subsets: Mapping[Subset, Sequence[Tally]], found: _Counts) -> Iterator[VerdictShare]:
    for (difficulty, kind), tallies in subsets.items():
        judged = [tally for tally in tallies if tally.n]
        for verdict in Verdict:
            counts = [found[tally.task_id][verdict] for tally in judged]
            if any(counts) and verdict is not Verdict.SANDBOX_ERROR:
                values = [count / tally.n for count, tally in zip(counts, judged, strict=True)]
                low, high = interval_over(judged, values, 1)
                yield VerdictShare(
                    difficulty=difficulty, kind=kind, verdict=verdict, samples=sum(counts),
                    value=fmean(values), low=low, high=high,
                )  # fmt: skip
