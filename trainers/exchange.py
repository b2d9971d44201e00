"""Writes groups as rows of JSON that other libraries read, by the names that TRL has for kinds of data sets.

Each format is a function from a group to its rows; `trainers.compile.rows` reads them back, but for the first, which
has no rewards.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.runs.jsonl import whole_file
from harness.runs.python_json import encoded
from trainers.groups import Group

Row = dict[str, Any]


def accepted_rows(group: Group) -> Iterator[Row]:
    """Yield a row for each accepted completion, as TRL's SFTTrainer reads it.

    Args:
        group: Of any rewards.

    Yields:
        `prompt` and `completion`.
    """
    for completion, reward in zip(group.completions, group.rewards, strict=True):
        if reward > 0:
            yield {"prompt": group.prompt, "completion": completion}


def preference_rows(group: Group) -> Iterator[Row]:
    """Yield a row for each pair of an accepted and a rejected completion, as TRL's DPOTrainer reads it.

    Args:
        group: Of any rewards.

    Yields:
        `prompt`, `chosen` and `rejected`.
    """
    members = [*zip(group.completions, group.rewards, strict=True)]
    for chosen in (completion for completion, reward in members if reward > 0):
        for rejected in (completion for completion, reward in members if reward <= 0):
            yield {"prompt": group.prompt, "chosen": chosen, "rejected": rejected}


def labelled_rows(group: Group) -> Iterator[Row]:
    """Yield a row for each completion with its label, as TRL's KTOTrainer reads it, and its reward.

    Args:
        group: Of any rewards.

    Yields:
        `prompt`, `completion`, `label` (whether it is accepted) and `reward`.
    """
    for completion, reward in zip(group.completions, group.rewards, strict=True):
        yield {"prompt": group.prompt, "completion": completion, "label": reward > 0, "reward": reward}


def rewarded_rows(group: Group) -> Iterator[Row]:
    """Yield one row with all that the group holds: stored completions with their rewards.

    Args:
        group: Of any rewards.

    Yields:
        `prompt`, the lists `completions` and `rewards`, and `problem_id`, `statuses` and `source_ids`.
    """
    yield {
        "prompt": group.prompt,
        "completions": group.completions,
        "rewards": group.rewards,
        "problem_id": group.problem_id,
        "statuses": group.statuses,
        "source_ids": group.source_ids,
    }


FORMATS: Mapping[str, Callable[[Group], Iterator[Row]]] = {
    "prompt-completion": accepted_rows,
    "preference": preference_rows,
    "unpaired-preference": labelled_rows,
    "rewards": rewarded_rows,
}
"""Name -> function from a group to its rows."""


def write_rows(out: Path, groups: Iterable[Group], rows_of: Callable[[Group], Iterator[Row]]) -> int:
    """Write groups as JSON Lines, all or nothing.

    Args:
        out: File to write.
        groups: Read once.
        rows_of: One of `FORMATS`.

    Returns:
        The number of rows.
    """
    count = 0
    with whole_file(out) as file:
        for group in groups:
            for row in rows_of(group):
                file.write(encoded(row) + b"\n")
                count += 1
    return count
