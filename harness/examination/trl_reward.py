"""Offers our judge as a reward function, with the signature of TRL's trainers.

    GRPOTrainer(reward_funcs=judged_reward(mini.problems(None)), ...)

The data set needs a column `task_id` beside its prompts. See examples/trl_grpo.py.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from harness.errors import UserError
from harness.extraction.interpreter import grammar_of
from harness.extraction.program import SETTINGS, prelude_of, program_of
from harness.runs.records import Problem, PromptCardId, Sample
from sandbox.jail import Jail
from sandbox.pool import Case, judge_all
from sandbox.records import Verdict

Text = str | Sequence[Mapping[str, Any]]
"""A text, or the messages of a chat."""

ACCEPTED_OR_NOT: Mapping[Verdict, float] = {
    verdict: float(verdict is Verdict.ACCEPTED) for verdict in Verdict if verdict is not Verdict.SANDBOX_ERROR
}
_JAIL = Jail()


def judged_reward(
    problems: Mapping[str, Problem],
    *,
    rewards: Mapping[Verdict, float] = ACCEPTED_OR_NOT,
    card: PromptCardId | None = None,
    extraction: str = SETTINGS[0],
    jail: Jail = _JAIL,
    workers: int | None = None,
    reuse: bool = True,
) -> Callable[..., list[float | None]]:
    """Return a function that has completions judged in the sandbox and returns a reward for each.

    It takes `prompts`, `completions` and the column `task_id`, of equal length, all by name, and ignores other columns.

    Args:
        problems: those that task ids name.
        rewards: of each verdict; a completion whose verdict has none gets None, which TRL leaves out. By default 1
            for accepted programs, and 0 for others.
        card: of the prompts, whose stop strings end a completion.
        extraction: completion to program, one of `harness.extraction.program.SETTINGS`.
        jail: where the programs run.
        workers: programs judged at once; by default one for each core.
        reuse: whether equal programs of a task are judged once.

    Returns:
        The function; its list has a reward or None for each completion, in their order.

    Raises:
        UserError: A fault of the sandbox is to have a reward, or later: a task id is unknown.
    """
    if Verdict.SANDBOX_ERROR in rewards:
        raise UserError("a sandbox error says nothing of a program and can't have a reward; leave it out")
    at_once, grammar = workers or len(os.sched_getaffinity(0)), grammar_of(jail.python)

    def judged(
        *, prompts: Sequence[Text], completions: Sequence[Text], task_id: Sequence[str], **_columns: object
    ) -> list[float | None]:
        def cases() -> Iterator[Case]:
            for index, (prompt, completion, task) in enumerate(zip(prompts, completions, task_id, strict=True)):
                problem = _problem(problems, task)
                sample = Sample(
                    policy="",
                    task_id=task,
                    index=index,
                    completion=_last_text(completion),
                    prompt=prompt if isinstance(prompt, str) else "",
                )
                found = program_of(sample, problem, extraction, card, grammar)
                prelude = prelude_of(found.program, problem, grammar)
                yield Case(program=found.program, tests=problem.tests, limits=problem.limits, prelude=prelude)

        return [rewards.get(judgement.verdict) for judgement in judge_all(cases(), jail, at_once, reuse=reuse)]

    return judged


def _problem(problems: Mapping[str, Problem], task_id: str) -> Problem:
    try:
        return problems[task_id]
    except KeyError:
        raise UserError(f"task {task_id!r} is not among the problems; check the data set's column task_id") from None


def _last_text(completion: Text) -> str:
    """Return what a completion says: of a chat, the last message."""
    return completion if isinstance(completion, str) else str(completion[-1]["content"])
