"""Selects the problems of a run: all of them, a split, a published set, or one shard of these.

Shard 3/16 has every sixteenth problem from the third on, in the benchmark's order, so all shards take about as long.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from harness.benchmarks.benchmark import Benchmark
from harness.benchmarks.problem_info import ProblemInfo, ProblemInfos
from harness.errors import UserError, no_such
from harness.runs.records import Generation, Run
from harness.runs.row_store import SampleCounts
from harness.runs.run_folder import changes

_WINDOW = re.compile(r"([0-9]{4}-[0-9]{2}(?:-[0-9]{2})?)?\.\.([0-9]{4}-[0-9]{2}(?:-[0-9]{2})?)?")


def of_split(infos: ProblemInfos, split: str) -> ProblemInfos:
    """Return the infos of one split, or of "all".

    Args:
        infos: of all problems.
        split: its name, or "all".

    Returns:
        The infos, in their order.

    Raises:
        UserError: There are none.
    """
    selected = {task_id: info for task_id, info in infos.items() if split in {"all", info.split}}
    if not selected:
        splits = dict.fromkeys(info.split for info in infos.values())
        raise no_such("split", split, ["all", *splits], where="--split")
    return selected


def refuse_missing(selected: ProblemInfos, name: str, counts: SampleCounts) -> None:
    """Refuse samples that leave out a problem of a published set, or of a shard of it.

    Args:
        selected: the problems of the set or shard.
        name: of the set.
        counts: samples by policy and task.

    Raises:
        UserError: A policy has none of one: a result that bears the name of a set must be of the whole set.
    """
    for policy in dict.fromkeys(policy for policy, _ in counts):
        missing = [task_id for task_id in selected if (policy, task_id) not in counts]
        if missing:
            raise UserError(
                f"--problem-set {name}: {policy} has no samples of {len(missing)} of its {len(selected)} problems, "
                f"such as task {missing[0]}; generate them, or leave --problem-set out to judge the others"
            )


def whole_set(infos: ProblemInfos, benchmark: Benchmark, name: str) -> ProblemInfos:
    """Return the infos of a published set, or of a window of dates.

    Args:
        infos: of all problems.
        benchmark: that they are of.
        name: of the set; or first and last month or day of the window, such as 2024-08..2025-01.

    Returns:
        The infos, in their order.

    Raises:
        UserError: There is no such set, or no problem in the window.
    """
    if window := _WINDOW.fullmatch(name):
        return _published(infos, name, *window.groups())
    if name not in benchmark.problem_sets:
        windows = "or give a window of dates such as 2024-08..2025-01" if any(map(_date_of, infos.values())) else ""
        raise no_such("problem set", name, benchmark.problem_sets, windows, where=benchmark.name)
    ids = frozenset(benchmark.problem_sets[name](infos.values()))
    return {task_id: info for task_id, info in infos.items() if task_id in ids}


def _date_of(info: ProblemInfo) -> str:
    return info.date


def _published(infos: ProblemInfos, name: str, first: str | None, last: str | None) -> ProblemInfos:
    """Return the infos of the problems that were published from `first` to `last`, both included."""
    first, last = first or "", last or "9"
    selected = {
        task_id: info
        for task_id, info in infos.items()
        if info.date and first <= info.date and info.date[: len(last)] <= last
    }
    if not selected:
        dates = sorted(filter(None, map(_date_of, infos.values())))
        known = f"they are from {dates[0]} to {dates[-1]}" if dates else "their dates are unknown"
        raise UserError(f"--problem-set {name}: no problem was published then; {known}")
    return selected


def selected_problems(infos: ProblemInfos, benchmark: Benchmark, split: str | None, problem_set: str) -> ProblemInfos:
    """Return the problems of a split, by default the benchmark's own, or of a published set.

    Args:
        infos: of all problems.
        benchmark: that they are of.
        split: its name, or "all".
        problem_set: its name, empty for none.

    Returns:
        The infos, in their order.

    Raises:
        UserError: There is no such split or set, or both are given.
    """
    if problem_set and split:
        raise UserError("--split and --problem-set both select problems; give only one")
    if problem_set:
        return whole_set(infos, benchmark, problem_set)
    return of_split(infos, split or benchmark.default_split)


Record = TypeVar("Record", Run, Generation)

_EACH_HAS_ITS_OWN = {
    "shard", "samples_sha256", "samples", "problems", "problems_sha256", "prompts", "splits", "limits", "source",
}  # fmt: skip
"""Fields that may differ between the shards of one run: they follow from the problems; `limits` are those of most."""


def numbers_of(shard: str) -> tuple[int, int]:
    """Return the numbers of a shard: (3, 16) of "3/16".

    Args:
        shard: its name.

    Returns:
        Its number, from 1, and the number of all shards.

    Raises:
        ValueError: The name is not of this form.
    """
    number, slash, count = shard.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise ValueError(f"{shard!r} is not a shard such as 3/16, from 1/16 to 16/16")
    return int(number), int(count)


def of_shard(infos: ProblemInfos, shard: str) -> ProblemInfos:
    """Return the infos of a shard, all of them where `shard` is empty.

    Args:
        infos: of all problems that are judged.
        shard: such as "3/16", which takes every sixteenth from the third on; "" for all.

    Returns:
        The infos, in their order.

    Raises:
        UserError: There are none.
    """
    if not shard:
        return infos
    number, count = numbers_of(shard)
    if number > len(infos):
        raise UserError(f"--shard {shard}: there are only {len(infos)} problems; use at most that many shards")
    return dict(list(infos.items())[number - 1 :: count])


def shard_of(record: Run | Generation) -> str:
    """Return the shard of a record, empty where it is of all problems.

    Args:
        record: of a run or a generation.

    Returns:
        Such as "3/16".
    """
    return record.conditions.shard if isinstance(record, Run) else record.shard


def in_order(records: Mapping[Path, Record]) -> Sequence[Path]:
    """Return the folders in the order of their shards, given the record of each.

    Args:
        records: folder -> its record, at least one.

    Returns:
        Folders from shard 1 on.

    Raises:
        UserError: They are not all shards of one and the same run, each of them once.
    """
    found = dict[str, Path]()
    (first, of_first), *_ = records.items()
    for folder, record in records.items():
        shard = shard_of(record)
        if not shard:
            raise UserError(f"{folder}: is not a shard, it was made without --shard; leave it out")
        if earlier := found.get(shard):
            raise UserError(f"{folder}: is shard {shard}, as is {earlier}; leave one of them out")
        for change in changes(of_first, record):
            if change.field.partition(".")[0] not in _EACH_HAS_ITS_OWN:
                raise UserError(f"{folder}: is a shard of another run than {first}, its {change.field} differs")
        found[shard] = folder
    _, count = numbers_of(shard_of(of_first))
    whole = [f"{number}/{count}" for number in range(1, count + 1)]
    if strange := found.keys() - set(whole):
        raise UserError(f"{found[strange.pop()]}: is a shard of another run than {first}, which has {count} shards")
    if missing := [shard for shard in whole if shard not in found]:
        raise UserError(f"{len(missing)} of {count} shards are missing: {', '.join(missing)}; name their folders too")
    return [found[shard] for shard in whole]
