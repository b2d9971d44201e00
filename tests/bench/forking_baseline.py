"""The baseline of bench_speed.py: a harness that forks itself for each sample and runs it without isolation.

It works the way evalplus does (evalplus/eval/__init__.py, untrusted_check and unsafe_execute): a pool of workers, each
of which starts a multiprocessing.Process a sample with two shared values and a shared array; in the fork a temporary
folder, dangerous functions set to None, standard streams swallowed, a timer around each test; program and tests run
beside each other. Its workers are forked from a process that holds the data set, so every fork copies that too; without
DATA they hold nothing but the interpreter and its modules. The whole process enters one jail first, because the samples
are untrusted; that costs nothing per sample.

A test has 4 s, as by evalplus' default, a sample as much as its tests together, and the first one that fails ends it.

Usage: python -S forking_baseline.py WORKERS [DATA], samples as JSON on stdin; prints seconds, CPU seconds and how many
passed.
"""

import builtins
import contextlib
import gc
import gzip
import io
import json
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import numpy as np  # noqa: F401 - evalplus' workers hold it too, and every fork has to copy it

from sandbox.inside.confinement import Boot, Confinement
from sandbox.jail import NAMESPACES

LIMIT_S = 4
DISARMED = """
    kill system putenv remove removedirs rmdir fchdir setuid fork forkpty killpg rename renames truncate replace unlink
    fchmod fchown chmod chown chroot lchown getcwd chdir
    """.split()


def disarm() -> None:
    """Set what could do harm to None, as such harnesses do."""
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    resource.setrlimit(resource.RLIMIT_DATA, (4 << 30, 4 << 30))
    builtins.exit = builtins.quit = None
    for name in DISARMED:
        setattr(os, name, None)
    for name in ("rmtree", "move", "chown"):
        setattr(shutil, name, None)
    for name in ("ipdb", "joblib", "resource", "psutil", "tkinter"):
        sys.modules[name] = None


@contextlib.contextmanager
def swallowed():
    """Send what is printed nowhere."""
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        yield


@contextlib.contextmanager
def limited(seconds: float):
    """Let a signal end what takes too long."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def execute(program: str, tests: list[str], outcome, details, progress) -> None:
    """Run program and tests in this process."""
    with tempfile.TemporaryDirectory() as folder:
        rmtree, rmdir, chdir, unlink = shutil.rmtree, os.rmdir, os.chdir, os.unlink
        os.chdir(folder)
        disarm()
        names: dict[str, object] = {}
        try:
            with swallowed():
                exec(program, names)
            for number, test in enumerate(tests):
                with limited(LIMIT_S), swallowed():
                    exec(test, names)
                details[number] = True
                progress.value += 1
            outcome.value = 1
        except BaseException:  # noqa: BLE001 - whatever the program raises
            outcome.value = 2
        shutil.rmtree, os.rmdir, os.chdir, os.unlink = rmtree, rmdir, chdir, unlink
        os.chdir("/")


def check(sample: tuple[str, list[str]]) -> bool:
    """Fork for one sample and wait."""
    program, tests = sample
    outcome, progress = multiprocessing.Value("i", 0), multiprocessing.Value("i", 0)
    details = multiprocessing.Array("b", [False] * len(tests))
    process = multiprocessing.Process(target=execute, args=(program, tests, outcome, details, progress))
    process.start()
    process.join(timeout=LIMIT_S * len(tests) + 2)
    if process.is_alive():
        process.kill()
        process.join()
    return outcome.value == 1 and all(details[: progress.value])


def enter_jail() -> None:
    """Go on in a child inside one jail for everything; the parent leaves with the child's status."""
    layers = sorted(NAMESPACES | {"privileges"})
    fields = {"layers": layers, "packages": ["numpy"], "allow": [], "modules": [], "preload": [], "core": None}
    uid = 0x60000000 if os.geteuid() == 0 else None
    jail = Confinement(Boot(json.dumps({**fields, "candidate_uid": uid, "holds_candidates": False})))
    if (pid := os.fork()) != 0:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    jail.enter()
    os.chdir(jail.writable)


def data_set(path: str) -> list[dict]:
    """Return the rows of a compressed file of JSON Lines."""
    with gzip.open(path) as file:
        return [json.loads(line) for line in file]


def with_cpu_s(check: Callable[[Any], bool], sample: Any) -> tuple[bool, float]:
    """Return what a check of a sample says, and the CPU seconds of it here and in the process that it forked."""
    started_s = cpu_s()
    return check(sample), cpu_s() - started_s


def cpu_s() -> float:
    """Return the CPU seconds of this process and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def measure(check: Callable[[Any], bool], samples: list[Any], workers: int, held: object) -> None:
    """Check all samples in workers forked from here, and print the figures; `held` is in their memory, too."""
    gc.collect()
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
        list(pool.map(check, samples[: 2 * workers]))
        started, own_s = time.perf_counter(), time.process_time()
        found = list(pool.map(partial(with_cpu_s, check), samples))
        seconds, own_s = time.perf_counter() - started, time.process_time() - own_s
    figures = {"seconds": seconds, "cpu_s": own_s + sum(used for _, used in found)}
    print(json.dumps({**figures, "passed": sum(passed for passed, _ in found), "held": bool(held)}), flush=True)


def main() -> None:
    """Judge all samples in the jail and print the figures."""
    samples = json.load(sys.stdin)
    workers, held = int(sys.argv[1]), [data_set(path) for path in sys.argv[2:]]
    enter_jail()
    measure(check, samples, workers, held)


if __name__ == "__main__":
    main()
