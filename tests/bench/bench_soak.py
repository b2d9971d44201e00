"""100,000 judgements in one process leave nothing behind: memory, descriptors, processes and mounts are flat.

The mix: every third completion of mbpp_n10, the programs of known verdict that ship with proctor (assert, call and
stdio; wrong, crashing, hungry, talkative), and two that leave files and processes behind; programs that run into the
time limit are left out. A census is taken ten times. Flat means: processes (the very same zygotes), descriptors and
mounts are as many at the last census as at the first, and neither the judge's resident memory nor that of a warden or
zygote has grown by 5 % between the two. When the pool is closed, no process, descriptor, mount or folder in /tmp of it
is left. No program's verdict may change from one time to another.
"""

import argparse
import ctypes
import itertools
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mbpp_samples import (
    COMPLETIONS,
    CORES,
    SANITIZED,
    cases,
    lasting_folders,
    private_tmp,
    recorded_samples,
    skip_without_data,
)

from harness.benchmarks.mini import known_samples, mini
from sandbox.jail import Jail
from sandbox.pool import Case, judge_all
from sandbox.records import Limits, StdioTest, Verdict

sys.path.append(str(Path(__file__).parents[1] / "sandbox"))
from census import resident_kib  # the tests' own

CENSUSES = 10
MOST_GROWTH = 1.05
SETTLING_S = 2.0
SLOW = {"123"}
M_MMAP_THRESHOLD, LARGE_BYTES = -3, 1 << 20
LITTER = (
    """
import os, tempfile
os.makedirs("/tmp/a/b")
for number in range(20):
    with open(f"/tmp/a/b/{number}", "w") as file:
        file.write("x" * 10000)
tempfile.NamedTemporaryFile(delete=False).write(b"y")
print("done")
""",
    """
import os, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(60)
        os._exit(0)
print("done")
""",
)
"""Leave files and folders; leave processes that have no parent."""


class Census(NamedTuple):
    """What there is of us while nothing is being judged; a warden and a zygote of each kind a worker, by process id."""

    helpers: tuple[int, ...]
    processes: int
    judge_descriptors: int
    helper_descriptors: int
    mounts: int
    jail_mounts: int
    judge_kib: int
    helpers_kib: tuple[int, ...]


def main() -> int:
    """Judge, count ten times, and compare the last census with the first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--judgements", type=int, default=100_000, metavar="N", help="how many (default: 100000)")
    total = parser.parse_args().judgements
    skip_without_data(SANITIZED, COMPLETIONS)
    private_tmp()
    return_large_buffers()
    programs = mixture()
    print(f"{total} judgements of {len(programs)} programs, {CORES} workers")
    before, folders = take_census(), lasting_folders(set(), wait_s=0)
    censuses, moved = soak(programs, total)
    after, left = take_census(), lasting_folders(folders, wait_s=10)
    print(f"closed: {told(after)}, folders left: {', '.join(map(str, left)) or 'none'}")
    gone = counted(after) == counted(before) and not left
    return 0 if is_flat(censuses[0], censuses[-1]) and gone and not moved else 1


def mixture() -> list[Case]:
    """Return the programs, those of a problem one after the other, the problems shuffled."""
    recorded = [row for row in recorded_samples(every=3) if row.sample.task_id not in SLOW]
    named = list(zip((row.sample.task_id for row in recorded), cases(recorded), strict=True))
    known = mini.problems(None)
    for sample, verdict, _ in known_samples():
        problem = known[sample.task_id]
        if verdict is not Verdict.TIME_LIMIT:
            named.append((problem.task_id, Case(program=sample.completion, tests=problem.tests, limits=problem.limits)))
    done = (StdioTest(stdin="", expected_stdout="done\n"),)
    named += [(f"litter {n}", Case(program=program, tests=done, limits=Limits())) for n, program in enumerate(LITTER)]
    task_ids = sorted({task_id for task_id, _ in named})
    random.Random(0).shuffle(task_ids)  # noqa: S311 - the same order in every run
    rank = {task_id: place for place, task_id in enumerate(task_ids)}
    return [case for _, case in sorted(named, key=lambda pair: rank[pair[0]])]


def return_large_buffers() -> None:
    """Make glibc return large outputs' memory: it would keep up to 32 MiB a thread, a step that could hide a leak."""
    ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


