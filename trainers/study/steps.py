"""Turns a study into its steps: one for each choice from the lists, named by the hash of all that decides it."""

import hashlib
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from pathlib import Path

import msgspec

from harness.errors import UserError, no_such
from trainers.study.study_file import (
    FILE,
    OUT,
    Named,
    StepText,
    Study,
    filled,
    list_entries,
    named_in,
    needs,
    study_files,
)

_SHARD = re.compile(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})")
_HASH_DIGITS = 16
_MOST_STEPS = 10_000
_SCHEMA = "1"
"""Of what is hashed: another number gives every step another name."""

Choice = Mapping[str, Mapping[str, str]]
"""List -> the entry that was chosen from it."""


class StudyStep(msgspec.Struct, frozen=True, kw_only=True):
    """Describes a command of a study and its outcome."""

    id: str
    """Its command and the hash of what decides it."""
    name: str
    choice: dict[str, str]
    """List -> name of the entry."""
    arguments: tuple[str, ...]
    """Of proctor."""
    inputs: tuple[str, ...]
    """Ids of the steps whose outcomes it reads, or that must have ended well before."""
    files: tuple[str, ...]
    """Names of the files that it reads."""
    made: Path
    """Its outcome: what the command writes, or prints."""
    done: Path
    """Written last, when the outcome is whole."""
    log: Path
    prints: bool
    """Whether what the command prints is its outcome."""
    title: str
    plan: tuple[str, ...]
    budget: str
    slurm: str
    seconds: float
    """That it takes where the file was written; 0 where that isn't known."""

    @property
    def is_done(self) -> bool:
        """Return whether the outcome is there, and whole."""
        return self.done.exists() and self.made.exists()

    @property
    def label(self) -> str:
        """Return its name with what was chosen, for a reader."""
        chosen = ", ".join(f"{name} {entry}" for name, entry in self.choice.items())
        return f"{self.name} ({chosen})" if chosen else self.name


def steps_of(study: Study, hashes: Mapping[str, str], work: Path) -> tuple[StudyStep, ...]:
    """Return the steps of a study, each behind those that it needs; equal ones are one.

    Args:
        study: As read.
        hashes: Of its files, as of `trainers.study.contents.content_hashes`.
        work: Folder of the outcomes.

    Raises:
        UserError: There are too many steps, or a command can't be split into words.
    """
    return tuple(_Expansion(study, hashes, work).steps.values())


