"""What people hand in: right programs, and wrong ones of known verdict."""

from collections.abc import Iterator, Mapping
from random import Random

from harness.miniature.slips import Program, slipped, wrong_program
from harness.miniature.tasks import Task
from sandbox.verdict import Verdict

ACCEPTED_SHARE: Mapping[str, float] = {"introductory": 0.6, "interview": 0.45, "competition": 0.35}
"""Difficulty -> share of right programs: the harder, the fewer, as with people."""


def submissions(task: Task, rng: Random, count: int) -> Iterator[Program]:
    """Yield so many programs for a task, some right and some wrong, no two with the same text."""
    right = min(max(1, round(rng.gauss(ACCEPTED_SHARE[task.difficulty], 0.1) * count)), len(task.right), count - 1)
    found = dict.fromkeys(rng.sample(task.right, right), Verdict.ACCEPTED)
    while len(found) < count:
        program = wrong_program(task, rng)
        found.setdefault(program.text, program.verdict)
    yield from (Program(text, found[text]) for text in rng.sample(list(found), count))


def glance(task: Task, rng: Random) -> str:
    """Return a program of the kind that lies about: right with the task's share, else with a slip that may be none."""
    if rng.random() < ACCEPTED_SHARE[task.difficulty]:
        return rng.choice(task.right)
    return slipped(task, rng)
