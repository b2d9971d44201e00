"""The whole loop in miniature with several seeds: one table with the spread, and how long each seed took.

The study of `make demo`, `studies/miniature.toml`, with one seed, then with two, and so on: each has its own
submissions, groups, trainings and samples; with --train-base also its own base, trained from random weights. A study
that was interrupted goes on.

    python tests/bench/bench_demo.py [--seeds 3] [--train-base] [--busy] [--out FOLDER]

With --busy, the first seed runs once more beside two busy loops, each in a session of its own.

Promises: the base solves between 5 % and 80 % of the introductory problems with every seed; a seed that was not
interrupted takes less than 8 minutes on two cores that nobody else uses, and beside the loops at most 3 times as long.
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

from busy_loops import busy_loops
from miniature import PROCTOR, write_miniature

from leaderboards.results import read_results

LONGEST_S = 8 * 60
LOOPS, MOST_TIMES = 2, 3.0
BASE = (5.0, 80.0)
OWN_BASE = {"miniature base --out": "miniature base --train --seed {seed} --out"}


def main() -> int:
    """Run the studies, print times and tables, and return 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--train-base", action="store_true")
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("runs/bench-demo"))
    asked = parser.parse_args()
    edits = OWN_BASE if asked.train_base else {}
    times = []
    for seed in range(asked.seeds):
        times.append(took_s(asked.out, edits | seeds_up_to(seed)))
        print(f"seed {seed}: {times[-1]:.0f} s, or what was left of it", flush=True)
    slower = slowdown(asked.out / "busy", times[0], edits) if asked.busy else 0.0
    print((asked.out / "made" / "miniature" / "README.md").read_text().partition("\n## The base and")[0])
    outside = [cell for cell in bases_at_the_lowest(asked.out) if not BASE[0] <= cell <= BASE[1]]
    slow = [seed for seed, seconds in enumerate(times) if seconds > LONGEST_S]
    print(f"seeds over {LONGEST_S} s: {slow or 'none'}; bases outside {BASE}: {outside or 'none'}")
    return 1 if slow or outside or slower > MOST_TIMES else 0


def seeds_up_to(last):
    """Return the edit of the study by which it has the seeds from 0."""
    return {"seed = [0]": f"seed = {list(range(last + 1))}"}


def took_s(folder, edits):
    """Run the study in a folder; return the seconds that it took, and end where it fails."""
    folder.mkdir(parents=True, exist_ok=True)
    command = (*PROCTOR, "study", str(write_miniature(folder, edits)), "--out", str(folder / "made"))
    start_s = time.monotonic()
    ended = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if ended.returncode:
        sys.exit(ended.returncode)
    return time.monotonic() - start_s


def slowdown(folder, quiet_s, edits):
    """Run the first seed again beside busy loops; return how many times as long it takes."""
    shutil.rmtree(folder, ignore_errors=True)
    with busy_loops(LOOPS):
        busy_s = took_s(folder, edits)
    print(f"beside {LOOPS} busy loops: {busy_s:.0f} s, {busy_s / quiet_s:.2f} times as long as quiet", flush=True)
    return busy_s / quiet_s


def bases_at_the_lowest(folder):
    """Yield the pass@1 of each base on the introductory problems, in percent, where it has several samples."""
    for path in sorted(folder.glob("made/made/run-*/result.json")):
        (found,) = read_results(path)
        tallies = [tally for tally in found.result.tallies if tally.difficulty == "introductory"]
        if found.result.policy == "base" and tallies[0].n > 1:
            yield 100 * sum(tally.c / tally.n for tally in tallies) / len(tallies)


if __name__ == "__main__":
    sys.exit(main())