def soak(programs: list[Case], total: int) -> tuple[list[Census], int]:
    """Judge the programs over and over; return the censuses, and how many verdicts were not those of the first time."""
    counts, censuses, moved = Counter[str](), [], 0
    first = dict[int, Verdict]()
    started_s = time.monotonic()
    stream = itertools.islice(itertools.cycle(programs), total)
    for number, judgement in enumerate(judge_all(stream, Jail(), CORES)):
        counts[judgement.verdict] += 1
        before = first.setdefault(number % len(programs), judgement.verdict)
        if judgement.verdict not in {before} - {Verdict.SANDBOX_ERROR}:
            moved += 1
            program = programs[number % len(programs)].program
            print(f"MOVED {before} -> {judgement.verdict} ({judgement.detail}) at {number}: {program!r}")
        if (number + 1) % (total // CENSUSES) == 0:
            time.sleep(SETTLING_S)  # what the pool has read ahead is judged meanwhile
            censuses.append(take_census())
            print(f"{number + 1} at {number / (time.monotonic() - started_s):.0f}/s: {told(censuses[-1])}", flush=True)
    print(f"verdicts: {', '.join(f'{count} {verdict}' for verdict, count in counts.items())}; {moved} moved")
    return censuses, moved


def take_census() -> Census:
    """Count what there is of this process and its descendants."""
    children = dict[int, list[int]]()
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.name))
    generations = list(itertools.takewhile(bool, descendants(os.getpid(), children)))
    helpers = tuple(sorted(itertools.chain(*generations[:2])))
    return Census(
        helpers=helpers,
        processes=sum(map(len, generations)),
        judge_descriptors=descriptors(os.getpid()),
        helper_descriptors=sum(map(descriptors, helpers)),
        mounts=mounts(os.getpid()),
        jail_mounts=sum(map(mounts, helpers)),
        judge_kib=resident_kib(os.getpid()),
        helpers_kib=tuple(map(resident_kib, helpers)),
    )


def descendants(pid: int, children: dict[int, list[int]]) -> Iterator[list[int]]:
    """Yield the children of a process, then the grandchildren, ..."""
    generation = [pid]
    while True:
        generation = [child for parent in generation for child in children.get(parent, [])]
        yield generation


def descriptors(pid: int) -> int:
    """Return how many descriptors a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def mounts(pid: int) -> int:
    """Return how many mounts a process sees."""
    return len(Path(f"/proc/{pid}/mountinfo").read_text().splitlines())


def told(census: Census) -> str:
    """Return a census in words."""
    return (
        f"{census.processes} processes, descriptors {census.judge_descriptors} (helpers {census.helper_descriptors}), "
        f"mounts {census.mounts} (jails {census.jail_mounts}), "
        f"resident {census.judge_kib} KiB (helpers {' '.join(map(str, census.helpers_kib))})"
    )


def counted(census: Census) -> dict[str, object]:
    """Return what must be as it was, to the last one."""
    return {field: value for field, value in census._asdict().items() if not field.endswith("_kib")}


def is_flat(first: Census, last: Census) -> bool:
    """Compare two censuses and print what is not flat."""
    one, two = counted(first), counted(last)
    for field in one:
        if one[field] != two[field]:
            print(f"NOT FLAT {field}: {one[field]} -> {two[field]}")
    resident = zip((first.judge_kib, *first.helpers_kib), (last.judge_kib, *last.helpers_kib), strict=False)
    growth = max(after / before for before, after in resident)
    print(f"largest growth of resident memory from the first census to the last: {growth - 1:+.1%} (below +5 %)")
    return one == two and growth < MOST_GROWTH


if __name__ == "__main__":
    sys.exit(main())
