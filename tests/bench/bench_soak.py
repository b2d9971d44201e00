"""100,000 judgements (a million with --judgements 1000000) leave nothing behind; all that is counted stays flat.

The mix: every third completion of mbpp_n10, the programs of known verdict that ship with proctor (assert, call and
stdio; wrong, crashing, hungry, talkative), two that leave files and processes behind, and two that die at once or in
the midst of the tests; programs that run into the time limit are left out. A census is taken ten times. Flat means:
processes (the very same workers, wardens and templates), descriptors, mounts and control groups are as many at the last
census as at the first, and the resident memory of none that lasts has grown by 5 % between the two; that of the
examiners, which come and go with the problems, is told. When the pool is closed, no process, descriptor, mount, control
group or folder in /tmp of it is left. No program's verdict may change from one time to another.
"""

import argparse
import ctypes
import itertools
import os
import random
import sys
import time
from collections import Counter
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
from sandbox.records import AssertTest, Limits, StdioTest, Verdict

sys.path.append(str(Path(__file__).parents[1] / "sandbox"))
from census import descendants_of, groups_of, resident_kib  # the tests' own

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
DYING = (
    "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "import os\nprint('done', flush=True)\nos.abort()\n",
)
DYING_IN_A_CALL = (
    "import os\nasked = []\ndef f(x):\n    asked.append(x)\n    return x if len(asked) < 3 else os._exit(0)\n"
)


class Census(NamedTuple):
    """Counts this process and those below it while no program is judged; `lasting` ones are all but examiners."""

    lasting: tuple[int, ...]
    processes: int
    descriptors: int
    lasting_descriptors: int
    mounts: int
    jail_mounts: int
    groups: int
    own_kib: int
    lasting_kib: tuple[int, ...]
    examiners_kib: tuple[int, ...]


def main() -> int:
    """Judge, count ten times, and compare the last census with the first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--judgements", type=int, default=100_000, metavar="N", help="how many (default: 100000)")
    parser.add_argument("--workers", type=int, default=CORES, metavar="N", help=f"how many (default: {CORES})")
    options = parser.parse_args()
    total, workers = options.judgements, options.workers
    skip_without_data(SANITIZED, COMPLETIONS)
    private_tmp()
    return_large_buffers()
    programs = mixture()
    print(f"{total} judgements of {len(programs)} programs, {workers} workers", flush=True)
    before, folders = take_census(), lasting_folders(set(), wait_s=0)
    censuses, moved = soak(programs, total, workers)
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
    calls = tuple(AssertTest(code=f"assert f({n}) == {n}", names=("f",)) for n in range(5))
    named += [("litter", Case(program=program, tests=done, limits=Limits())) for program in (*LITTER, *DYING)]
    named.append(("dying", Case(program=DYING_IN_A_CALL, tests=calls, limits=Limits(), exhaustive=True)))
    task_ids = sorted({task_id for task_id, _ in named})
    random.Random(0).shuffle(task_ids)  # noqa: S311 - the same order in every run
    rank = {task_id: place for place, task_id in enumerate(task_ids)}
    return [case for _, case in sorted(named, key=lambda pair: rank[pair[0]])]


def return_large_buffers() -> None:
    """Make glibc return large outputs' memory: it would keep up to 32 MiB a thread, a step that could hide a leak."""
    ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


def soak(programs: list[Case], total: int, workers: int) -> tuple[list[Census], int]:
    """Judge the programs over and over; return the censuses, and how many verdicts were not those of the first time."""
    counts, censuses, moved = Counter[str](), [], 0
    first = dict[int, Verdict]()
    started_s = time.monotonic()
    stream = itertools.islice(itertools.cycle(programs), total)
    for number, judgement in enumerate(judge_all(stream, Jail(), workers)):
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
    own = os.getpid()
    below = sorted(descendants_of(own))
    lasting = tuple(pid for pid in below if lasts(pid))
    return Census(
        lasting=lasting,
        processes=len(below),
        descriptors=descriptors(own),
        lasting_descriptors=sum(map(descriptors, lasting)),
        mounts=mounts(own),
        jail_mounts=sum(map(mounts, lasting)),
        groups=len(groups_of(lasting)),
        own_kib=resident_kib(own),
        lasting_kib=tuple(map(resident_kib, lasting)),
        examiners_kib=tuple(resident_kib(pid) for pid in below if pid not in lasting),
    )


def lasts(pid: int) -> bool:
    """Whether a process below us is no fork of a template: those are in a pid namespace, and not its init."""
    own, known = ids_of(os.getpid()), ids_of(pid)
    return len(known) == len(own) or known[-1] == 1


def ids_of(pid: int) -> list[int]:
    """Return the ids of a process in its own pid namespace and those around it, ours first."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next([int(number) for number in line.split()[1:]] for line in status.splitlines() if line[:6] == "NSpid:")


def descriptors(pid: int) -> int:
    """Return how many descriptors a process has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def mounts(pid: int) -> int:
    """Return how many mounts a process sees."""
    return len(Path(f"/proc/{pid}/mountinfo").read_text().splitlines())


def told(census: Census) -> str:
    """Return a census in words."""
    return (
        f"{census.processes} processes, descriptors {census.descriptors} (below {census.lasting_descriptors}), "
        f"mounts {census.mounts} (below {census.jail_mounts}), {census.groups} control groups, resident KiB "
        f"{census.own_kib} (below {' '.join(map(str, census.lasting_kib))}; "
        f"examiners {' '.join(map(str, census.examiners_kib)) or 'none'})"
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
    resident = zip((first.own_kib, *first.lasting_kib), (last.own_kib, *last.lasting_kib), strict=False)
    growth = max(after / before for before, after in resident)
    print(f"largest growth of resident memory from the first census to the last: {growth - 1:+.1%} (below +5 %)")
    return one == two and growth < MOST_GROWTH


if __name__ == "__main__":
    sys.exit(main())
