"""The fixed work of a command: what `proctor score` of ten samples takes, as a whole and part by part.

proctor is copied and compiled first, as pip leaves it: a working copy may have to compile its modules at every start.
CPU time is that of all processes together; wall time counts on a quiet machine only. Medians of five rounds.
"""

import compileall
import gzip
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from mbpp_samples import COMPLETIONS, SANITIZED, skip_without_data

ROOT = Path(__file__).parents[2]
ROUNDS, SAMPLES, BAR_S = 5, 10, 0.7
MAIN = "import sys; from harness.cli.main import main; main()"
LOAD = """
import sys
from harness.api import load_benchmark
_, problems = load_benchmark("mbpp", data=sys.argv[1])
"""
PARTS = {
    "the interpreter": "pass",
    "and what the command line imports": "import harness.cli.main, harness.cli.score",
    "and all that judging imports": "import harness.cli.main, harness.cli.score, harness.api",
    "and ten problems": LOAD + "for _, problem in zip(range(10), problems.values()): pass",
    "(and all 427)": LOAD + "for problem in problems.values(): pass",
    "a pair of templates, with an interpreter": (
        "from sandbox.jail import *; pair = start_pair(Jail(), None); [template.close() for template in pair]"
    ),
    "a worker with its pair, likewise": (
        "from sandbox.head_start import *\nwith HeadStart(Jail(), [None]) as ahead: ahead.report()"
    ),
    "proctor --help": MAIN,
}


def main() -> None:
    """Print a row a part; exit 1 where the whole takes longer than the bar."""
    skip_without_data(SANITIZED, COMPLETIONS)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for package in ("sandbox", "harness", "trainers", "leaderboards"):
            shutil.copytree(ROOT / package, home / package, ignore=shutil.ignore_patterns("__pycache__"))
            compileall.compile_dir(home / package, quiet=2)
        with gzip.open(COMPLETIONS) as rows, (home / "ten.jsonl").open("wb") as ten:
            ten.writelines(islice(rows, 0, 800 * SAMPLES, 800))
        print("| | CPU s | wall s |\n|---|---|---|")
        for part, code in PARTS.items():
            given = ["--help"] if code == MAIN else [str(SANITIZED)]
            show(part, [taken(home, code, *given) for _ in range(ROUNDS)])
        score = ["score", "ten.jsonl", "--benchmark", "mbpp", "--data", str(SANITIZED), "--out"]
        wall_s = show(f"proctor score, {SAMPLES} samples", [taken(home, MAIN, *score, str(n)) for n in range(ROUNDS)])
        sys.exit(wall_s > BAR_S)


def taken(home: Path, code: str, *arguments: str) -> tuple[float, float]:
    """Return the CPU and wall seconds of a new interpreter and all that it starts."""
    before, started_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=home, env=os.environ | {"PYTHONPATH": str(home)},
        stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    wall_s, after = time.perf_counter() - started_s, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, wall_s


def show(part: str, rounds: list[tuple[float, float]]) -> float:
    """Print the medians; return that of the wall times."""
    cpu_s, wall_s = map(statistics.median, zip(*rounds, strict=True))
    print(f"| {part} | {cpu_s:.3f} | {wall_s:.3f} |", flush=True)
    return wall_s


if __name__ == "__main__":
    main()
