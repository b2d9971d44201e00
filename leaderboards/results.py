"""Reads result files as results of one policy each, with the conditions that decide what can be compared."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from harness.errors import UserError
from harness.runs.jsonl import read
from harness.runs.records import Result, Tally
from harness.scoring.report import sampling_of
from harness.scoring.score import ALL


def difficulties(tallies: Iterable[Tally]) -> tuple[str, ...]:
    """Return "all", then each difficulty in the order of the problems; "all" alone where every problem has the same.

    One difficulty that all problems share would only say the same thing twice, and once more in Holm's correction.
    """
    found = tuple(dict.fromkeys(tally.difficulty for tally in tallies))
    return (ALL, *filter(None, found)) if len(found) > 1 else (ALL,)


_UNKNOWN = "unknown"


class Protocol(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What must be equal before two numbers may be compared; each field is readable, empty where it says nothing."""

    benchmark: str
    problem_set: str
    problems: str
    """Beginning of the SHA-256 of all that the problems say, tests and limits included."""
    prompt_card: str
    sampling: str
    """Settings of the sampling; another seed is the same protocol."""
    dtype: str
    samples: str
    """Samples a problem; those lost to sandbox errors don't make it another protocol."""
    extraction: str
    limits: str
    isolation: str
    """The layers in force, without what differs from one kernel to the next."""
    python: str
    proctor: str


def protocol_of(result: Result) -> Protocol:
    """Return the protocol of a result."""
    card = result.prompt_card
    limits = ", ".join(f"{name} {value:.12g}" for name, value in msgspec.structs.asdict(result.limits).items())
    in_force = [layer for layer, state in result.isolation.items() if state.startswith("in force")]
    return Protocol(
        benchmark=result.benchmark,
        problem_set=result.problem_set or ", ".join(result.splits),
        problems=result.problems_sha256[:12],
        prompt_card=f"{card.name} ({card.sha256[:12]})" if card else _UNKNOWN,
        sampling=sampling_of(result.sampling) if result.sampling else _UNKNOWN,
        dtype=(result.producer and result.producer.dtype) or _UNKNOWN,
        samples=str(max((tally.n for tally in result.tallies), default=0)),
        extraction=result.extraction,
        limits=f"{result.limits_file}: {limits}" if result.limits_file else limits,
        isolation=", ".join(in_force) or "NONE, every program was trusted",
        python=result.python,
        proctor=result.proctor,
    )


def differences(a: Protocol, b: Protocol) -> tuple[str, ...]:
    """Name each field in which two protocols differ, with both values."""
    fields = Protocol.__struct_fields__
    return tuple(
        f"{field.replace('_', ' ')}: {getattr(a, field)} against {getattr(b, field)}"
        for field in fields
        if getattr(a, field) != getattr(b, field)
    )


def in_words(protocol: Protocol) -> str:
    """Return the protocol as one line, for a footnote; what a caption says is left out."""
    dtype = f"dtype {protocol.dtype}; " * (protocol.dtype != _UNKNOWN)
    return (
        f"prompt card {protocol.prompt_card}; sampling {protocol.sampling}; {dtype}"
        f"extraction {protocol.extraction}; limits {protocol.limits}; isolation {protocol.isolation}; "
        f"Python {protocol.python}; proctor {protocol.proctor}; problems {protocol.problems}"
    )


SCHEMA = 3
RESULT_FILE = "result.json"
RESULT_SUFFIX = ".json"


class _Versioned(msgspec.Struct):
    schema: int


class Found(NamedTuple):
    """Pairs a result with the folder of its run."""

    run: Path
    result: Result


def read_results(path: Path) -> tuple[Found, ...]:
    """Read every result of a run's folder or of a result file.

    Raises:
        UserError: It can't be read, is not a result file, is empty, or was written under another schema.
    """
    file = path / RESULT_FILE if path.is_dir() else path
    if file.is_file() and file.suffix != RESULT_SUFFIX:
        raise UserError(f"{file}: not a result file; name a run, or its {RESULT_FILE}")
    if path.is_dir() and not file.exists():
        raise UserError(f"{path}: is a folder without {RESULT_FILE}; name a run that `proctor score` has finished")
    for versioned in read(file, tuple[_Versioned, ...]):
        if versioned.schema != SCHEMA:
            raise UserError(f"{file}: has schema {versioned.schema}, this proctor reads {SCHEMA}; score the run again")
    results = read(file, tuple[Result, ...])
    if not results:
        raise UserError(f"{file}: holds no result; score the run again")
    return tuple(Found(file.parent, result) for result in results)


def chosen_results(argument: str) -> tuple[Found, ...]:
    """Read the results that `PATH` or `PATH#POLICY` names.

    Raises:
        UserError: As `read_results` does, or it holds no result of that policy.
    """
    path, policy = split_policy(argument)
    found = read_results(path)
    named = tuple(one for one in found if policy in {"", one.result.policy})
    if not named:
        raise UserError(f"{path}: holds nothing of {policy}; there are {_policies(found)}")
    return named


def the_one(argument: str) -> Found:
    """Read the one result that `PATH` or `PATH#POLICY` names.

    Raises:
        UserError: As `chosen_results` does, or there are several.
    """
    found = chosen_results(argument)
    if len(found) > 1:
        raise UserError(f"{argument}: holds results of {_policies(found)}; name one of them as {argument}#POLICY")
    return found[0]


def split_policy(argument: str) -> tuple[Path, str]:
    """Split `PATH#POLICY`; an existing path is a path, even with a # in it."""
    path, _, policy = argument.partition("#")
    return (Path(argument), "") if Path(argument).exists() else (Path(path), policy)


def _policies(found: tuple[Found, ...]) -> str:
    return ", ".join(one.result.policy for one in found)
