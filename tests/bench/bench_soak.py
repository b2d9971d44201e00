"""100,000 judgements in one process leave nothing behind: memory, descriptors, processes and mounts are flat.

The mix: every third completion of mbpp_n10, and the programs of known verdict that ship with proctor (assert, call and
stdio; wrong, crashing, hungry, talkative), and two that leave files and processes behind; only what takes long is left
out. A census is taken ten times. Flat means: descriptors, processes, mounts and folders in /tmp are as many at the last
census as at the first, and no resident memory (the judge's, a zygote's) has grown by 5 % between them. No program may
get another verdict than it is known to deserve, however often it comes.
"""

import argparse
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

from mbpp_samples import COMPLETIONS, CORES, SANITIZED, cases, recorded_samples, skip_without_data

from harness.benchmarks import mini
from sandbox.jail import Jail
from sandbox.limits import Limits
from sandbox.pool import Case, judge_all
from sandbox.testcase import StdioTest
from sandbox.verdict import Verdict

CENSUSES = 10
MOST_GROWTH = 1.05
SETTLING_S = 2.0
SLOW = {"123"}
LITTERING = (
    "import os, tempfile\n"
    "os.makedirs('/tmp/a/b')\n"
    "for number in range(20):\n"
    "    open(f'/tmp/a/b/{number}', 'w').write('x' * 10000)\n"
    "tempfile.NamedTemporaryFile(delete=False).write(b'y')\n"
    "print('done')\n",
    "import os, time\n"
    "for _ in range(3):\n"
    "    if os.fork() == 0:\n"
    "        os.setsid()\n"
    "        if os.fork() == 0:\n"
    "            time.sleep(60)\n"
    "        os._exit(0)\n"
    "print('done')\n",
)
"""Files and folders; processes that outlive their parents."""


class Census(NamedTuple):
    """What there is of us at a moment when nothing is being judged."""

    judge_rss_kib: int
    zygotes_rss_kib: tuple[int, ...]
    """Two a worker, by process id: the candidates' and the examiners'."""
    judge_descriptors: int
    zygote_descriptors: int
    processes: int
    """All descendants of the judge."""
    mounts: int
    jail_mounts: int
    folders: int
    """/tmp/proctor-*"""


def main() -> int:
    """Judge, count ten times, and compare the last census with the first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--judgements", type=int, default=100_000, metavar="N", help="how many (default: 100000)")
    total = parser.parse_args().judgements
    skip_without_data(SANITIZED, COMPLETIONS)
    known = [(case, verdict) for case, verdict in mixture() if verdict is not Verdict.TIME_LIMIT]
    stream = itertools.islice(itertools.cycle(known), total)
    judgements = judge_all((case for case, _ in itertools.islice(itertools.cycle(known), total)), Jail(), CORES)
    found, censuses, wrong = Counter[str](), list[Census](), 0
    started_s = time.monotonic()
    for number, ((case, expected), judgement) in enumerate(zip(stream, judgements, strict=True), 1):
        found[judgement.verdict] += 1
        if expected is not judgement.verdict:
            wrong += 1
            print(f"judgement {number}: {judgement.verdict} ({judgement.detail}), not {expected}: {case.program[:80]!r}")
        if number % (total // CENSUSES) == 0 and len(censuses) < CENSUSES:
            time.sleep(SETTLING_S)  # what the pool has read ahead is judged meanwhile
            censuses.append(take_census())
            print(f"{number} judgements, {number / (time.monotonic() - started_s):.0f}/s: {censuses[-1]}", flush=True)
    print(", ".join(f"{count} {verdict}" for verdict, count in found.items()))
    return 0 if is_flat(censuses[0], censuses[-1]) and wrong == 0 else 1


def mixture() -> Iterator[tuple[Case, Verdict]]:
    """Yield the programs with their verdicts, problem by problem in a shuffled order."""
    known = {problem.task_id: problem for problem in mini.problems(None)}
    groups: dict[str, list[tuple[Case, Verdict]]] = {}
    ours = {True: Verdict.ACCEPTED, False: Verdict.WRONG_ANSWER}
    recorded = [row for row in recorded_samples(every=3) if row.sample.task_id not in SLOW]
    ...


def is_flat(first: Census, last: Census) -> bool:
    """Compare."""


if __name__ == "__main__":
    sys.exit(main())
