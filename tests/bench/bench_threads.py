"""How fast the demo's base generates and trains with one thread, two, and the number that proctor chooses.

Each is measured in processes of its own, quiet and beside two busy loops in sessions of their own: how threads wait is
settled when PyTorch is loaded. The best of three counts, since what disturbs only slows down.

    python tests/bench/bench_threads.py [--samples 120] [--steps 40]

Promises: quiet, the chosen number is at most a fifth slower than the fastest of the others, which are two threads that
spin: these gain a tenth on a quiet machine, and lose more than that beside anything else. Beside the loops, the chosen
number takes at most three times as long as quiet.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

from busy_loops import busy_loops

PROCTOR = (sys.executable, "-c", "from harness.cli.main import main; main()")
SETTINGS = {
    "chosen": {},
    "one, spinning": {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "ACTIVE"},
    "two, spinning": {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "ACTIVE"},
    "two, asleep": {"OMP_NUM_THREADS": "2"},
}
ROUNDS, LOOPS = 3, 2
MOST_QUIET, MOST_BUSY = 1.2, 3.0


def main() -> int:
    """Measure, print the times in seconds, and return 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=120)
    parser.add_argument("--steps", type=int, default=40)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        material(Path(home))
        quiet, busy = (measured(Path(home), asked, loops) for loops in (0, LOOPS))
    kept = True
    for work in ("generate", "train"):
        print(f"{work}: {' '.join(f'{name} {quiet[work, name]:.2f} ({busy[work, name]:.2f})' for name in SETTINGS)}")
        best = min(quiet[work, name] for name in SETTINGS)
        chosen = quiet[work, "chosen"]
        kept &= chosen <= MOST_QUIET * best and busy[work, "chosen"] <= MOST_BUSY * chosen
    print(f"seconds, quiet (beside {LOOPS} busy loops); promises {'kept' if kept else 'BROKEN'}")
    return 0 if kept else 1


def material(home):
    """Make the base and groups."""
    proctor({}, "miniature", "base", "--out", home / "base")
    proctor({}, "miniature", "submissions", "--problems", "200", "--out", home / "tree")
    proctor({}, "compile", "codenet", home / "tree", "--tokenizer", home / "base", "--out", home / "groups")


def measured(home, asked, loops):
    """Return the shortest time of each work under each setting, in turns so that all meet the same disturbances."""
    found = {}
    with busy_loops(loops) if loops else nullcontext():
        for place in range(ROUNDS):
            for name, setting in SETTINGS.items():
                out = home / f"{loops}-{place}-{name}"
                for work, took_s in (
                    ("generate", generation_s(home, out / "samples", setting, asked.samples)),
                    ("train", training_s(home, out / "trained", setting, asked.steps)),
                ):
                    found[work, name] = min(took_s, found.get((work, name), took_s))
    return found


def generation_s(home, out, setting, samples):
    """Return the seconds of a generation, its start included, which all settings share."""
    start_s = time.monotonic()
    drawn = ("--limit", samples // 4, "--n", "4", "--temperature", "0.8", "--max-tokens", "160")
    model = ("--model", home / "base", "--backend", "transformers")
    proctor(setting, "generate", "--benchmark", "miniature", *model, *drawn, "--out", out)
    return time.monotonic() - start_s


def training_s(home, out, setting, steps):
    """Return the seconds of the steps alone, by the tokens a second that each reports."""
    given = ("--groups", home / "groups", "--model", home / "base", "--max-steps", steps)
    proctor(setting, "train", "rloo", *given, "--out", out)
    rows = map(json.loads, (out / "metrics.jsonl").read_text().splitlines())
    return sum(row["tokens"] / row["tokens_per_s"] for row in rows)


def proctor(setting, *arguments):
    """Run a command of proctor in an environment that says nothing of threads but what the setting does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_", "MKL_"))}
    subprocess.run((*PROCTOR, *map(str, arguments)), env=kept | setting, check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
