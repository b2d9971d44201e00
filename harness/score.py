"""Evaluations -> results: pure functions, the same bytes for the same evaluations in any order."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean

from harness.errors import UserError
from harness.intervals import mean_interval
from harness.passk import by_difficulty
from harness.records import Evaluation, Problem, Result, Run, Sample, Score, Tally
from sandbox.verdict import Verdict


def refuse_short(samples: Iterable[Sample | Evaluation], ks: Sequence[int]) -> None:
    """Raise UserError where a task has fewer samples than tries allowed: its pass@k is undefined."""
    k = max(ks)
    drawn = Counter((sample.policy, sample.task_id) for sample in samples)
    for (policy, task_id), n in drawn.items():
        if n < k:
            raise UserError(
                f"task {task_id} has n = {n} samples by {policy}, too few for pass@k with k = {k}; "
                f"draw more, or ask for --k {n} or lower"
            )


def score(evaluations: Sequence[Evaluation], problems: Mapping[str, Problem], run: Run) -> tuple[Result, ...]:
    """Return one result a policy, sorted by policy.

    Samples with a sandbox error are counted as such and left out of n; a task that has fewer than k samples only
    because of that is left out of that mean.

    Raises:
        UserError: A task has fewer samples than the largest k.
    """
    refuse_short(evaluations, run.k)
    by_policy = dict[str, list[Evaluation]]()
    for evaluation in evaluations:
        by_policy.setdefault(evaluation.policy, []).append(evaluation)
    return tuple(_result(policy, by_policy[policy], problems, run) for policy in sorted(by_policy))


def _result(policy: str, evaluations: Sequence[Evaluation], problems: Mapping[str, Problem], run: Run) -> Result:
    found = Counter(evaluation.verdict for evaluation in evaluations)
    tallies = tuple(_tallies(evaluations, problems))
    return Result(
        policy=policy,
        benchmark=run.benchmark,
        splits=run.splits,
        problems_sha256=run.problems_sha256,
        limits=run.limits,
        isolation=run.isolation,
        python=run.python,
        proctor=run.proctor,
        verdict_counts={verdict: found[verdict] for verdict in Verdict},
        tallies=tallies,
        scores=tuple(_scores(tallies, run.k)),
    )


def _tallies(evaluations: Iterable[Evaluation], problems: Mapping[str, Problem]) -> Iterator[Tally]:
    """Count the samples of each task, in the benchmark's order."""
    counts = Counter((evaluation.task_id, evaluation.verdict) for evaluation in evaluations)
    named = {task_id for task_id, _ in counts}
    for problem in problems.values():
        if problem.task_id in named:
            yield Tally(
                task_id=problem.task_id,
                difficulty=problem.difficulty,
                n=sum(counts[problem.task_id, verdict] for verdict in Verdict if verdict != Verdict.SANDBOX_ERROR),
                c=counts[problem.task_id, Verdict.ACCEPTED],
            )


def _scores(tallies: Sequence[Tally], ks: Iterable[int]) -> Iterator[Score]:
    for k in ks:
        for difficulty, values in by_difficulty(tallies, k).items():
            low, high = mean_interval(values)
            yield Score(difficulty=difficulty, k=k, value=fmean(values), low=low, high=high, problems=len(values))
