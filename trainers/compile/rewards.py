"""Rewards statuses: by the paper's table, or the user's own, with extra terms for time, memory and size."""

import math
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from statistics import median
from typing import Protocol

import msgspec

from harness.errors import UserError
from sandbox.records import Verdict


class Status(StrEnum):
    """Names the statuses that CodeNet's judges give."""

    ACCEPTED = "Accepted"
    WRONG_ANSWER = "Wrong Answer"
    PRESENTATION_ERROR = "WA: Presentation Error"
    TIME_LIMIT = "Time Limit Exceeded"
    RUNTIME_ERROR = "Runtime Error"
    COMPILE_ERROR = "Compile Error"
    MEMORY_LIMIT = "Memory Limit Exceeded"
    OUTPUT_LIMIT = "Output Limit Exceeded"
    NOT_AVAILABLE = "Judge Not Available"
    WAITING = "Waiting for Judging"
    WAITING_AGAIN = "Waiting for Re-judging"
    INTERNAL_ERROR = "Internal Error"
    SYSTEM_ERROR = "Judge System Error"


JUDGE_SIDE = frozenset(
    {Status.NOT_AVAILABLE, Status.WAITING, Status.WAITING_AGAIN, Status.INTERNAL_ERROR, Status.SYSTEM_ERROR}
)
"""Statuses that say nothing of the program; no table may reward them."""

OF_VERDICT: Mapping[Verdict, Status] = {
    Verdict.ACCEPTED: Status.ACCEPTED,
    Verdict.WRONG_ANSWER: Status.WRONG_ANSWER,
    Verdict.RUNTIME_ERROR: Status.RUNTIME_ERROR,
    Verdict.OUTPUT_LIMIT: Status.OUTPUT_LIMIT,
    Verdict.MEMORY_LIMIT: Status.MEMORY_LIMIT,
    Verdict.TIME_LIMIT: Status.TIME_LIMIT,
    Verdict.COMPILE_ERROR: Status.COMPILE_ERROR,
    Verdict.SANDBOX_ERROR: Status.SYSTEM_ERROR,
}
"""Our verdicts in CodeNet's words, so that one table serves both."""

RESOURCE_LIMIT_REWARD = -0.6


class MeasuredProgram(Protocol):
    """Requires the measurements of a program; an unknown one is None."""

    @property
    def cpu_time_ms(self) -> float | None: ...  # noqa: D102 - said above
    @property
    def memory_kb(self) -> float | None: ...  # noqa: D102
    @property
    def code_size_bytes(self) -> float | None: ...  # noqa: D102


class RewardTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Weighs extra terms for accepted programs, 0 for none.

    A term is weight x (1 - value / median), cut to [-weight, weight]; the median is that of the problem's accepted
    programs. So a program that takes twice the usual time loses the weight, one that takes half of it gains half the
    weight. An unknown value gives 0.
    """

    cpu_time: float = 0.0
    memory: float = 0.0
    code_size: float = 0.0


class RewardTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Maps statuses to rewards; submissions of other statuses are dropped and counted."""

    rewards: dict[Status, float]
    terms: RewardTerms = RewardTerms()

    def reasons_against(self) -> Iterable[str]:
        """Yield the faults of the table: methods know accepted from rejected by the sign of the reward."""
        numbers = (*self.rewards.values(), *msgspec.structs.astuple(self.terms))
        if not all(map(math.isfinite, numbers)):
            yield "every number must be finite"
        accepted = self.rewards.get(Status.ACCEPTED, 0.0)
        if not accepted > 0:
            yield f"{Status.ACCEPTED!s} must have a reward above 0"
        rejected = {status: reward for status, reward in self.rewards.items() if status != Status.ACCEPTED}
        if not rejected:
            yield "at least one other status must have a reward"
        for status, reward in rejected.items():
            if status in JUDGE_SIDE:
                yield f"{status!s} says nothing of the program and can't have a reward"
            elif reward > 0:
                yield f"{status!s} must have a reward of at most 0"
        if sum(map(abs, msgspec.structs.astuple(self.terms))) >= accepted:
            yield "the weights of the terms must add up to less than the reward of Accepted"


