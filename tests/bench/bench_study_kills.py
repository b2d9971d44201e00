"""`proctor study` survives `kill -9`: struck at 20 random moments, it ends with the outcomes of an undisturbed run.

The study is `studies/miniature.toml` at a small size. Its process alone is killed a random time after a step began, and
the same command given again at once; the times are such that the kills fall all over the study. Every outcome must have
the bytes of the undisturbed one, clocks apart: those in the rows of evaluations and metrics.

    python tests/bench/bench_study_kills.py [--kills 20] [--seed 0]

Promises: no difference.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from miniature import PROCTOR, SMALLER, TWO_METHODS, write_miniature

KILLS = 20
CLOCKS = {"evaluations.jsonl": ("policy", "task_id", "index", "verdict"), "metrics.jsonl": ("step", "loss", "clipped")}
"""File -> what must be equal in each row."""


def main() -> int:
    """Run undisturbed, then under fire, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=KILLS, help=f"(default: {KILLS})")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    asked = parser.parse_args()
    rng = random.Random(asked.seed)  # noqa: S311 - moments, no secrets
    with tempfile.TemporaryDirectory(prefix="bench-study-kills-") as home:
        place, whole = Path(home, "place"), Path(home, "whole")
        place.mkdir()
        write_miniature(place, SMALLER | TWO_METHODS)
        start_s = time.monotonic()
        assert not start(place).wait()
        whole_s = time.monotonic() - start_s
        (place / "out").rename(whole)  # the other must have the same path, which trainings record
        done = [strike(place, rng.randint(1, 2), rng.uniform(0, 2 * whole_s / asked.kills)) for _ in range(asked.kills)]
        assert not start(place).wait()
        print(f"undisturbed in {whole_s:.0f} s; steps done at the kills: {done}")
        complaints = differences(whole, place / "out")
    print("\n".join(complaints) or f"{len(done)} kills, no difference")
    return 1 if complaints else 0


def start(folder):
    """Start the study in a folder."""
    command = (*PROCTOR, "study", "miniature.toml", "--out", "out")
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def strike(folder, step, after_s):
    """Start the study, kill its process some seconds after its next or second step began; return how many are done."""
    before = begun(folder)
    study = start(folder)
    while study.poll() is None and begun(folder) < before + step:
        time.sleep(0.01)
    try:
        study.wait(after_s)
    except subprocess.TimeoutExpired:
        study.send_signal(signal.SIGKILL)
        study.wait()
    return len(list((folder / "out" / "done").glob("*.json")))


def begun(folder):
    """Return how many steps have begun, those that began again included."""
    log = folder / "out" / "miniature" / "log.txt"
    return log.read_text().count("$ proctor ") if log.exists() else 0


def differences(whole, struck):
    """Return the files that differ, of the outcomes and the README."""
    files = {
        path.relative_to(folder)
        for folder in (whole, struck)
        for path in (*folder.glob("made/**/*"), *folder.glob("miniature/README.md"))
        if path.is_file()
    }
    return [f"{file} differs" for file in sorted(files) if content(whole / file) != content(struck / file)]


def content(path):
    """Return what must be equal of a file."""
    if not path.exists():
        return None
    if path.name not in CLOCKS:
        return path.read_bytes()
    return [[json.loads(row)[name] for name in CLOCKS[path.name]] for row in path.read_text().splitlines()]


if __name__ == "__main__":
    sys.exit(main())
