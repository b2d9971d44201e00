"""Rows of bench_speed.py that measure one cost of judging each, most of them in one worker that stays warm."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import linear_regression, median

from machine import tree_cpu_s
from mbpp_samples import COMPLETIONS, SANITIZED
from speed_rates import BASE_PYTHON, ROOT, Figure, Turn, distinct

from harness.runs.jsonl import unpacked
from sandbox.jail import WARM_MODULES, Jail
from sandbox.judge import Judge
from sandbox.records import AssertTest, Limits, StdioTest, Test

sys.path.append(str(Path(__file__).parents[1] / "sandbox"))
from faults import faults  # the tests' own

ADDING = "a, b = map(int, input().split())\nprint(a + b)\n"
STDIO_TESTS, STDIO_PROGRAMS, FORKS = 50, 8, 400
BARE = f"""
import gc, os, sys, time
sys.path.insert(0, {str(ROOT)!r})
import {", ".join(WARM_MODULES)}, sandbox.inside.template
os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}})
gc.collect(); gc.freeze()
given, printed = os.memfd_create("given"), os.memfd_create("printed")
os.write(given, b"19 23\\n")
times, cpu_s = [], sum(os.times()[:4])
for _ in range({FORKS}):
    started = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os.lseek(given, 0, os.SEEK_SET)
        os.dup2(given, 0)
        os.dup2(printed, 1)
        exec(compile({ADDING!r}, "program.py", "exec"), {{"__name__": "__main__"}})
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(pid, 0)
    times.append(time.perf_counter() - started)
