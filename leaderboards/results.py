"""Reads result files as results of one policy each."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from harness.errors import UserError
from harness.runs.jsonl import read
from harness.runs.records import Result, Tally
from harness.runs.run_folder import refuse_other_schema
from harness.runs.run_names import run_path
from harness.scoring.score import ALL


def difficulties(tallies: Iterable[Tally]) -> tuple[str, ...]:
    """Return the difficulties that a table distinguishes.

    One difficulty that all problems share would only repeat "all", and count once more in Holm's correction.

    Args:
        tallies: Of the problems, in the benchmark's order.

    Returns:
        "all", then each difficulty in the order of the problems; "all" alone if every problem has the same.
    """
    found = tuple(dict.fromkeys(tally.difficulty for tally in tallies))
    return (ALL, *filter(None, found)) if len(found) > 1 else (ALL,)


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

    Args:
        path: Folder or file.

    Returns:
        One result a policy, at least one.

    Raises:
        UserError: It can't be read, is not a result file, is empty, or was written under another schema.
    """
    file = path / RESULT_FILE if path.is_dir() else path
    if file.is_file() and file.suffix != RESULT_SUFFIX:
        raise UserError(f"{file}: not a result file; name a run, or its {RESULT_FILE}")
    if path.is_dir() and not file.exists():
        raise UserError(f"{path}: is a folder without {RESULT_FILE}; name a run that `proctor score` has finished")
    for versioned in read(file, tuple[_Versioned, ...]):
        refuse_other_schema(file, versioned.schema)
    results = read(file, tuple[Result, ...])
    if not results:
        raise UserError(f"{file}: holds no result; score the run again")
    return tuple(Found(file.parent, result) for result in results)


def named_results(argument: str) -> tuple[Found, ...]:
    """Read the results that `PATH` or `PATH#POLICY` names.

    Args:
        argument: As typed.

    Returns:
        The result of that policy, or those of all.

    Raises:
        UserError: As `read_results` does, or it holds no result of that policy.
    """
    path, policy = split_policy(argument)
    found = read_results(path)
    named = tuple(one for one in found if policy in {"", one.result.policy})
    if not named:
        raise UserError(f"{path}: holds no result of {policy}; its policies are {_policies(found)}")
    return named


def the_one(argument: str) -> Found:
    """Read the one result that `PATH` or `PATH#POLICY` names.

    Args:
        argument: As typed.

    Returns:
        The result with its folder.

    Raises:
        UserError: As `named_results` does, or there are several.
    """
    found = named_results(argument)
    if len(found) > 1:
        raise UserError(f"{argument}: holds results of {_policies(found)}; name one of them as {argument}#POLICY")
    return found[0]


def split_policy(argument: str) -> tuple[Path, str]:
    """Split `RUN#POLICY`; an existing path is a path, even with a # in it, and so is the name of a run.

    Args:
        argument: As typed.

    Returns:
        The path, and the policy or "".
    """
    whole = run_path(Path(argument))
    path, _, policy = argument.partition("#")
    return (whole, "") if whole.exists() else (run_path(Path(path)), policy)


def _policies(found: tuple[Found, ...]) -> str:
    return ", ".join(one.result.policy for one in found)
