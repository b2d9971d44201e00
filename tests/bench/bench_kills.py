"""`proctor score` survives `kill -9`: struck at 30 random moments, it ends with the result of an undisturbed run.

A run is killed and the same command given again, at once or when the orphans have gone, until the run is done; then the
next run begins, until 30 kills have struck. In every run run.json, samples.jsonl, result.json and report.md are byte
for byte those of the undisturbed run, and evaluations.jsonl says the same, times and memory apart. This script adopts
all that a killed run leaves, so it sees the last process go; no mount, and no folder in /tmp, may stay either.
"""

import argparse
import gzip
import itertools
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from mbpp_samples import COMPLETIONS, SANITIZED, lasting_folders, private_tmp, skip_without_data

from harness.runs.jsonl import read_rows
from harness.runs.records import Evaluation
from sandbox.inside.layers import kernel

KILLS = 30
SAMPLES_PER_TASK = 30
PATIENCE_S = 30.0
"""For the orphans of one kill; a candidate without an end would outlast it."""
PR_SET_CHILD_SUBREAPER = 36


def main() -> int:
    """Run once undisturbed, then strike, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", type=int, default=50, metavar="N", help="judge the first N tasks (default: 50)")
    parser.add_argument("--isolation", default="all", metavar="LAYERS", help="as in `proctor score` (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    options = parser.parse_args()
    skip_without_data(SANITIZED, COMPLETIONS)
    private_tmp()
    kernel.prctl(PR_SET_CHILD_SUBREAPER, 1)
    mounts, folders = Path("/proc/self/mountinfo").read_text(), lasting_folders(set(), wait_s=0)
    with tempfile.TemporaryDirectory(prefix="bench-kills-") as home:
        command = command_of(Path(home), options.tasks, options.isolation)
        complaints = list(strike(command, Path(home), random.Random(options.seed)))  # noqa: S311 - moments, no secrets
    complaints += [f"{folder} was left behind" for folder in lasting_folders(folders, wait_s=10)]
    if Path("/proc/self/mountinfo").read_text() != mounts:
        complaints.append("the mounts are others than before")
    for complaint in complaints:
        print(f"WRONG: {complaint}")
    print(f"{KILLS} kills, {len(complaints)} complaints")
    return 0 if not complaints else 1


def command_of(home: Path, tasks: int, isolation: str) -> list[str]:
    """Write the samples of the first tasks, and return the command that judges them, up to the folder of the run."""
    samples = home / "mbpp_n10.jsonl"
    with gzip.open(COMPLETIONS, "rb") as rows:
        samples.write_bytes(b"".join(itertools.islice(rows, tasks * SAMPLES_PER_TASK)))
    proctor = Path(sys.executable).with_name("proctor")
    asked = ["--benchmark", "mbpp", "--data", str(SANITIZED), "--k", "1,10", "--isolation", isolation]
    return [str(proctor), "score", str(samples), *asked, "--out"]


def strike(command: list[str], home: Path, chance: random.Random) -> Iterator[str]:
    """Do one run undisturbed, then kill others until 30 kills have struck; yield complaints."""
    undisturbed, struck, longest_s = home / "undisturbed", 0, 0.0
    started_s = time.monotonic()
    yield from ended(command, undisturbed, None) or []
    seconds = time.monotonic() - started_s
    print(f"undisturbed: {judged(undisturbed)} samples in {seconds:.1f} s")
    for number in itertools.count(1):
        out, progress = home / f"run {number}", []
        while (outcome := ended(command, out, chance.uniform(0, seconds / 2) if struck < KILLS else None)) is None:
            struck += 1
            progress.append(judged(out))
            if chance.random() < 0.5:
                longest_s = max(longest_s, orphans_s())
        yield from outcome
        yield from differences(undisturbed, out)
        print(f"run {number}: killed {len(progress)} times, with {progress} samples judged", flush=True)
        if struck == KILLS:
            break
    longest_s = max(longest_s, orphans_s())
    print(f"the last orphan of a kill was gone after {longest_s:.2f} s at most")
    if longest_s >= PATIENCE_S:
        yield f"orphans live on {PATIENCE_S:g} s after their judge"


def ended(command: list[str], out: Path, kill_after_s: float | None) -> list[str] | None:
    """Give the command; return what is wrong with its end, or None where it was killed before."""
    with out.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen([*command, str(out)], stdout=log, stderr=log)
        try:
            status = process.wait(timeout=kill_after_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None
    if status == 0:
        return []
    return [f"{out.name} ended with status {status}: {out.with_suffix('.log').read_text()[-500:]}"]


def judged(out: Path) -> int:
    """Return how many samples a run has judged so far."""
    path = out / "evaluations.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def orphans_s() -> float:
    """Wait until no process is left of the runs that ended; return the seconds that took."""
    started_s = time.monotonic()
    while (waited_s := time.monotonic() - started_s) < PATIENCE_S:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid == 0:
            time.sleep(0.01)
    return waited_s


def differences(undisturbed: Path, out: Path) -> Iterator[str]:
    """Yield in what a run differs from the undisturbed one."""
    files = [{path.name for path in folder.iterdir()} for folder in (undisturbed, out)]
    if files[0] != files[1]:
        yield f"{out.name} holds other files: {files[0] ^ files[1]}"
    for name in sorted((files[0] & files[1]) - {"evaluations.jsonl"}):
        if (undisturbed / name).read_bytes() != (out / name).read_bytes():
            yield f"{out.name}: {name} is not the same"
    if "evaluations.jsonl" in files[1] and timeless(undisturbed) != timeless(out):
        yield f"{out.name}: evaluations.jsonl is not the same"


def timeless(out: Path) -> list[Evaluation]:
    """Return the evaluations of a run without what no two runs share."""
    return [
        msgspec.structs.replace(
            evaluation,
            cpu_s=0.0,
            reused=False,
            per_test=tuple(
                msgspec.structs.replace(outcome, cpu_s=0.0, wall_s=0.0, peak_memory_bytes=0)
                for outcome in evaluation.per_test
            ),
        )
        for _, evaluation in read_rows(out / "evaluations.jsonl", Evaluation)
    ]


if __name__ == "__main__":
    sys.exit(main())
