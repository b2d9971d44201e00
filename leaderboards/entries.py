"""What `proctor table` is asked to show: `[METHOD[@MODEL]=]RESULT` -> entries, METHOD=CHECKPOINT -> trainings."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.errors import UserError
from leaderboards.results import chosen, split_policy
from leaderboards.table import Entry
from leaderboards.training import Step, read_training


def entries_of(argument: str) -> tuple[Entry, ...]:
    """Read the results that one argument names; without METHOD each policy is a method of its own.

    Raises:
        UserError: As `chosen` does, or METHOD stands for several policies.
    """
    label, source = _split(argument)
    found = chosen(source)
    if not label:
        return tuple(Entry(method=one.result.policy, model="", result=one.result, run=one.run) for one in found)
    if len(found) > 1:
        policies = ", ".join(one.result.policy for one in found)
        raise UserError(f"{argument}: {source} holds results of {policies}; choose one as {source}#POLICY")
    method, _, model = label.partition("@")
    return (Entry(method=method, model=model, result=found[0].result, run=found[0].run),)


def titled(entries: Sequence[Entry]) -> Mapping[str, Entry]:
    """Return the entries by what each is called: method, model and benchmark, and a number where seeds share them."""
    names = [" ".join(filter(None, (entry.method, entry.model, f"on {entry.result.benchmark}"))) for entry in entries]
    return dict(zip(_told_apart(names), entries, strict=True))


def trainings_of(arguments: Sequence[str], entries: Sequence[Entry]) -> Mapping[str, Sequence[Step]]:
    """Read the trainings that METHOD[@MODEL]=CHECKPOINT name; several checkpoints of one METHOD are seeds.

    Raises:
        UserError: An argument is of another form, METHOD has no result, or the checkpoint has no metrics.
    """
    known = dict.fromkeys(entry.method for entry in entries)
    labels = []
    for argument in arguments:
        label, equals, _ = argument.partition("=")
        if not equals or label.partition("@")[0] not in known:
            raise UserError(f"--checkpoint {argument}: give METHOD=FOLDER, METHOD being one of {', '.join(known)}")
        labels.append(label.replace("@", " "))
    folders = (Path(argument.partition("=")[2]) for argument in arguments)
    return {name: read_training(folder) for name, folder in zip(_told_apart(labels), folders, strict=True)}


def _told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """Number the names that are there more than once: they are seeds."""
    return tuple(
        name if names.count(name) == 1 else f"{name}, seed {names[:place].count(name) + 1}"
        for place, name in enumerate(names)
    )


def _split(argument: str) -> tuple[str, str]:
    """Split off the label; what exists as it stands is a path, even if it holds an =."""
    path, _ = split_policy(argument)
    label, equals, source = argument.partition("=")
    return ("", argument) if path.exists() or not equals else (label, source)
