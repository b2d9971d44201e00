"""A stdio test against what it can't cost less than: fork, compile, exec and exit of the same interpreter.

The floor holds what a template holds, forks, compiles the program in the fork, executes it on files as standard input
and output, exits and is waited for; it judges nothing and isolates nothing. Both take turns in one run. A processor's
time tells more than a clock where others are on the machine: ours is that of judge, templates and candidates.
"""

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from sandbox.jail import WARM_MODULES, Jail
from sandbox.judge import Judge
from sandbox.records import StdioTest

ROOT = Path(__file__).parents[2]
ROUNDS, RUNS = 5, 200
ADDING = "a, b = map(int, input().split())\nprint(a + b)\n"
FLOOR = f"""
import gc, json, os, resource, sys, time
sys.path.insert(0, {str(ROOT)!r})
import {", ".join(WARM_MODULES)}, sandbox.inside.template
given, out = os.memfd_create("given"), os.memfd_create("out")
os.write(given, b"3 4\\n")
gc.collect(); gc.freeze()
def used_s():
    both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)
for asked in sys.stdin:
    started_s, before_s = time.perf_counter(), used_s()
    for _ in range(int(asked)):
        pid = os.fork()
        if pid == 0:
            os.lseek(given, 0, 0)
            os.dup2(given, 0)
            os.dup2(out, 1)
            exec(compile({ADDING!r}, "program.py", "exec"), {{"__name__": "__main__"}})
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(pid, 0)
    print(json.dumps([time.perf_counter() - started_s, used_s() - before_s]), file=sys.stderr, flush=True)
"""


def main() -> int:
    """Measure in turn; print both and the ratios of the medians."""
    base = getattr(sys, "_base_executable", sys.executable)
    test = (StdioTest(stdin="3 4\n", expected_stdout="7\n"),)
    ours, floors = [], []
    with (
        subprocess.Popen(
            [base, "-S", "-c", FLOOR],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as floor,
        Judge(Jail()) as judge,
    ):
        for _ in range(ROUNDS + 1):
            floor.stdin.write(f"{RUNS}\n")
            floor.stdin.flush()
            floors.append([seconds / RUNS * 1e3 for seconds in json.loads(floor.stderr.readline())])
            started_s, before_s = time.perf_counter(), time.process_time() + _templates_s(judge)
            used_s = sum(judge.judge(ADDING, test).cpu_s for _ in range(RUNS))
            used_s += time.process_time() + _templates_s(judge) - before_s
            ours.append([seconds / RUNS * 1e3 for seconds in (time.perf_counter() - started_s, used_s)])
        floor.stdin.close()
    for at, what in enumerate(("wall", "CPU")):
        mine, least = (median(row[at] for row in rows[1:]) for rows in (ours, floors))
        print(f"{what}: {mine:.2f} ms a stdio test, floor {least:.2f} ms, ratio {mine / least:.2f}")
    return 0


def _templates_s(judge: Judge) -> float:
    """Return the CPU seconds of a judge's templates themselves."""
    wardens = [judge._candidates._process.pid, judge._examiner._template._process.pid]  # noqa: SLF001 - where to look
    found = 0.0
    for warden in wardens:
        with contextlib.suppress(OSError):
            for child in Path(f"/proc/{warden}/task/{warden}/children").read_text(encoding="ascii").split():
                found += int(Path(f"/proc/{child}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9
    return found


if __name__ == "__main__":
    sys.exit(main())
