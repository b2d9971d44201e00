"""Every row of shared/data/field/sandbox.jsonl and hostile.jsonl is right as root, as a user, and with few layers.

The set-ups: `root` and `user` with every layer that the host gives, `landlock` as on a host without namespaces. In
each, one judge takes the rows one after the other, and a census around each tells what it left (row_checks.py); rows
that may stop a judge, or that have a condition beside the verdict, have a process of their own. Where the project
decides otherwise (field_rows.py), that is told and not counted as right.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from mbpp_samples import private_tmp, skip_without_data
from row_checks import KILLS, RESTARTED, SMALL_HOST, in_its_own_judge, in_one_judge, needs_its_own_judge

from sandbox.inside.layers import kernel
from sandbox.inside.layers.cgroups import own_folders
from sandbox.jail import ALL_LAYERS, Jail

sys.path.append(str(Path(__file__).parents[1] / "sandbox"))
from another_user import NOBODY, environment_of_another, reachable_python  # the tests' own
from field_rows import DECIDED, FIELD, HOSTILE, NEED_PROCESSES, Row, field_rows, hostile_rows

FEW_LAYERS = frozenset({"landlock", "seccomp", "rlimits", "privileges"})
SETUPS = {"root": ALL_LAYERS, "user": ALL_LAYERS, "landlock": FEW_LAYERS}
NO_PROCESSES = "without a pid namespace a program can start no processes"
TOGETHER_S, ALONE_S = 3600.0, 300.0
"""Time for all rows that share a judge, and for one that has its own and names no time."""
STARTUP_S = 10.0
SKIPPED = "not judged"
SMALL_HOST_BYTES = 1536 << 20


def main() -> int:
    """Judge the rows in each set-up, print what is wrong and how many are right."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--setup", choices=SETUPS, action="append", help="a set-up; may be given again (default: all)")
    parser.add_argument("--only", metavar="NAME", nargs="+", help="judge these rows only")
    parser.add_argument("--here", metavar="PYTHON", help=argparse.SUPPRESS)
    options = parser.parse_args()
    skip_without_data(FIELD, HOSTILE)
    rows = [row for row in [*field_rows(), *hostile_rows()] if not options.only or row.name in options.only]
    if options.here:
        (setup,) = options.setup
        return judge_here(rows, Jail(python=options.here, layers=SETUPS[setup]))
    private_tmp()
    with tempfile.TemporaryDirectory() as folder:
        passed = [examined(setup, rows, Path(folder)) for setup in options.setup or SETUPS]
    return 0 if all(passed) else 1


def judge_here(rows: list[Row], jail: Jail) -> int:
    """Judge rows in this process; print a line of JSON for each: its name and what is wrong with it."""
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    alone = len(rows) == 1 and needs_its_own_judge(rows[0])
    found = [(rows[0].name, in_its_own_judge(rows[0], jail))] if alone else in_one_judge(rows, jail)
    for told in found:
        print(json.dumps(told), flush=True)
    return 0


def examined(setup: str, rows: list[Row], folder: Path) -> bool:
    """Judge the rows in a set-up; print what is wrong, and return whether nothing is."""
    started_s = time.monotonic()
    starts = start_of(setup, folder)
    if isinstance(starts, str):
        print(f"{setup}: skipped: {starts}")
        return True
    together = [row for row in rows if not needs_its_own_judge(row)]
    found = judged_apart(together, starts, TOGETHER_S) if together else {}
    for row in rows:
        if needs_its_own_judge(row):
            found |= judged_alone(row, starts)
    decided = DECIDED | (dict.fromkeys(NEED_PROCESSES, NO_PROCESSES) if setup == "landlock" else {})
    heads = {name: head_of(name, complaints, decided) for name, complaints in found.items()}
    for name, head in heads.items():
        if head:
            print(f"{setup}: {head} {name}: {'; '.join(found[name])}")
    counts = Counter(heads.values())
    restarts = sum(RESTARTED in complaints for complaints in found.values())
    print(
        f"{setup}: {counts['']} of {len(rows)} right, {counts['DECIDED']} decided otherwise, {counts['SKIPPED']} "
        f"skipped, {restarts} template restarts, {time.monotonic() - started_s:.0f} s",
        flush=True,
    )
    return not counts["WRONG"]