assert os.pread(printed, 99, 0) .startswith(b"42\\n")
print(sorted(times)[len(times) // 2], (sum(os.times()[:4]) - cpu_s) / len(times), file=sys.stderr)
"""
"""Forks, compiles, executes and exits in an interpreter that holds what a template holds, on one processor."""
DRIVER = """
import resource, sys
from harness.cli.main import main
try:
    main()
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(used.ru_utime + used.ru_stime, file=sys.stderr)
"""
FEW, MANY = 10, 800
LENGTHS = (1, 25, 50, 75, 100)
JUDGEMENTS = 100
TEN_MB = 10_000_000
LATENCIES, FAULTS = 400, 200
WARMING = 20


def stdio_test(_: Turn) -> Iterator[Figure]:
    """(d) A stdio test against a bare fork of the same interpreter; both stay on one processor."""
    tests = tuple(StdioTest(stdin=f"{n} {n}\n", expected_stdout=f"{2 * n}\n") for n in range(STDIO_TESTS))
    found = []
    with on_one_core() as judge:
        judged(judge, ADDING, tests)
        cpu_s = tree_cpu_s(os.getpid())
        for _ in range(STDIO_PROGRAMS):
            started_s = time.perf_counter()
            judged(judge, ADDING, tests)
            found.append((time.perf_counter() - started_s) / STDIO_TESTS)
        cpu_s = (tree_cpu_s(os.getpid()) - cpu_s) / STDIO_TESTS / STDIO_PROGRAMS
    ran = subprocess.run([BASE_PYTHON, "-S", "-c", BARE], stderr=subprocess.PIPE, text=True, check=True)
    bare_s, bare_cpu_s = map(float, ran.stderr.split())
    yield Figure("d  a stdio test / fork + compile + exec + exit", median(found) / bare_s, at_most=1.5)
    yield Figure("d    the same by CPU time", cpu_s / bare_cpu_s, at_most=1.5)
    yield Figure("d    a stdio test, ms", median(found) * 1e3)


def latency(turn: Turn) -> Iterator[Figure]:
    """(f) The spread of a passing sample's latency, from program to judgement, problem after problem."""
    found = []
    with Judge(Jail()) as judge:
        for case in distinct(turn, WARMING + LATENCIES):
            started_s = time.perf_counter()
            judged(judge, case.program, case.tests)
            found.append(time.perf_counter() - started_s)
    found = sorted(found[WARMING:])
    yield Figure("f  a passing sample, p50 ms", found[len(found) // 2] * 1e3, at_most=5)
    yield Figure("f  a passing sample, p99 ms", found[len(found) * 99 // 100] * 1e3, at_most=15)


def page_faults(turn: Turn) -> Iterator[Figure]:
    """(g) Page faults of a passing sample: all but a few are copies of pages that were shared."""
    counted = faults(list(distinct(turn, FAULTS)))
    yield Figure("g  faults of a candidate", counted.candidate, at_most=300)
    yield Figure("g  faults of its template", counted.template, at_most=80)


def further_test(_: Turn) -> Iterator[Figure]:
    """(h) CPU time of a further plain test, of all processes together, by regression over 1 to 100 asserts."""
    program = "def add(a, b):\n    return a + b\n"
    found = []
    with on_one_core() as judge:
        for length in LENGTHS:
            tests = tuple(AssertTest(code=f"assert add({n}, 7) == {n + 7}", names=("add",)) for n in range(length))
            for _ in range(WARMING):
                judged(judge, program, tests)
            cpu_s = tree_cpu_s(os.getpid())
            for _ in range(JUDGEMENTS):
                judged(judge, program, tests)
            found.append((tree_cpu_s(os.getpid()) - cpu_s) / JUDGEMENTS * 1e3)
    slope, intercept = linear_regression(LENGTHS, found)
    yield Figure("h  CPU ms of a further plain test", slope, at_most=0.02)
    yield Figure("h    CPU ms of a sample without tests", intercept)


def large_output(_: Turn) -> Iterator[Figure]:
    """(i) Ten megabytes of right output, in lines of 80 characters."""
    line = "0123456789 abcdefghijklmnopqrstuvwxyz " * 2 + "42"
    lines = TEN_MB // (len(line) + 1)
    test = StdioTest(stdin="", expected_stdout=f"{line}\n" * lines)
    program = f"import sys\nsys.stdout.write(({line!r} + '\\n') * {lines})\n"
    found = []
    with on_one_core() as judge:
        for _ in range(6):
            started_s = time.perf_counter()
            judged(judge, program, (test,))
            found.append(time.perf_counter() - started_s)
    yield Figure("i  10 MB of right output, ms", median(found[1:]) * 1e3, at_most=30)


def driver(turn: Turn) -> Iterator[Figure]:
    """(j) What the process of `proctor score` costs a sample beside its workers, and what it costs at all."""
    with unpacked(COMPLETIONS) as file:
        lines = file.read().splitlines()
    start = turn.number * 1500
    with tempfile.TemporaryDirectory() as folder:
        few_s, few_cpu_s, all_cpu_s = scored(lines[start : start + FEW], Path(folder, "few"))
        _, many_cpu_s, _ = scored(lines[start : start + MANY], Path(folder, "many"))
    yield Figure("j  the driver's CPU ms a sample", (many_cpu_s - few_cpu_s) / (MANY - FEW) * 1e3, at_most=0.6)
    yield Figure(f"j  `score` of {FEW} samples, s", few_s, at_most=0.7)
    yield Figure("j    CPU s of its own process for them", few_cpu_s)
    yield Figure("j    CPU s of all its processes", all_cpu_s)


def scored(lines: list[bytes], folder: Path) -> tuple[float, float, float]:
    """Score samples in a process of its own; return its seconds, its CPU seconds, and those with its workers'."""
    folder.mkdir()
    samples = folder / "samples.jsonl"
    samples.write_bytes(b"\n".join(lines) + b"\n")
    asked = ["score", samples, "--benchmark", "mbpp", "--data", SANITIZED, "--k", "1", "--out", folder / "run"]
    started_s, started_cpu_s = time.perf_counter(), sum(os.times()[:4])
    ran = subprocess.run(
        [sys.executable, "-c", DRIVER, *map(str, asked)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    seconds, all_cpu_s = time.perf_counter() - started_s, sum(os.times()[:4]) - started_cpu_s
    assert ran.returncode == 0, ran.stderr
    return seconds, float(ran.stderr.split()[-1]), all_cpu_s


def on_one_core() -> Judge:
    """Return a judge whose processes stay on one processor with this one, as those of a full pool do."""
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return Judge(Jail(), core)


def judged(judge: Judge, program: str, tests: tuple[Test, ...]) -> None:
    """Judge a program that must pass."""
    judgement = judge.judge(program, tests, Limits())
    assert judgement.verdict == "accepted", judgement
