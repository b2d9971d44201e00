"""Groups and a method -> what training needs of them: each group with the weights of its members."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from harness.errors import UserError
from trainers.groups import Group, read_groups
from trainers.methods import Weigh
from trainers.options import TrainingOptions


class Weighted(NamedTuple):
    """A group and its weights."""

    group: Group
    weights: tuple[float, ...]


def weighted_groups(path: Path, weigh: Weigh, options: TrainingOptions) -> tuple[Weighted, ...]:
    """Read the groups and weigh them.

    Without `unbalanced_groups` every group must have an accepted and a rejected member (protocol row 12). With it, the
    groups of which the method can say nothing are left out.

    Raises:
        UserError: There are no groups, one is unbalanced, or the method can't weigh one.
    """
    found = tuple(_weighted(read_groups(path), path, weigh, options))
    if not found:
        raise UserError(f"{path}: holds no group to train on; see the card beside it")
    return found


def _weighted(groups: Iterable[Group], path: Path, weigh: Weigh, options: TrainingOptions) -> Iterable[Weighted]:
    for number, group in enumerate(groups, 1):
        where = f"{path}: group {number} (problem {group.problem_id})"
        if not options.unbalanced_groups and not min(group.rewards) <= 0 < max(group.rewards):
            raise UserError(f"{where} lacks accepted or rejected members; allow it with --unbalanced-groups on")
        try:
            weights = weigh(group.rewards, options)
        except ValueError as error:
            if options.unbalanced_groups:
                continue
            raise UserError(f"{where}: {error}") from error
        yield Weighted(group, weights)
