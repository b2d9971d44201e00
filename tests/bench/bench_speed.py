"""Speed, as ratios in one run, on the same programs and workers (item 4 of the examination).

1. MBPP samples a second, fully isolated, against a harness that forks itself for each sample and isolates nothing
   (forking_baseline.py), and against evalplus' own checker where a checkout is named by PROCTOR_EVALPLUS. Both hold
   MBPP+ as evalplus does while it judges; what they reach with an empty heap stands beside it.
2. A stdio test against a bare fork, exit and wait of the same warm interpreter, and against starting `python3 -I`.
3. The spread of a passing sample's latency.
4. Two workers against one.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from mbpp_samples import COMPLETIONS, PLUS, SANITIZED, accepted_samples, cases, skip_without_data

from sandbox.jail import WARM_MODULES, Jail
from sandbox.judge import Judge
from sandbox.pool import Case, judge_all
from sandbox.records import AssertTest, StdioTest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROUNDS = 3
SAMPLES = 1500
FORKS = f"""
import gc, os, sys, time
sys.path.insert(0, {str(ROOT)!r})
import {", ".join(WARM_MODULES)}, sandbox.inside.template
gc.collect(); gc.freeze()
times = []
for _ in range(400):
    started = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    times.append(time.perf_counter() - started)
print(sorted(times)[200])
"""
ADDING = "a, b = map(int, input().split())\nprint(a + b)\n"


def baseline_rate(samples: list[Case], workers: int, script: str, *arguments: str) -> float:
    """Return the samples a second of a baseline script."""
    asked = json.dumps([(case.program, [f"{t.setup}\n{t.code}" for t in case.tests if isinstance(t, AssertTest)])
                        for case in samples])  # fmt: skip
    command = [sys.executable, str(HERE / script), str(workers), *arguments]
    ran = subprocess.run(command, input=asked, stdout=subprocess.PIPE, text=True, check=True,
                         env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    figures = json.loads(ran.stdout)
    assert figures["passed"] > 0.95 * len(samples), figures
    return float(len(samples) / figures["seconds"])


def our_rate(samples: list[Case], workers: int) -> float:
    """Return our samples a second, warm."""
    judgements = judge_all(samples, Jail(), workers)
    warm = workers * 4
    for _ in range(warm):
        next(judgements)
    started = time.perf_counter()
    accepted = sum(judgement.verdict == "accepted" for judgement in judgements)
    seconds = time.perf_counter() - started
    assert accepted == len(samples) - warm, accepted
    return accepted / seconds


def latencies_s(samples: list[Case]) -> list[float]:
    """Return the sorted seconds from program to judgement of passing samples, one worker."""
    found = []
    with Judge(Jail()) as judge:
        for case in samples:
            started = time.perf_counter()
            judge.judge(case.program, case.tests, case.limits)
            found.append(time.perf_counter() - started)
    return sorted(found)


def stdio_test_s() -> float:
    """Return the seconds of one stdio test, by the median of many programs with one test each of many tests."""
    tests = tuple(StdioTest(stdin=f"{n} {n}\n", expected_stdout=f"{2 * n}\n") for n in range(50))
    found = []
    with Judge(Jail()) as judge:
        for _ in range(8):
            started = time.perf_counter()
            assert judge.judge(ADDING, tests).verdict == "accepted"
            found.append((time.perf_counter() - started) / len(tests))
    return median(found)


def bare_fork_s() -> float:
    """Return the median seconds of fork, exit and wait in an interpreter that holds what a template holds."""
    base = getattr(sys, "_base_executable", sys.executable)
    ran = subprocess.run([base, "-S", "-c", FORKS], capture_output=True, text=True, check=True)
    return float(ran.stdout)


def python_start_s() -> float:
    """Return the median seconds of running the same program as `python3 -I program.py`."""
    base = getattr(sys, "_base_executable", sys.executable)
    found = []
    with tempfile.NamedTemporaryFile("w", suffix=".py") as program:
        program.write(ADDING)
        program.flush()
        for _ in range(20):
            started = time.perf_counter()
            subprocess.run([base, "-I", program.name], input="1 2\n", capture_output=True, text=True, check=True)
            found.append(time.perf_counter() - started)
    return median(found)


def shown(label: str, value: float, bound: str, *, holds: bool) -> bool:
    """Print one figure with its bound; return whether it holds."""
    print(f"{label}: {value:.2f} ({bound}) {'ok' if holds else 'SHORT'}", flush=True)
    return holds


def main() -> int:
    """Measure in rounds, so that other load on the machine meets both sides; print ratios of medians."""
    skip_without_data(SANITIZED, COMPLETIONS, PLUS)
    samples = list(cases(sample for sample in accepted_samples() if sample.problem.task_id != "123"))[:SAMPLES]
    evalplus = os.environ.get("PROCTOR_EVALPLUS")
    ours, theirs, empty, single, evalplus_rates, stdio, forks, starts = [], [], [], [], [], [], [], []
    for _ in range(ROUNDS):
        ours.append(our_rate(samples, 2))
        theirs.append(baseline_rate(samples, 2, "forking_baseline.py", str(PLUS)))
        empty.append(baseline_rate(samples, 2, "forking_baseline.py"))
        single.append(our_rate(samples, 1))
        if evalplus:
            evalplus_rates.append(baseline_rate(samples, 2, "evalplus_baseline.py", evalplus, str(PLUS)))
        stdio.append(stdio_test_s())
        forks.append(bare_fork_s())
        starts.append(python_start_s())
    latency = latencies_s(samples)
    p50, p99 = latency[len(latency) // 2], latency[len(latency) * 99 // 100]
    print(f"samples/s, 2 workers: ours {median(ours):.0f}, forking harness {median(theirs):.0f} "
          f"(with an empty heap {median(empty):.0f}: {median(ours) / median(empty):.2f} x), "
          f"1 worker: ours {median(single):.0f}")  # fmt: skip
    if evalplus:
        print(f"evalplus' checker, 2 workers: {median(evalplus_rates):.0f} samples/s; "
              f"ours is {median(ours) / median(evalplus_rates):.2f} x")  # fmt: skip
    print("ms: "
          f"stdio test {median(stdio) * 1e3:.2f}, bare fork {median(forks) * 1e3:.2f}, "
          f"python3 -I {median(starts) * 1e3:.1f}, "
          f"passing sample p50 {p50 * 1e3:.2f}, p99 {p99 * 1e3:.2f}")  # fmt: skip
    ratio, fork = median(ours) / median(theirs), median(stdio) / median(forks)
    start = median(stdio) / median(starts)
    holds = [
        shown("ours / forking harness", ratio, "at least 3", holds=ratio >= 3),
        shown("stdio test / bare fork", fork, "at most 2", holds=fork <= 2),
        shown("stdio test / python3 -I", start, "at most 0.25", holds=start <= 0.25),
        shown("p99 / p50", p99 / p50, "under 3", holds=p99 < 3 * p50),
        shown(
            "2 workers / 1", median(ours) / median(single), "at least 1.8", holds=median(ours) >= 1.8 * median(single)
        ),
    ]
    return 0 if all(holds) else 1


if __name__ == "__main__":
    sys.exit(main())