PAPER = RewardTable(
    rewards={
        Status.ACCEPTED: 1.0,
        Status.WRONG_ANSWER: -0.1,
        Status.PRESENTATION_ERROR: -0.1,
        Status.TIME_LIMIT: -0.5,
        Status.RUNTIME_ERROR: -0.6,
        Status.COMPILE_ERROR: -1.0,
    }
)
"""The table of "Efficient post-training of LLMs for code generation with offline reinforcement learning"."""


def read_table(path: Path) -> RewardTable:
    """Read a table of the user's own, with nothing of the paper's: a status that it does not name is dropped.

    The file is TOML: `[rewards]` with lines such as `"Wrong Answer" = -0.1`, and, if wanted, `[terms]` with weights for
    `cpu_time`, `memory` and `code_size`.

    Args:
        path: The file.

    Returns:
        The table, which `RewardTable.reasons_against` has nothing against.

    Raises:
        UserError: There is no such file, it is not of this form, or the table makes no sense.
    """
    try:
        table = msgspec.toml.decode(path.read_bytes(), type=RewardTable)
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}; --rewards names a TOML file") from error
    except ValueError as error:
        raise UserError(f"{path}: {error}; see `[rewards]` in proctor compile codenet --help") from error
    for reason in table.reasons_against():
        raise UserError(f"{path}: {reason}; correct it")
    return table


def with_resource_limits(table: RewardTable) -> RewardTable:
    """Return the table with a reward of -0.6 for the memory and the output limit.

    Args:
        table: Its own rewards of these statuses stay.

    Returns:
        A copy.
    """
    limits = dict.fromkeys((Status.MEMORY_LIMIT, Status.OUTPUT_LIMIT), RESOURCE_LIMIT_REWARD)
    return msgspec.structs.replace(table, rewards=limits | table.rewards)


def usual(accepted: Sequence[MeasuredProgram]) -> dict[str, float]:
    """Return the median of each quantity over the accepted programs of a problem.

    Args:
        accepted: The programs; unknown quantities don't count.

    Returns:
        cpu_time (milliseconds), memory (kB) and code_size (bytes), as far as one program has each.
    """
    known = {
        "cpu_time": [program.cpu_time_ms for program in accepted],
        "memory": [program.memory_kb for program in accepted],
        "code_size": [program.code_size_bytes for program in accepted],
    }
    found = {name: [value for value in values if value is not None] for name, values in known.items()}
    return {name: median(values) for name, values in found.items() if values}


def reward_of(status: Status, program: MeasuredProgram, table: RewardTable, medians: Mapping[str, float]) -> float:
    """Return the reward of a program: that of its status, and for an accepted one the extra terms.

    Args:
        status: The program's.
        program: Its measurements.
        table: Rewards of the statuses, and weights of the terms.
        medians: Those of the problem's accepted programs; see `usual`.

    Returns:
        The reward; with a table as of `read_table` it is above 0 for accepted programs only.

    Raises:
        KeyError: The table has no reward for this status.
    """
    reward = table.rewards[status]
    if status != Status.ACCEPTED:
        return reward
    terms = table.terms
    return (
        reward
        + _term(terms.cpu_time, program.cpu_time_ms, medians.get("cpu_time"))
        + _term(terms.memory, program.memory_kb, medians.get("memory"))
        + _term(terms.code_size, program.code_size_bytes, medians.get("code_size"))
    )


def _term(weight: float, value: float | None, usual_value: float | None) -> float:
    """Return weight x (1 - value / median), cut to [-weight, weight].

    >>> _term(0.2, 50.0, 100.0), _term(0.2, 900.0, 100.0), _term(0.2, None, 100.0)
    (0.1, -0.2, 0.0)
    """
    if not weight or value is None or not usual_value:
        return 0.0
    return weight * max(-1.0, 1.0 - value / usual_value)