def head_of(name: str, complaints: list[str], decided: dict[str, str]) -> str:
    """Return what a row's complaints mean in a word, nothing where there are none."""
    if complaints and name in decided:
        complaints.append(decided[name])
        return "DECIDED"
    skipped = complaints and complaints[0].startswith(SKIPPED)
    return "SKIPPED" if skipped else "WRONG" if complaints else ""


def start_of(setup: str, folder: Path) -> dict[str, Any] | str:
    """Return how a process of the set-up is started (the arguments of Popen), or why it can't be."""
    here = [sys.executable, __file__, "--setup", setup, "--here"]
    if setup != "user" or os.geteuid() != 0:
        if setup == "root" and os.geteuid() != 0:
            return "this is no root"
        return {"args": [*here, sys.executable]}
    python = reachable_python()
    if python is None:
        return f"no python3.{sys.version_info[1]} in /usr/bin that other users can start"
    home = folder / "home"
    home.mkdir()
    home.chmod(0o777)
    folder.chmod(0o755)
    command = [python, *here[1:], str(python_with_numpy(python, folder / "python"))]
    return {"args": command, "env": {**environment_of_another(), "HOME": str(home)}, "cwd": "/", **NOBODY}


def python_with_numpy(python: str, folder: Path) -> Path:
    """Return an interpreter that every user can start, and that has our numpy."""
    subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for package in Path(np.__file__).parent.parent.glob("numpy*"):
        shutil.copytree(package, site / package.name)
    return folder / "bin" / "python"


def judged_alone(row: Row, starts: dict[str, Any]) -> dict[str, list[str]]:
    """Judge a row in a process of its own, in a small control group if it asks for one."""
    if row.python and not Path(row.python).exists():
        return {row.name: [f"{SKIPPED}: there is no {row.python}"]}
    if row.name == KILLS and os.geteuid() == 0:
        if not (shutil.which("unshare") and shutil.which("setpriv")):
            return {row.name: [f"{SKIPPED}: needs unshare and setpriv of util-linux, to have no neighbours of yours"]}
        starts = among_themselves(starts)
    most_s = STARTUP_S + row.alone if isinstance(row.alone, (int, float)) else ALONE_S
    try:
        with small_host() if row.name == SMALL_HOST else nullcontext():
            return judged_apart([row], starts, most_s)
    except OSError as error:
        return {row.name: [f"{SKIPPED}: no control group of {SMALL_HOST_BYTES >> 20} MiB can be made: {error}"]}


def among_themselves(starts: dict[str, Any]) -> dict[str, Any]:
    """Return how a process is started that sees, and reaches, none but those that it starts."""
    how = {name: what for name, what in starts.items() if name not in NOBODY}
    user = [f"--reuid={NOBODY['user']}", f"--regid={NOBODY['group']}", "--clear-groups"]
    becomes = ["setpriv", *user] if len(how) < len(starts) else []
    return {**how, "args": ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", *becomes, *starts["args"]]}


@contextmanager
def small_host() -> Iterator[None]:
    """Be in a control group with little memory, so that what is started meanwhile is too."""
    own = own_folders(Path("/proc/self/cgroup").read_text(), Path("/proc/self/mountinfo").read_text())
    if "memory" not in own:
        raise FileNotFoundError("control groups of version 1 have none for memory here")
    outside = Path(own["memory"])
    group = outside / f"bench-{os.getpid()}"
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(str(SMALL_HOST_BYTES))
        (group / "cgroup.procs").write_text("0")
        yield
    finally:
        (outside / "cgroup.procs").write_text("0")
        group.rmdir()


def judged_apart(rows: list[Row], starts: dict[str, Any], most_s: float) -> dict[str, list[str]]:
    """Judge rows in another process; return what is wrong with each by its name."""
    arguments = {**starts, "args": [*starts["args"], "--only", *(row.name for row in rows)]}
    try:
        ended = subprocess.run(**arguments, stdout=subprocess.PIPE, timeout=most_s, check=False)
        told, how = ended.stdout, f"the process that judged it ended with status {ended.returncode}"
    except subprocess.TimeoutExpired as error:
        told, how = error.stdout or b"", f"{most_s:g} s were not enough"
    found = dict(map(json.loads, told.splitlines()))
    return {row.name: [f"no verdict: {how}"] for row in rows} | found


if __name__ == "__main__":
    sys.exit(main())
