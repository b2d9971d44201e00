"""Reads result files as results of one policy each."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from harness.errors import UserError, no_such
from harness.runs.conditions import differences
from harness.runs.jsonl import read
from harness.runs.records import MOST_SAMPLES, Result, Tally
from harness.runs.run_folder import RUN, refuse_other_schema
from harness.runs.run_names import absent_run, run_path
from harness.scoring.score import ALL
from sandbox.records import Verdict


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


def shared_tallies(results: Sequence[Result], k: int, difficulty: str = ALL) -> tuple[tuple[Tally, ...], ...]:
    """Return the tallies of the problems that all results share: numbers over other problems are not comparable.

    Args:
        results: At least one.
        k: Tries allowed; a problem is shared where each result has k samples of it.
        difficulty: Of the problems, "all" for every one.

    Returns:
        The tallies of each result, all in the order of the first one's problems.
    """
    by_task = [
        {tally.task_id: tally for tally in result.tallies if tally.n >= k and difficulty in {ALL, tally.difficulty}}
        for result in results
    ]
    shared = [task_id for task_id in by_task[0] if all(task_id in of_result for of_result in by_task)]
    return tuple(tuple(of_result[task_id] for task_id in shared) for of_result in by_task)


Seeds = Result | Sequence[Result]
"""One result, or those of several seeds of one method."""


def listed(seeds: Seeds) -> tuple[Result, ...]:
    """Return the results of seeds, also of one alone.

    Args:
        seeds: Of one method.
    """
    return (seeds,) if isinstance(seeds, Result) else tuple(seeds)


RESULT_FILE = "result.json"
RESULT_SUFFIX = ".json"


class _Versioned(msgspec.Struct):
    schema: int


class _Sampled(msgspec.Struct):
    samples_sha256: str


class Found(NamedTuple):
    """Pairs a result with the folder of its run."""

    run: Path
    result: Result
    samples_sha256: str = ""
    """Of the samples that were judged; empty where the result came without its run."""


class Side(NamedTuple):
    """Holds the results on one side of a comparison: one, or those of several seeds of one method."""

    name: str
    found: tuple[Found, ...]

    @property
    def results(self) -> tuple[Result, ...]:
        """Return the results without their folders."""
        return tuple(one.result for one in self.found)


def read_results(path: Path) -> tuple[Found, ...]:
    """Read every result of a run's folder or of a result file.

    Args:
        path: Folder or file.

    Returns:
        One result a policy, at least one.

    Raises:
        UserError: It can't be read, is not a result file, is empty, was written under another schema, or has counts
            that can't be.
    """
    if not path.exists():
        raise absent_run(path)
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
    for result in results:
        _refuse_impossible(file, result)
    samples = _samples_of(file.parent)
    return tuple(Found(file.parent, result, samples) for result in results)


def _samples_of(run: Path) -> str:
    """Return the hash of the samples of a run; empty where the result was copied away from it."""
    with suppress(UserError):
        return read(run / RUN, _Sampled).samples_sha256
    return ""


def _refuse_impossible(file: Path, result: Result) -> None:
    """Refuse counts that no run has: every number of a table is computed from them."""
    if min((score.k for score in result.scores), default=1) < 1:
        raise UserError(f"{file}: holds a score of fewer than one try; score the run again")
    if Verdict.SANDBOX_ERROR not in result.verdict_counts or min(result.verdict_counts.values()) < 0:
        raise UserError(f"{file}: has impossible numbers of verdicts; score the run again")
    seen = set[str]()
    for tally in result.tallies:
        if tally.task_id in seen:
            raise UserError(f"{file}: holds task {tally.task_id} twice; score the run again")
        if not (0 <= tally.c <= tally.n <= MOST_SAMPLES and 0 <= tally.lost <= MOST_SAMPLES):
            raise UserError(f"{file}: task {tally.task_id} has impossible counts; score the run again")
        seen.add(tally.task_id)


def refuse_repeated(found: Iterable[Found]) -> None:
    """Refuse a run that is given twice as two seeds: its samples would count twice.

    Args:
        found: The results of one method.

    Raises:
        UserError: Two have the same samples of the same policy, whatever the name of their folder; or are equal, and
            one came without its run.
    """
    by_policy = defaultdict[str, list[Found]](list)
    for one in found:
        for other in by_policy[one.result.policy]:
            if _is_the_same(one, other):
                where = f"{other.run} and {one.run} hold" if other.run != one.run else f"{one.run} holds"
                raise UserError(
                    f"{where} the same samples of {one.result.policy}: one run is not two seeds; name each run once"
                )
        by_policy[one.result.policy].append(one)


def _is_the_same(one: Found, other: Found) -> bool:
    if one.samples_sha256 and other.samples_sha256:
        return one.samples_sha256 == other.samples_sha256
    return one.result == other.result


def protocol_differences(a: Result, b: Result) -> tuple[str, ...]:
    """Return all in which the protocols of two results differ, their tasks included.

    Args:
        a: One result.
        b: The other.

    Returns:
        A text for each difference; none where they may be compared.
    """
    return (*differences(a.conditions, b.conditions), *_task_differences(a, b))


def _task_differences(a: Result, b: Result) -> Iterator[str]:
    of_a, of_b = ({tally.task_id for tally in result.tallies} for result in (a, b))
    if of_a != of_b:
        yield f"tasks: {len(of_a)} against {len(of_b)}, of which {len(of_a & of_b)} are shared"


def label_of(argument: str) -> tuple[str, str]:
    """Split `[LABEL=]PATH[#POLICY]`; an existing path is a path, even with an = in it.

    Args:
        argument: As typed.

    Returns:
        The label or "", and the rest.
    """
    path, _ = split_policy(argument)
    label, equals, source = argument.partition("=")
    return ("", argument) if path.exists() or not equals else (label, source)


def two_sides(arguments: Sequence[str]) -> tuple[Side, Side]:
    """Read the two sides of a comparison.

    Args:
        arguments: Two results, or any number as METHOD=RESULT with two different METHODs, as typed.

    Returns:
        The sides in the order of their first results.

    Raises:
        UserError: As `the_one` and `refuse_repeated` do, or there are not two sides.
    """
    named = [label_of(argument) for argument in arguments]
    labels = list(dict.fromkeys(label for label, _ in named))
    if labels == [""] and len(named) == 2:
        one, other = (the_one(source) for _, source in named)
        return Side(one.result.policy, (one,)), Side(other.result.policy, (other,))
    if len(labels) != 2 or "" in labels:
        raise UserError("name two results, or several as METHOD=RESULT with two different METHODs, a run for each seed")
    sides = tuple(Side(label, tuple(the_one(source) for of_it, source in named if of_it == label)) for label in labels)
    for side in sides:
        refuse_repeated(side.found)
    return sides[0], sides[1]


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
        raise no_such("policy", policy, [one.result.policy for one in found], where=str(path))
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
