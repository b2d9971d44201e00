"""Fourteen million rows of metadata, in CodeNet's 4,053 files and true column shapes, indexed in under 90 s and 2 GB.

The rows are made up (written below the folder for temporary files, 1.1 GB, and deleted at the end): the languages and
statuses have about the shares that CodeNet has. Indexing is what a compile does with the metadata: every row is read,
checked and counted, and those in Python are kept, sorted, problem by problem.
"""

import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from trainers.compile import codenet
from trainers.compile.data_card import ROWS

ROWS_WANTED = 14_000_000
PROBLEMS = 4_053
BROKEN_EVERY = 10_000
WORKERS = 2
LIMIT_S = 90.0
LIMIT_BYTES = 2 << 30
LANGUAGES = {"C++": 57, "Python": 24, "Java": 6, "C": 5, "Ruby": 3, "C#": 3, "Rust": 1, "Go": 1}
STATUSES = {
    "Accepted": 536, "Wrong Answer": 297, "Runtime Error": 60, "Time Limit Exceeded": 55, "Compile Error": 42,
    "WA: Presentation Error": 4, "Memory Limit Exceeded": 3, "Output Limit Exceeded": 1, "Judge Not Available": 1,
    "Internal Error": 1,
}  # fmt: skip
HEADER = (
    "submission_id,problem_id,user_id,date,language,original_language,filename_ext,status,cpu_time,memory,code_size,"
    "accuracy\n"
)


def main() -> int:
    """Write the tree, index it, say what it took, and delete it."""
    with tempfile.TemporaryDirectory(prefix="codenet-index-") as folder:
        tree = Path(folder)
        written = write(tree)
        os.sync()  # writing back is not part of the reading
        started_s = time.monotonic()
        kept, fates, peak_bytes = index(tree)
        took_s = time.monotonic() - started_s
    print(f"{written} rows in {PROBLEMS} files: {took_s:.1f} s, {written / took_s:.0f} rows/s, {WORKERS} processes")
    print(f"peak memory {peak_bytes / 2**20:.0f} MiB, all processes together; kept {kept} rows in Python")
    print("; ".join(f"{rule}: {count}" for rule, count in sorted(fates.items())))
    accounted = kept + sum(fates.values()) == written
    print("every row is accounted for" if accounted else "ROWS ARE LOST")
    return 0 if accounted and took_s < LIMIT_S and peak_bytes < LIMIT_BYTES else 1


def write(tree: Path) -> int:
    """Write the metadata and return the number of rows; a few are of the broken kinds that occur."""
    rng = random.Random(0)  # noqa: S311 - made-up rows, not keys
    (tree / "metadata").mkdir()
    sizes = [rng.paretovariate(0.9) for _ in range(PROBLEMS)]
    scale = ROWS_WANTED / sum(min(size, 200) for size in sizes)
    number = 0
    for problem, size in enumerate(sizes):
        problem_id = f"p{problem:05}"
        rows = max(1, round(min(size, 200) * scale))
        with (tree / "metadata" / f"{problem_id}.csv").open("w") as file:
            file.write(HEADER)
            file.writelines(_row(problem_id, number + place, rng) for place in range(rows))
        number += rows
    return number


def index(tree: Path) -> tuple[int, Counter[str], int]:
    """Index every problem on some processes; return the rows kept, the others by rule, and the peak memory in bytes."""
    kept, fates = 0, Counter[str]()
    peaks_kib = {os.getpid(): resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("forkserver")) as pool:
        found = pool.map(partial(index_one, tree), codenet.problem_ids(tree), chunksize=16)
        for process, peak_kib, of_problem, dropped in found:
            peaks_kib[process] = max(peaks_kib.get(process, 0), peak_kib)
            kept += of_problem
            fates.update(dropped)
    return kept, fates, 1024 * sum(peaks_kib.values())


def index_one(tree: Path, problem_id: str) -> tuple[int, int, int, Counter[str]]:
    """Return the process, its peak memory in KiB, the rows kept of a problem, and the others by rule."""
    found = codenet.index(tree, problem_id)
    fates = Counter({rule: count for (table, rule), count in found.counts.items() if table == ROWS})
    return os.getpid(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, len(found.submissions), +fates


def _row(problem_id: str, number: int, rng: random.Random) -> str:
    language = rng.choices(list(LANGUAGES), list(LANGUAGES.values()))[0]
    status = rng.choices(list(STATUSES), list(STATUSES.values()))[0]
    cpu_time = "-1" if status == "Judge Not Available" else str(rng.randrange(3000))
    if number % BROKEN_EVERY == 0:
        return f"s{number:09},{problem_id},{language}\n"
    return (
        f"s{number:09},{problem_id},u{rng.randrange(10**9):09},{1218000000 + number * 25},{language},{language}3,py,"
        f"{status},{cpu_time},{rng.randrange(2000, 300000)},{rng.randrange(20, 5000)},\n"
    )


if __name__ == "__main__":
    sys.exit(main())
