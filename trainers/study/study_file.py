"""Reads the file of a study, and refuses one that can't be run, in one line with the place and the remedy."""

import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from harness.errors import UserError, did_you_mean

OUT = "out"
"""What `{out}` names in a command: the place that the step writes."""
FILE = "file"
"""Value of an entry that is the path of a file or folder."""
ELSEWHERE = ("card", "reference", "study")
"""Commands that write into the outcomes of others, or are studies themselves; `card` with `--out` is neither."""
_NAME = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)
_REFERENCE = re.compile(r"\{([a-z][a-z0-9-]*)(?:\.([a-z][a-z0-9-]*))?\}", re.ASCII)
_BRACES = re.compile(r"\{[^{}\s]{0,80}\}?|\}")
_MOST_BYTES = 1 << 20
"""Of a file; the largest that ships has 5 kB."""

Scalar = str | int | float
Text = Annotated[str, Meta(min_length=1)]


class StepText(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Holds a step as the file has it; `{name}` stands for a file, an entry of a list, or the outcome of a step."""

    command: Text
    """Of proctor, without its first word."""
    each: tuple[Text, ...] = ()
    """More arguments, each as often as there are entries of the lists that it names and the command doesn't."""
    per: tuple[Text, ...] = ()
    """Lists that the step is there for each entry of, beside those that the command names."""
    after: tuple[Text, ...] = ()
    """Steps that must have ended well before, though this one reads nothing of them, such as a gate."""
    title: str = ""
    """Heading of what the step prints."""
    plan: str = ""
    """Command that forecasts the step, with the output that `--json` gives."""
    budget: str = ""
    """GPU hours that the step may take, or none."""
    slurm: str = ""
    """Options of sbatch for the step."""
    seconds: Annotated[float, Meta(ge=0)] = 0.0
    """That one such step took where the file was written; of no other step more is known before one has run."""


class Study(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Holds a study as its file has it."""

    about: Text
    files: dict[str, Text] = {}
    """Name -> file or folder whose content decides the steps that read it."""
    over: dict[str, Annotated[tuple[Scalar | dict[str, Scalar], ...], Meta(min_length=1)]] = {}
    """Name -> entries, such as seeds; a step that names the list is there once for each. Of an entry's `file` the
    content counts."""
    steps: Annotated[dict[str, StepText], Meta(min_length=1)]


class Named(msgspec.Struct, frozen=True):
    """Names a file, a list, a step or `out` within a text, and maybe one of the values of an entry."""

    name: str
    value: str = ""


def read_study(path: Path) -> Study:
    """Read the file of a study.

    Args:
        path: Of a TOML file.

    Returns:
        The study; every name in it leads somewhere, and no step needs itself.

    Raises:
        UserError: The file can't be read, or is not a study.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UserError(f"{path}: can't be read: {error.strerror}; name the TOML file of a study") from error
    if len(data) > _MOST_BYTES:
        raise UserError(f"{path}: has more than {_MOST_BYTES} bytes; name the TOML file of a study")
    try:
        study = msgspec.toml.decode(data, type=Study)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: {error}; see docs/studies.md for the keys") from error
    for fault in _faults(study):
        raise UserError(f"{path}: {fault}")
    return study


def named_in(text: str) -> tuple[Named, ...]:
    """Return what a text names, in its order.

    >>> named_in("train {method} --model {model.id}")
    (Named(name='method', value=''), Named(name='model', value='id'))

    Args:
        text: With `{name}` or `{name.value}` in it.
    """
    return tuple(Named(name, value or "") for name, value in _REFERENCE.findall(text))


def filled(text: str, values: Mapping[Named, str]) -> str:
    """Return the text with the values in the places of their names.

    Args:
        text: As for `named_in`.
        values: Of every name in it.
    """
    return _REFERENCE.sub(lambda match: values[Named(match[1], match[2] or "")], text)


def list_entries(study: Study, name: str) -> tuple[Mapping[str, str], ...]:
    """Return the entries of a list as texts: `name` and whatever else an entry has.

    Args:
        study: As read.
        name: Of one of its lists.
    """
    return tuple(
        {key: str(value) for key, value in entry.items()} if isinstance(entry, dict) else {"name": str(entry)}
        for entry in study.over[name]
    )


def study_files(study: Study) -> Mapping[str, str]:
    """Return all files of a study: name -> path, those of entries by list and entry.

    Args:
        study: As read.
    """
    of_entries = {
        f"{name}.{entry['name']}": entry[FILE]
        for name in study.over
        for entry in list_entries(study, name)
        if FILE in entry
    }
    return {**study.files, **of_entries}


def deciding_texts(step: StepText) -> tuple[str, ...]:
    """Return the texts that decide a step and what it needs.

    Args:
        step: As read.
    """
    return (step.command, *step.each)


def needs(study: Study) -> Mapping[str, tuple[str, ...]]:
    """Return the steps that each step needs, by name, those that are needed first in front.

    Args:
        study: As read.

    Raises:
        CycleError: A step needs itself.
    """
    named = {
        name: dict.fromkeys((*(one.name for text in deciding_texts(step) for one in named_in(text)), *step.after))
        for name, step in study.steps.items()
    }
    graph = {name: tuple(one for one in found if one in study.steps) for name, found in named.items()}
    return {name: graph[name] for name in TopologicalSorter(graph).static_order()}


def _faults(study: Study) -> Iterator[str]:
    """Yield what is wrong with a study, the first fault first."""
    yield from _faults_of_names(study)
    yield from _faults_of_lists(study)
    for name, step in study.steps.items():
        yield from _faults_of_step(study, name, step)
    try:
        needs(study)
    except CycleError as error:
        yield f"steps.{error.args[1][0]}: needs itself, by {' <- '.join(error.args[1])}; break the circle"


def _faults_of_names(study: Study) -> Iterator[str]:
    seen = {OUT: "the outcome of a step"}
    for table in ("files", "over", "steps"):
        for name in getattr(study, table):
            if not _NAME.fullmatch(name):
                yield f"{table}.{name}: is not a name; use small letters, digits and dashes, a letter first"
            if name in seen:
                yield f"{table}.{name}: is the name of {seen[name]} already; choose another"
            seen[name] = f"{table}.{name}"


def _faults_of_lists(study: Study) -> Iterator[str]:
    for name in study.over:
        found = list_entries(study, name)
        if any("name" not in entry for entry in found):
            yield f'over.{name}: an entry has no name; give each one, such as {{ name = "..." }}'
        elif len({entry["name"] for entry in found}) < len(found):
            yield f"over.{name}: two entries have the same name; leave one out"
        elif wrong := [key for entry in found for key in entry if not _NAME.fullmatch(key)]:
            yield f"over.{name}.{wrong[0]}: is not a name; use small letters, digits and dashes, a letter first"


def _faults_of_step(study: Study, name: str, step: StepText) -> Iterator[str]:
    where = f"steps.{name}"
    first = (step.command.split() or [""])[0]
    if not _NAME.fullmatch(first):
        yield f"{where}.command: begins with {first!r}; begin with a command of proctor, such as train"
    if first in ELSEWHERE and not (first == "card" and Named(OUT) in named_in(step.command)):
        yield f"{where}.command: {first} can't be a step, for it writes elsewhere than {{{OUT}}}"
    yield from (
        f"{where}.per: {name!r} is not a list in over; define it there" for name in set(step.per) - set(study.over)
    )
    yield from (
        f"{where}.after: {one!r} is not a step of this study; name one" for one in step.after if one not in study.steps
    )
    for key in ("command", "each", "title", "plan", "budget", "slurm"):
        given = getattr(step, key)
        for text in (given,) if isinstance(given, str) else given:
            yield from (f"{where}.{key}: {fault}" for fault in _faults_of_text(study, text, allow_out=key == "command"))


def _faults_of_text(study: Study, text: str, *, allow_out: bool) -> Iterator[str]:
    known = {*study.files, *study.over, *study.steps} | ({OUT} if allow_out else set())
    for braces in _BRACES.findall(text):
        if not (match := _REFERENCE.fullmatch(braces)):
            yield f"{braces!r} is not a name in braces; write {{name}} or {{name.value}}"
            continue
        name, value = match.groups()
        if name not in known:
            remedy = did_you_mean(name, known) or " Define it, or leave it out"
            yield f"{{{name}}} is not a file, list or step of this study.{remedy}"
        elif value and name not in study.over:
            yield f"{{{name}.{value}}}: only entries of a list have values; write {{{name}}}"
        elif value and any(value not in entry for entry in list_entries(study, name)):
            yield f"{{{name}.{value}}}: an entry of over.{name} has no {value}; give it one"
