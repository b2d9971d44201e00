"""The whole loop in miniature with several seeds: one table with the spread, and how long each stage took.

Each seed is a demo in a folder of its own: its own submissions, groups, trainings and samples; with --train-base also
its own base, trained from random weights. A demo that was interrupted goes on.

    python tests/bench/bench_demo.py [--seeds 3] [--train-base] [--busy] [--out FOLDER] [options of proctor demo]

With --busy, the first seed's demo runs once more beside two busy loops, each in a session of its own.

Promises: the base solves between 5 % and 80 % of the introductory problems with every seed; a demo that was not
interrupted takes less than 8 minutes on two cores that nobody else uses, and beside the loops at most 3 times as long.
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

from busy_loops import busy_loops

from leaderboards.render import tables_markdown
from leaderboards.results import read_results
from leaderboards.table import TableEntry, tabulate
from trainers.demo.stages import POLICIES

PROCTOR = (sys.executable, "-c", "from harness.cli.main import main; main()")
LONGEST_S = 8 * 60
LOOPS, MOST_TIMES = 2, 3.0
BASE = (5.0, 80.0)


def main() -> int:
    """Run the demos, print times and tables, and return 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--train-base", action="store_true")
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("runs/bench-demo"))
    asked, rest = parser.parse_known_args()
    folders = [asked.out / f"seed-{seed}" for seed in range(asked.seeds)]
    slow, times = [], {}
    for seed, folder in enumerate(folders):
        began_before = folder.exists()
        start_s = time.monotonic()
        base = folder / "models" / "base"
        if asked.train_base and not base.exists():
            proctor("miniature", "base", "--train", "--seed", str(seed), "--out", str(base))
            print(f"seed {seed}: base trained in {time.monotonic() - start_s:.0f} s", flush=True)
            start_s = time.monotonic()
        proctor("demo", "--seed", str(seed), *rest, "--out", str(folder))
        took_s = time.monotonic() - start_s
        print(f"seed {seed}: {took_s:.0f} s{', the rest of a demo' if began_before else ''}", flush=True)
        slow += [seed] if took_s > LONGEST_S else []
        times[seed] = took_s
    slower = slowdown(asked.out / "busy", times[0], rest) if asked.busy else 0.0
    for suffix in ("", "-greedy"):
        print(tables_markdown(tabulate(list(entries(folders, suffix))), intervals=True))
    outside = [cell for cell in map(base_at_the_lowest, folders) if not BASE[0] <= cell <= BASE[1]]
    print(f"demos over {LONGEST_S} s: {slow or 'none'}; bases outside {BASE}: {outside or 'none'}")
    return 1 if slow or outside or slower > MOST_TIMES else 0


def slowdown(folder, quiet_s, options):
    """Run the first demo again beside busy loops; return how many times as long it takes."""
    shutil.rmtree(folder, ignore_errors=True)
    start_s = time.monotonic()
    with busy_loops(LOOPS):
        proctor("demo", "--seed", "0", *options, "--out", str(folder))
    took_s = time.monotonic() - start_s
    print(f"beside {LOOPS} busy loops: {took_s:.0f} s, {took_s / quiet_s:.2f} times as long as quiet", flush=True)
    return took_s / quiet_s


def proctor(*arguments):
    """Run a command of proctor; end with its exit code where that isn't 0."""
    ended = subprocess.run((*PROCTOR, *arguments), stdout=subprocess.DEVNULL, check=False)
    if ended.returncode:
        sys.exit(ended.returncode)


def entries(folders, suffix):
    """Yield every policy of every seed, seeds of one policy under one name."""
    for policy in POLICIES:
        for folder in folders:
            (found,) = read_results(folder / "runs" / f"{policy}{suffix}" / "result.json")
            yield TableEntry(method=policy, model="", result=found.result, run=found.run)


def base_at_the_lowest(folder):
    """Return the base's pass@1 of the introductory problems, in percent."""
    (found,) = read_results(folder / "runs" / "base" / "result.json")
    tallies = [tally for tally in found.result.tallies if tally.difficulty == "introductory"]
    return 100 * sum(tally.c / tally.n for tally in tallies) / len(tallies)


if __name__ == "__main__":
    sys.exit(main())
