"""`proctor run` survives `kill -9` while it draws: struck at 10 random moments, it ends as an undisturbed run does.

A run is killed and the same command given again until it is done; then the next run begins, until 10 kills have struck.
In every run the samples are byte for byte those of the undisturbed run, and so are generation.json, run.json,
result.json and report.md; every sample has the same verdict. What is not known here goes to `proctor run`:

    bench_generate_kills.py --backend transformers --model DIR --benchmark mbpp --data mbpp.jsonl --limit 20

Without a backend, programs of known verdict are replayed with 20 ms a sample.
"""

import argparse
import itertools
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from harness.benchmarks.mini import known_samples
from harness.runs.jsonl import as_row, read_rows
from harness.runs.records import Evaluation, Sample
from sandbox.records import Verdict

KILLS = 10
FILES = ("generation.json", "run.json", "samples.jsonl", "result.json", "report.md")
SLOW = f"{Path(__file__).with_name('slow_replay.py')}:slow_replay"


def main() -> int:
    """Run once undisturbed, then strike, and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--kills", type=int, default=KILLS, metavar="N", help=f"kills to strike (default: {KILLS})")
    parser.add_argument("--moments", type=int, default=0, metavar="SEED", help="of the moments (default: 0)")
    options, asked = parser.parse_known_args()
    chance = random.Random(options.moments)  # noqa: S311 - moments, no secrets
    with tempfile.TemporaryDirectory(prefix="bench-generate-kills-") as home:
        proctor = "from harness.cli.main import main; main()"
        command = [sys.executable, "-c", proctor, "run", *(asked or replayed(Path(home))), "--out"]
        complaints = list(strike(command, Path(home), options.kills, chance))
    for complaint in complaints:
        print(f"WRONG: {complaint}")
    print(f"{options.kills} kills, {len(complaints)} complaints")
    return 1 if complaints else 0


def replayed(home: Path) -> list[str]:
    """Record two programs of known verdict for each problem of mini, and return the options that replay them."""
    quick = {Verdict.ACCEPTED, Verdict.WRONG_ANSWER, Verdict.RUNTIME_ERROR, Verdict.COMPILE_ERROR}
    known = sorted((one.sample for one in known_samples() if one.verdict in quick), key=lambda sample: sample.task_id)
    recording = home / "recording.jsonl"
    with recording.open("wb") as file:
        for task_id, of_task in itertools.groupby(known, key=lambda sample: sample.task_id):
            for index, sample in enumerate(itertools.islice(of_task, 2)):
                file.write(as_row(Sample(policy="m", task_id=task_id, index=index, completion=sample.completion)))
    sampling = ["--n", "2", "--temperature", "1", "--k", "1,2"]
    return ["--benchmark", "mini", "--model", str(recording), "--backend", SLOW, "--option", "delay_s=0.02", *sampling]


def strike(command: list[str], home: Path, kills: int, chance: random.Random) -> Iterator[str]:
    """Do one run undisturbed, then kill others until so many kills have struck; yield complaints."""
    undisturbed, struck = home / "undisturbed", 0
    started_s = time.monotonic()
    if complaint := ended(command, undisturbed, None):
        yield complaint
        return
    seconds = time.monotonic() - started_s
    print(f"undisturbed: {rows(undisturbed)} samples in {seconds:.1f} s", flush=True)
    for number in itertools.count(1):
        out, progress = home / f"run {number}", []
        while (complaint := ended(command, out, chance.uniform(0, seconds) if struck < kills else None)) is None:
            struck += 1
            progress.append(rows(out))
        if complaint:
            yield complaint
            return
        yield from differences(undisturbed, out)
        print(f"run {number}: killed {len(progress)} times, with {progress} samples drawn", flush=True)
        if struck == kills:
            return


def ended(command: list[str], out: Path, kill_after_s: float | None) -> str | None:
    """Give the command; return what is wrong with its end, nothing where all is well, None where it was killed."""
    with out.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen([*command, str(out)], stdout=log, stderr=log, env=os.environ)
        try:
            status = process.wait(timeout=kill_after_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None
    return f"{out.name} ended with status {status}: {out.with_suffix('.log').read_text()[-500:]}" if status else ""


def rows(out: Path) -> int:
    """Return how many samples a run has drawn so far."""
    path = out / "samples.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def differences(undisturbed: Path, out: Path) -> Iterator[str]:
    """Yield in what a run differs from the undisturbed one."""
    for name in FILES:
        if (undisturbed / name).read_bytes() != (out / name).read_bytes():
            yield f"{out.name}: {name} is not the same"
    if verdicts(undisturbed) != verdicts(out):
        yield f"{out.name}: some samples have other verdicts"


def verdicts(out: Path) -> dict[tuple[str, str, int], tuple[Verdict, str]]:
    """Return the verdict of each sample, and the program that was judged."""
    found = (evaluation for _, evaluation in read_rows(out / "evaluations.jsonl", Evaluation))
    return {evaluation.key: (evaluation.verdict, evaluation.program_sha256) for evaluation in found}


if __name__ == "__main__":
    sys.exit(main())
