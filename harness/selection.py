"""Which problems of a benchmark are judged or put to a model: all of them, of one split, or a published set."""

from collections.abc import Mapping

from harness.benchmark import Benchmark
from harness.errors import UserError
from harness.score import Drawn
from harness.survey import Head

Heads = Mapping[str, Head]
"""Heads by task id, in the benchmark's order."""


def of_split(heads: Heads, split: str) -> Heads:
    """Return the heads of one split, or of "all".

    Raises:
        UserError: There are none.
    """
    chosen = {task_id: head for task_id, head in heads.items() if split in {"all", head.split}}
    if not chosen:
        splits = ", ".join(dict.fromkeys(head.split for head in heads.values()))
        raise UserError(f"--split {split}: there is nothing of this split; choose from all, {splits}")
    return chosen


def all_drawn(chosen: Heads, name: str, drawn: Drawn) -> Heads:
    """Return the heads of a published set, or of a shard of it, if there are samples of all its problems.

    Raises:
        UserError: A policy has none of one: what is called by the name of a set must be the whole set.
    """
    for policy in dict.fromkeys(policy for policy, _ in drawn):
        missing = [task_id for task_id in chosen if (policy, task_id) not in drawn]
        if missing:
            raise UserError(
                f"--problem-set {name}: {policy} has no samples of {len(missing)} of its {len(chosen)} problems, task "
                f"{missing[0]} for one; draw them, or leave --problem-set out to judge what is there"
            )
    return chosen


def whole_set(heads: Heads, benchmark: Benchmark, name: str) -> Heads:
    """Return the heads of a published set, given those of all problems; raise UserError if there is no such set."""
    if name not in benchmark.problem_sets:
        known = ", ".join(benchmark.problem_sets) or "none"
        raise UserError(f"--problem-set {name}: {benchmark.name} has no such set; there are: {known}")
    ids = frozenset(benchmark.problem_sets[name](heads.values()))
    return {task_id: head for task_id, head in heads.items() if task_id in ids}
