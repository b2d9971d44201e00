"""A file shaped like APPS+ whose tests take 2 GB is indexed in under two minutes, and never lies in memory whole.

7,413 problems in one JSON list, 4,779 on standard input and 2,634 of calls, with tests of very different size. Indexing
may take the memory of the largest problem and 300 MB; decoding a problem, what that problem takes.
"""

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from harness.benchmarks.apps import PAPER, apps_plus

PROBLEMS, STDIO = 7413, 4779
LARGEST_BYTES = 64 << 20
MOST_S, MOST_GROWTH_BYTES = 120.0, 300 * 10**6
LINE = "1000000007 998244353 -3 0 12\n"
CALL = [list(range(1000, 1040)), "a string", {"key": [1, 2, 3]}]
LEVELS = (*(level for level in PAPER for _ in range(5)), "")
"""A few problems have no difficulty."""


def main() -> int:
    """Write the file, index it, decode some of it, and remove it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=2000, metavar="N", help="size of the tests (default: 2000)")
    total_bytes = parser.parse_args().megabytes * 10**6
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.json"
        with ProcessPoolExecutor(1) as other:  # whose memory is not ours
            largest_bytes = other.submit(write, path, total_bytes).result()
        print(f"{path.stat().st_size / 1e6:.0f} MB, the largest problem {largest_bytes / 1e6:.0f} MB", flush=True)
        return 0 if measure(path, largest_bytes) else 1


def write(path: Path, total_bytes: int) -> int:
    """Write the problems one by one; return the length of the longest."""
    largest = 0
    with path.open("wb") as file:
        for number, size in enumerate(sizes(total_bytes)):
            row = json.dumps(problem(number, size)).encode()
            largest = max(largest, len(row))
            file.write((b"[" if number == 0 else b", ") + row)
        file.write(b"]\n")
    return largest


def sizes(total_bytes: int) -> Iterator[int]:
    """Yield how many bytes the tests of each problem take: most of them few, some of them very many."""
    draw = random.Random(0)  # noqa: S311 - the same sizes in every run
    drawn = [min(draw.paretovariate(0.9), 3000) for _ in range(PROBLEMS)]
    scale = total_bytes / sum(drawn)
    yield from (min(int(share * scale), LARGEST_BYTES) for share in drawn)


def problem(number: int, size: int) -> dict[str, Any]:
    """Return a problem as APPS+ has it, its tests of about so many bytes, in ten tests or fewer."""
    row = {"prompt": f'Problem {number}. \u00fc "quoted" {{[', "difficulty": LEVELS[number % len(LEVELS)]}
    if number * STDIO // PROBLEMS != (number + 1) * STDIO // PROBLEMS:
        text = LINE * (size // 10 // (len(LINE) + 1) + 1)
        inputs, outputs = [text] * 10, ["1\n"] * 10
        return row | {"starter_code": "def main():\n", "canonical_solution": "", "inputs": inputs, "outputs": outputs}
    calls = size // len(json.dumps(CALL)) + 1
    return row | {"starter_code": "def f(a, b, c):\n", "inputs": [CALL] * calls, "outputs": [[1]] * calls}


def measure(path: Path, largest_bytes: int) -> bool:
    """Index the file and decode every hundredth problem; print what it took, and say whether that is little enough."""
    before = peak_bytes()
    started_s = time.monotonic()
    opened = apps_plus.problems(path)
    index_s, growth = time.monotonic() - started_s, peak_bytes() - before
    print(f"indexed {len(opened)} problems in {index_s:.1f} s, peak memory grew by {growth / 1e6:.0f} MB", flush=True)
    started_s = time.monotonic()
    tests = sum(len(opened[task_id].tests) for task_id in list(opened)[::100])
    decode_s = time.monotonic() - started_s
    print(f"every 100th decoded ({tests} tests) in {decode_s:.1f} s, {(peak_bytes() - before) / 1e6:.0f} MB")
    return len(opened) == PROBLEMS and index_s < MOST_S and growth < largest_bytes + MOST_GROWTH_BYTES


def peak_bytes() -> int:
    """Return the most resident memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    sys.exit(main())
