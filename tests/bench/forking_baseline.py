"""The baseline of bench_speed.py: a harness that forks itself for each sample and runs it without isolation.

Each worker forks itself for each sample, as evalplus does (evaluate -> worker pool -> multiprocessing.Process), runs
program and tests beside each other in the fork under a timer, and reads the outcome from shared memory. The whole
process enters one jail first, because the samples are untrusted; that costs nothing per sample.

Usage: forking_baseline.py WORKERS, samples as JSON on stdin; prints seconds and how many passed.
"""

import contextlib
import io
import json
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np  # noqa: F401 - evalplus' workers hold it too; it is what every fork has to copy

from sandbox.confinement import Boot, Confinement
from sandbox.jail import NAMESPACES


def execute(program: str, tests: list[str], outcome) -> None:
    """Run program and tests in this process, the way such harnesses do."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        os.chdir(folder)
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        signal.setitimer(signal.ITIMER_REAL, 10)
        names: dict[str, object] = {}
        try:
            exec(program, names)
            for test in tests:
                exec(test, names)
            outcome.value = 1
        except BaseException:  # noqa: BLE001 - whatever the program raises
            outcome.value = 2
        signal.setitimer(signal.ITIMER_REAL, 0)
        os.chdir("/")


def check(sample: tuple[str, list[str]]) -> bool:
    """Fork for one sample and wait."""
    outcome = multiprocessing.Value("i", 0)
    process = multiprocessing.Process(target=execute, args=(*sample, outcome))
    process.start()
    process.join(timeout=12)
    if process.is_alive():
        process.kill()
        process.join()
    return outcome.value == 1


def main() -> None:
    """Enter the jail, judge all samples, print the figures."""
    samples = json.load(sys.stdin)
    workers = int(sys.argv[1])
    root = os.geteuid() == 0
    layers = sorted(NAMESPACES | {"privileges"})
    jail = Confinement(
        Boot(
            json.dumps({
                "layers": layers, "packages": ["numpy"], "modules": [], "preload": [], "core": None, "holds_candidates": False,
                "candidate_uid": 0x60000000 if root else None,
            })
        )
    )  # fmt: skip
    if (pid := os.fork()) != 0:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    jail.enter()
    os.chdir(jail.writable)
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
        list(pool.map(check, samples[: 2 * workers]))
        started = time.perf_counter()
        passed = sum(pool.map(check, samples))
        print(json.dumps({"seconds": time.perf_counter() - started, "passed": passed}), flush=True)


if __name__ == "__main__":
    main()
