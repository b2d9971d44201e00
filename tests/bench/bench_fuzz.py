"""A million mutated replies, outputs and packets lead to no crash, no pass, no sandbox_error, and no new template.

Shares: the codec and the examiner's line to a candidate (in processes with an examiner's limits), whole judges (with
programs that answer their tests with mutations), checkers of printed output, and packets. Each mutation has a number
(`tests/sandbox/mutations.py`), so that `--seed SEED` gives the same ones each time.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mbpp_samples import CORES

from sandbox.jail import ALL_LAYERS, NAMESPACES, Jail
from sandbox.judge import Judge

sys.path.append(str(Path(__file__).parents[1] / "sandbox"))
from census import children_of  # the tests' own
from fuzz_targets import IN_PROCESS, RECURSION_LIMIT, TESTS_A_PROGRAM, of_judge

SHARES = {"codec": 0.4, "line": 0.3, "output": 0.05, "packet": 0.05, "judge": 0.2}
CHUNK = 10_000
MOST_BYTES, MOST_CPU_S = 4 << 30, 300
"""Of an examiner: memory, and far more time than a chunk takes."""
SLOW_S = 0.25
LAYERS = {"all layers": ALL_LAYERS, "no namespaces": ALL_LAYERS - NAMESPACES}


def main() -> int:
    """Feed mutations to every target, print what came out, and fail where anything is a fault of ours."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1_000_000, metavar="N", help="mutations in all (default: 1000000)")
    parser.add_argument("--seed", default="0", metavar="TEXT", help="which mutations (default: 0)")
    parser.add_argument("--target", choices=SHARES, action="append", help="a target; may be repeated (default: all)")
    parser.add_argument("--here", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    targets = options.target or list(SHARES)
    if options.here:
        return feed_here(targets[0], options.seed, *options.here)
    faults = 0
    for target in targets:
        count = int(options.count * SHARES[target] / sum(SHARES[name] for name in targets))
        faults += told(
            target, feed_judges(options.seed, count) if target == "judge" else feed(target, options.seed, count)
        )
    print("no fault" if not faults else f"{faults} FAULTS")
    return 0 if not faults else 1


def told(target: str, parts: Iterator[Counter[str]]) -> int:
    """Print what came out and how fast; return how many faults of ours there were."""
    started_s, found = time.monotonic(), Counter[str]()
    for part in parts:
        found += part
    took_s, total = time.monotonic() - started_s, sum(found.values())
    outcomes = ", ".join(f"{count} {what}" for what, count in found.most_common())
    print(f"{target}: {total} mutations, {total / took_s:.0f}/s: {outcomes}", flush=True)
    return sum(count for what, count in found.items() if what[:2].isupper())


def feed(target: str, seed: str, count: int) -> Iterator[Counter[str]]:
    """Feed a target in processes of its own, chunk by chunk."""
    firsts = range(0, count, CHUNK)
    with ThreadPoolExecutor(CORES) as threads:
        yield from threads.map(lambda first: feed_apart(target, seed, first, min(CHUNK, count - first)), firsts)


def feed_apart(target: str, seed: str, first: int, count: int) -> Counter[str]:
    """Feed one chunk in a process; what ends the process is a fault."""
    command = [sys.executable, __file__, "--target", target, "--seed", seed, "--here", str(first), str(count)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if ended.returncode != 0:
        return Counter({f"CRASH: status {ended.returncode} in {first} to {first + count}": 1})
    return Counter(json.loads(ended.stdout))


def feed_here(target: str, seed: str, first: int, count: int) -> int:
    """Feed one chunk in this process, under an examiner's limits; print what came out as JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))
    sys.setrecursionlimit(RECURSION_LIMIT)
    warnings.simplefilter("ignore")  # numpy has a lot to say
    found, feed_one = Counter[str](), IN_PROCESS[target]
    for number in range(first, first + count):
        started_s = time.thread_time()
        outcome = feed_one(f"{seed}/{number}")
        if time.thread_time() - started_s > SLOW_S:  # maybe for making the mutation, which is kept now
            started_s = time.thread_time()
            outcome = feed_one(f"{seed}/{number}")
        if (took_s := time.thread_time() - started_s) > SLOW_S:
            outcome = f"SLOW {outcome}"
        if outcome[:2].isupper():
            print(f"{target} {seed}/{number}: {outcome}, {took_s:.2f} s", file=sys.stderr)
        found[outcome] += 1
    print(json.dumps(found))
    return 0


def feed_judges(seed: str, count: int) -> Iterator[Counter[str]]:
    """Feed a judge in each of two jails; its templates must live on."""
    for jail, layers in LAYERS.items():
        with Judge(Jail(layers=layers)) as judge:
            wardens = children_of(os.getpid())
            for first in range(0, count // len(LAYERS), TESTS_A_PROGRAM):
                found = of_judge(judge, f"{seed} {jail}", first)
                if any(what[:2].isupper() for what in found):
                    print(f"judge, {jail}, from {first}: {dict(found)}", file=sys.stderr)
                yield found
            if children_of(os.getpid()) != wardens:
                yield Counter({f"NEW templates with {jail}": 1})


if __name__ == "__main__":
    sys.exit(main())
