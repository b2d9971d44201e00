"""Condenses problems for runs and scores, in one pass: the tests may be larger than memory."""

import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from harness.errors import UserError
from harness.progress import watched
from harness.runs.records import Problem, Source
from sandbox.records import Limits

_DIGITS = "{:x}".format
"""Hexadecimal, because Python writes only some thousand decimal digits."""


_UNHASHED = frozenset({"contest"})
"""Fields of a problem that say where it is from, not what it asks for."""


class ProblemInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Describes a problem without its texts and tests."""

    task_id: str
    benchmark: str
    data_version: str
    split: str
    difficulty: str
    kind: str
    limits: Limits
    prelude: str = ""
    sha256: str
    """Of all that the problem says, tests and limits included."""
    date: str = ""
    """Day of publication, empty where it is unknown."""
    family: str = ""
    """Such as its contest, empty where it stands alone."""


ProblemInfos = Mapping[str, ProblemInfo]
"""Infos by task id, in the benchmark's order."""


def stands_alone(problem: Problem) -> str:
    """Return the family of a problem of a benchmark that has none.

    Args:
        problem: any.

    Returns:
        Nothing.
    """
    del problem
    return ""


def problem_infos(
    problems: Mapping[str, Problem], task_ids: Collection[str], family: Callable[[Problem], str] = stands_alone
) -> ProblemInfos:
    """Return the infos of some problems, each of which is looked up once; show progress on stderr.

    Args:
        problems: those of the benchmark.
        task_ids: of the problems that are wanted.
        family: names the family of a problem.

    Returns:
        The infos by task id, in the benchmark's order.
    """
    wanted = frozenset(task_ids)
    prepare_problems(problems, [task_id for task_id in problems if task_id in wanted])
    data_version: str = getattr(problems, "data_version", "")
    found = (problems[task_id] for task_id in problems if task_id in wanted)
    infos = (msgspec.structs.replace(info_of(problem, data_version), family=family(problem)) for problem in found)
    return {info.task_id: info for info in watched(infos, len(wanted), "read", sys.stderr)}


def prepare_problems(problems: Mapping[str, Problem], task_ids: Collection[str]) -> None:
    """Do at once what some problems need before they can be looked up, where they need anything.

    Args:
        problems: those of the benchmark.
        task_ids: of the problems that will be looked up.

    Raises:
        UserError: This host can't.
    """
    if prepare := getattr(problems, "prepare", None):  # as of a catalogue
        prepare(task_ids)


def info_of(problem: Problem, data_version: str = "") -> ProblemInfo:
    """Return a problem without its texts and tests.

    Args:
        problem: of any benchmark; its tests are hashed, not kept.
        data_version: of the data set that it is of, where that has versions.

    Returns:
        The info.
    """
    return ProblemInfo(
        task_id=problem.task_id,
        benchmark=problem.benchmark,
        data_version=data_version,
        split=problem.split,
        difficulty=problem.difficulty,
        kind=problem.kind,
        limits=problem.limits,
        prelude=problem.prelude,
        sha256=sha256_of(problem),
        date=problem.date,
    )


def unchanged_problem(problems: Mapping[str, Problem], task_id: str, sha256: str, source: Source) -> Problem:
    """Return a problem of a run, as it was when it was judged.

    Args:
        problems: of the benchmark.
        task_id: of the problem.
        sha256: of the problem in the record of the run.
        source: of `problems`, for the message.

    Returns:
        The problem.

    Raises:
        UserError: It is not there, or another.
    """
    problem = problems.get(task_id)
    if problem is None or info_of(problem).sha256 != sha256:
        raise UserError(
            f"task {task_id} of {source.data or source.benchmark} is not the one that was judged; name the same "
            "--benchmark, --data, --limits and --checkers as then"
        )
    return problem


def fingerprint(sha256_of_problems: Mapping[str, str]) -> str:
    """Return one SHA-256 for many problems, from those of each by task id.

    Args:
        sha256_of_problems: task id -> SHA-256, in the benchmark's order, which matters.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for task_id, sha256 in sha256_of_problems.items():
        digest.update(f"{task_id} {sha256}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def splits_of(infos: ProblemInfos) -> tuple[str, ...]:
    """Return the splits of some problems, in the benchmark's order.

    Args:
        infos: of the problems.

    Returns:
        Each split once.
    """
    return tuple(dict.fromkeys(info.split for info in infos.values()))


def usual_limits(infos: Iterable[ProblemInfo]) -> Limits:
    """Return the limits that most of the problems have.

    Args:
        infos: of at least one problem.

    Returns:
        Of limits that equally many have, the first.
    """
    return Counter(info.limits for info in infos).most_common(1)[0][0]


def sha256_of(value: Any) -> str:
    """Return the SHA-256 of a value of plain types and records.

    It distinguishes values as repr() does - a list is not a tuple, 1 is not True - but ignores the order inside a set.

    Args:
        value: of any size and depth that Python can recurse into.

    Returns:
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    _feed(value, digest.update)
    return digest.hexdigest()


def _feed(value: Any, update: Callable[[bytes], None]) -> None:
    """Hand on the value in pieces that say where they end, so that a large one is never copied whole."""
    match value:
        case msgspec.Struct():
            fields = [name for name in value.__struct_fields__ if name not in _UNHASHED]
            update(f"{type(value).__name__}dict{len(fields)}:".encode())
            for name in fields:
                update(f"tuple2:str{len(name)}:{name}".encode())
                _feed(getattr(value, name), update)
        case str():
            text = value.encode("utf-8", "surrogatepass")
            update(f"str{len(text)}:".encode())
            update(text)
        case list() | tuple():
            update(f"{type(value).__name__}{len(value)}:".encode())
            _feed_items(value, update)
        case dict():
            update(f"{type(value).__name__}{len(value)}:".encode())
            for item in value.items():
                _feed(item, update)
        case set() | frozenset():
            update(f"{type(value).__name__}{','.join(sorted(map(sha256_of, value)))};".encode())
        case int() if type(value) is int:
            update(f"int{_DIGITS(value)};".encode())
        case _:
            update(f"{type(value).__name__}{value!r};".encode("utf-8", "surrogatepass"))


def _feed_items(items: Sequence[Any], update: Callable[[bytes], None]) -> None:
    """Hand on the items of a list; those of one type of number at once, as large ones are: four times faster."""
    kinds = set(map(type, items))
    if kinds == {int}:
        update(",".join(map(_DIGITS, items)).encode())
    elif kinds == {float}:
        update("".join(map("float{!r};".format, items)).encode())
    else:
        for item in items:
            _feed(item, update)