class _Expansion:
    """Makes the steps of a study, name by name."""

    def __init__(self, study: Study, hashes: Mapping[str, str], work: Path) -> None:
        self.steps: dict[str, StudyStep] = {}
        self._study, self._hashes, self._work = study, hashes, work
        self._files = study_files(study)
        self._entries = {name: list_entries(study, name) for name in study.over}
        self._lists: dict[str, frozenset[str]] = {}
        """StudyStep -> lists that it is there for each entry of."""
        self._ids: dict[tuple[str, ...], str] = {}
        """Name and the names of chosen entries -> id."""
        for name in needs(study):
            self._lists[name] = self._lists_of(study.steps[name].command) | set(study.steps[name].per)
            self._check(name, study.steps[name])
            for choice in self._choices(self._lists[name]):
                step = self._step(name, study.steps[name], choice)
                self.steps.setdefault(step.id, step)
                self._ids[self._key(name, choice)] = step.id

    def _check(self, name: str, text: StepText) -> None:
        """Refuse a step that is there too often, or whose plan is not the same for all that it stands for."""
        own = self._lists[name]
        for key in ("title", "plan", "budget", "slurm"):
            if wider := sorted(self._lists_of(getattr(text, key)) - own):
                raise UserError(f"steps.{name}.{key}: names {wider[0]}, which the command doesn't; leave it out")
        words = sum(self._count(self._lists_of(one) - own) for one in text.each)
        if self._count(own) * (1 + words) + len(self.steps) > _MOST_STEPS:
            raise UserError(
                f"steps.{name}: makes more than {_MOST_STEPS} steps or arguments; shorten the lists in over"
            )

    def _count(self, lists: frozenset[str]) -> int:
        return prod(len(self._entries[one]) for one in lists)

    def _lists_of(self, text: str) -> frozenset[str]:
        """Return the lists that a text names, by itself or by a step."""
        found: set[str] = set()
        for one in named_in(text):
            found |= {one.name} if one.name in self._entries else self._lists.get(one.name, frozenset())
        return frozenset(found)

    def _choices(self, lists: frozenset[str], beside: Choice | None = None) -> Iterator[Choice]:
        """Yield every choice from some lists, with that from others beside it, in the order of the file."""
        ordered = [name for name in self._entries if name in lists]
        for chosen in product(*(self._entries[name] for name in ordered)):
            yield {**(beside or {}), **dict(zip(ordered, chosen, strict=True))}

    def _key(self, name: str, choice: Choice) -> tuple[str, ...]:
        return (name, *(choice[one]["name"] for one in self._entries if one in self._lists[name]))

    def _step(self, name: str, text: StepText, choice: Choice) -> StudyStep:
        inputs, files = dict[str, None](), dict[str, None]()
        words: list[str] = []
        hashed: list[str] = []
        for word, of_word in self._words(name, text, choice):
            values, hashes_ = self._values(word, of_word, inputs, files)
            words.append(filled(word, values))
            hashed.append(filled(word, hashes_))
        for needed in text.after:  # decides when the step runs and not what it makes, so it isn't hashed
            for wider in self._choices(self._lists[needed] - set(choice), choice):
                inputs[self._ids[self._key(needed, wider)]] = None
        id_ = f"{words[0]}-{_digest(hashed)}"
        prints = Named(OUT) not in named_in(text.command)
        made = self._work / "made" / (f"{id_}.txt" if prints else id_)
        with_choice, _ = self._values(f"{text.title} {text.plan} {text.budget} {text.slurm}", choice, {}, {})
        plan = tuple(filled(word, with_choice) for word in _split(name, text.plan))
        title, budget, slurm = (filled(one, with_choice) for one in (text.title, text.budget, text.slurm))
        return StudyStep(
            id=id_, name=name, choice={one: entry["name"] for one, entry in choice.items()},
            arguments=tuple(word.replace(_OWN, str(made)) for word in words), inputs=tuple(inputs), files=tuple(files),
            made=made, done=self._work / "done" / f"{id_}.json", log=self._work / "logs" / f"{id_}.txt",
            prints=prints, title=title, plan=plan, budget=budget, slurm=slurm, seconds=text.seconds,
        )  # fmt: skip

    def _words(self, name: str, text: StepText, choice: Choice) -> Iterator[tuple[str, Choice]]:
        """Yield the words of a command, those of `each` included, with the choice for each."""
        yield from ((word, choice) for word in _split(name, text.command))
        for one in text.each:
            for wider in self._choices(self._lists_of(one) - set(choice), choice):
                yield one, wider

    def _values(
        self, text: str, choice: Choice, inputs: dict[str, None], files: dict[str, None]
    ) -> tuple[dict[Named, str], dict[Named, str]]:
        """Return what stands in the places of names, in the command and in what is hashed; gather inputs and files."""
        shown, hashed = {}, {}
        for one in named_in(text):
            if one.name == OUT:
                shown[one] = hashed[one] = _OWN
            elif one.name in self._entries and one.value != FILE:
                shown[one] = hashed[one] = choice[one.name][one.value or "name"]
            elif one.name in self._study.steps:
                id_ = self._ids[self._key(one.name, choice)]
                inputs[id_] = None
                shown[one], hashed[one] = str(self.steps[id_].made), f"\0{id_}"
            else:
                file = f"{one.name}.{choice[one.name]['name']}" if one.value else one.name
                files[file] = None
                shown[one], hashed[one] = self._files[file], f"\0{self._hashes[file]}"
        return shown, hashed


_OWN = "\0out"
"""In the place of a step's own outcome, whose path holds the hash."""


def _digest(words: Sequence[str]) -> str:
    text = "\n".join(map(repr, (_SCHEMA, *words)))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]


def _split(name: str, command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        raise UserError(f"steps.{name}: {error} in {command!r}; close it") from error


def levels_of(steps: Sequence[StudyStep]) -> tuple[tuple[StudyStep, ...], ...]:
    """Return the steps by level: each needs only steps of the levels before its own.

    Args:
        steps: Each behind those that it needs.
    """
    level: dict[str, int] = {}
    for step in steps:
        level[step.id] = max((level[one] + 1 for one in step.inputs if one in level), default=0)
    count = max(level.values(), default=-1) + 1
    return tuple(tuple(step for step in steps if level[step.id] == number) for number in range(count))


def depending(steps: Sequence[StudyStep], on: StudyStep) -> tuple[StudyStep, ...]:
    """Return the steps that need one, themselves or by another.

    Args:
        steps: Each behind those that it needs.
        on: The one that they need.
    """
    found = {on.id: on}
    for step in steps:
        if found.keys() & set(step.inputs):
            found[step.id] = step
    return tuple(found.values())[1:]


def chosen_steps(steps: Sequence[StudyStep], only: Sequence[str], shard: str) -> tuple[StudyStep, ...]:
    """Return the steps of these names or ids, of them every Nth from the Ith.

    Args:
        steps: All of the study.
        only: Names of steps, or ids; empty for all.
        shard: I/N, or empty for all.

    Raises:
        UserError: There is no such step, or the shard is not one.
    """
    match = _SHARD.fullmatch(shard) if shard else None
    if shard and not (match and int(match[1]) <= int(match[2])):
        raise UserError(f"--shard {shard}: is not I/N; give such as 1/4")
    known = {key for step in steps for key in (step.name, step.id)}
    for name in only:
        if name not in known:
            raise no_such("step", name, {step.name: 0 for step in steps}, where="--only")
    found = [step for step in steps if not only or {step.name, step.id} & set(only)]
    return tuple(found[int(match[1]) - 1 :: int(match[2])] if match else found)
