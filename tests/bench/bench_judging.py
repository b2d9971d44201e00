"""Every row of shared/data/field/judging.jsonl ends through `proctor score` or `proctor audit` as it should.

Each row is a command of its own, as its user would give it. Rows that the command line can't show are left to tests.
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from shutil import which
from typing import Any

from mbpp_samples import DATA, skip_without_data

ROWS = DATA / "field" / "judging.jsonl"
BY_ID = {
    "humaneval": ("HumanEval.jsonl.gz", "task_id"),
    "mbpp": ("mbpp.jsonl", "task_id"),
    "mbpp-plus": ("mbpp_plus.jsonl.gz", "task_id"),
}
TIME_S = 600.0

Row = dict[str, Any]


def main() -> int:
    """Run the rows, print those that end otherwise and how many are right."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kind", type=int, nargs="+", help="rows of these kinds only")
    parser.add_argument("--only", metavar="ID", nargs="+", help="these rows only")
    parser.add_argument("--at-once", type=int, default=2, help="commands at once (default: 2)")
    options = parser.parse_args()
    skip_without_data(ROWS)
    rows = [
        row
        for row in map(json.loads, ROWS.read_text().splitlines())
        if (not options.kind or kind_of(row) in options.kind) and (not options.only or row["id"] in options.only)
    ]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.at_once) as threads:
        found = zip(rows, threads.map(partial(complaint, Path(folder)), rows), strict=True)
        complaints = {row["id"]: text for row, text in found}
    counts = Counter[int]()
    for row in rows:
        if text := complaints[row["id"]]:
            counts[kind_of(row)] += 1
            print(f"{row['id']} ({row['kind'][:40]}; {row['name']}{'; policy' if 'policy' in row else ''}): {text}")
    wrong = sum(counts.values())
    print(f"{len(rows) - wrong} of {len(rows)} right; wrong by kind: {dict(sorted(counts.items()))}")
    return 1 if wrong else 0


def kind_of(row: Row) -> int:
    """Return the number of a row's kind."""
    return int(row["kind"].split()[0])


def complaint(folder: Path, row: Row) -> str:
    """Run a row's command; return what is wrong with its end, or nothing."""
    if row.get("expressible") is False:
        return ""
    home = folder / row["id"]
    home.mkdir()
    out = home / "out"
    ended = subprocess.run(command_of(row, home, out), capture_output=True, text=True, timeout=TIME_S, check=False)
    said = ended.stdout + ended.stderr
    found = evaluations(out)
    if "sample" in row:
        verdicts = [evaluation["verdict"] for evaluation in found]
        if len(verdicts) != 1 or verdicts[0] not in row["right"]:
            told = found[0]["detail"][:300] if found else said.strip()[-300:]
            return f"{verdicts} is not in {row['right']}: {told}"
        lacking = [text for text in row.get("detail_has", ()) if text not in found[0]["detail"]]
        return f"{lacking} not in {found[0]['detail']!r}" if lacking else ""
    if any(fits(outcome, ended.returncode, said, found) for outcome in row["right"]):
        return ""
    return (
        f"exit {ended.returncode}, {[one['verdict'] for one in found]}, {said.strip()[-300:]!r} is not {row['right']}"
    )


def command_of(row: Row, home: Path, out: Path) -> list[str]:
    """Return the command of a row, with the files that it needs written to a folder."""
    data = DATA / "field" / row["data"] if "data" in row else problem_file(row, home)
    command = ["audit"] if row.get("command") == "audit" else ["score", str(samples_file(row, home))]
    options = ["--benchmark", row["benchmark"], "--data", str(data)]
    if command[0] == "score":
        options += ["--out", str(out), "--workers", "1"]
    for name, value in row.get("options", {}).items():
        options += [f"--{name}", python_of(value) if name == "python" else str(value)]
    return [sys.executable, "-c", "from harness.cli.main import main; main()", *command, *options]


def python_of(version: str) -> str:
    """Return the path of an interpreter of this version itself, not of a script that looks for one."""
    for name in (f"python{version}", *map(str, Path("~/.pyenv/versions").expanduser().glob(f"{version}*/bin/python"))):
        if found := which(name):
            ask = [found, "-c", "import sys; print(sys.executable)"]
            ran = subprocess.run(ask, capture_output=True, text=True, check=False)
            if ran.returncode == 0:
                return ran.stdout.strip()
    sys.exit(f"no python{version} on this machine")


def samples_file(row: Row, home: Path) -> Path:
    """Return the file of the samples, written where the row holds only one."""
    if "file" in row:
        return DATA / "field" / row["file"]
    path = home / "samples.jsonl"
    path.write_text(json.dumps(row["sample"]) + "\n")
    return path


def problem_file(row: Row, home: Path) -> Path:
    """Return the file of the problems: the row's own problem, or the benchmark's."""
    whole = DATA / BY_ID[row["benchmark"]][0] if row["benchmark"] in BY_ID else None
    problem = row.get("problem")
    if problem is None:
        if whole is None:
            sys.exit(f"{row['id']}: no problems are named")
        return whole
    if isinstance(problem, str) and whole:
        problem = problems_of(row["benchmark"])[problem.rpartition("/")[2]]
    path = home / "problems.jsonl"
    path.write_text(json.dumps(problem) + "\n")
    return path


@cache
def problems_of(benchmark: str) -> dict[str, Row]:
    """Return the rows of a benchmark's file by the number of the task."""
    name, key = BY_ID[benchmark]
    with gzip.open(DATA / name, "rt") if name.endswith(".gz") else (DATA / name).open() as file:
        return {str(row[key]).rpartition("/")[2]: row for row in map(json.loads, file)}


def evaluations(out: Path) -> list[Row]:
    """Return the evaluations of a run, none where it didn't come so far."""
    path = out / "evaluations.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def fits(outcome: Row, code: int, said: str, found: list[Row]) -> bool:
    """Tell whether a command ended in an outcome: its code, its verdicts in any order, its words."""
    if code != outcome["exit"]:
        return False
    left = [one["verdict"] for one in found]
    for allowed in outcome.get("verdicts", ()):
        verdict = next((one for one in left if one in allowed), None)
        if verdict is None:
            return False
        left.remove(verdict)
    says = outcome.get("says")
    return ("verdicts" not in outcome or not left) and (
        (not says or any(word.lower() in said.lower() for word in says))
        and not any(word.lower() in said.lower() for word in outcome.get("says_not", ()))
    )


if __name__ == "__main__":
    sys.exit(main())
