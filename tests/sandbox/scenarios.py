"""Count what one scenario leaves behind: `python scenarios.py SCENARIO LAYER...` prints the census before and after.

A process of its own, because it adopts every orphan, so that none can hide: see test_pool.py.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from census import census, children_of, groups_of

from sandbox.inside.layers import kernel
from sandbox.jail import Jail, probe
from sandbox.judge import Judge
from sandbox.pool import Case, judge_all
from sandbox.records import AssertTest, Limits, Refused, StdioTest

ONE = (StdioTest(stdin="", expected_stdout="1"),)
F_IS_ONE = (AssertTest(code="assert f() == 1", names=("f",)),)
WORKERS = 2

started = set()
"""The processes that the judge started itself; every other child is an orphan."""
wardens = set()
"""Those of a judge that is not this process."""


class Popen(subprocess.Popen):
    """A process that is noted in `started`."""

    def __init__(self, *arguments, **keywords):
        """Start it."""
        super().__init__(*arguments, **keywords)
        started.add(self.pid)


def case(program, tests=ONE, **limits):
    """Return a case; its one test wants "1" unless told otherwise."""
    return Case(program=program, tests=tests, limits=Limits(**limits))


LEAVES = """
import os
os.makedirs('a/b/c')
os.symlink('/', 'link')
try:
    os.chmod('a', 0)
except PermissionError:
    pass
print(os.getcwd())
"""
WHERE = case(LEAVES)
SLOW = case("import time; time.sleep(600)", wall_s=900.0)
DAEMON = """
import os, time
try:
    if os.fork() == 0 and os.fork() == 0:
        os.setsid()
        time.sleep(600)
except OSError:
    pass
print(1)
"""
FORKS = """
import os, time
for _ in range(9):
    try:
        os.fork()
    except OSError:
        break
time.sleep(600)
"""
NASTY = [
    WHERE, case("print(1)"), case("while True: pass", cpu_s=0.1), case(FORKS, wall_s=0.2), case(DAEMON),
    case("def f(): return 1", F_IS_ONE), case("def f(): import os; os._exit(0)", F_IS_ONE), case("(", F_IS_ONE),
    case("def f(): return 1", (AssertTest(code="import nosuch", names=("f",)),)), case("("),
    case("for n in range(99):\n    with open(str(n), 'w') as file: file.write('x')\nprint(1)"),
    case("x = bytearray(1 << 40)"),
]  # fmt: skip
JUDGE = """
import sys
from sandbox.jail import Jail
from sandbox.judge import Judge
from sandbox.records import StdioTest
judge = Judge(Jail(layers=frozenset(sys.argv[1:])))
test = StdioTest(stdin="", expected_stdout="nothing that is printed")
print(judge.judge("import os; print(os.getcwd())", (test,)).per_test[0].actual, end="")
print(judge._candidates._process.pid, judge._examiner._template._process.pid, flush=True)
judge.judge("import time; time.sleep(600)", (test,))
"""


POOL = """
import sys
from sandbox.jail import Jail
from sandbox.pool import Case, judge_all
from sandbox.records import Limits, StdioTest
tests = (StdioTest(stdin="", expected_stdout="nothing that is printed"),)
programs = ["import os; print(os.getcwd())", *["import time; time.sleep(600)"] * 9]
cases = [Case(program=program, tests=tests, limits=Limits(wall_s=900.0)) for program in programs]
judgements = judge_all(cases, Jail(layers=frozenset(sys.argv[1:])), 2)
print(next(judgements).per_test[0].actual, end="", flush=True)
next(judgements)
"""


def template_at_work(warden):
    """Return the template of a warden as soon as it has forked somebody."""
    (template,) = children_of(warden)
    while not children_of(template):
        os.sched_yield()
    return template


def folders_of(judgements):
    """Return the writable folders in which programs said that they ran."""
    outcomes = [outcome for judgement in judgements for outcome in judgement.per_test]
    return [outcome.actual.strip() for outcome in outcomes if outcome.actual.startswith("/")]


def all_are_judged(jail):
    """Judge many nasty programs, on two workers."""
    return folders_of(judge_all(NASTY, jail, WORKERS))


def one_judge_judges_all(jail):
    """Judge many nasty programs, one after the other."""
    with Judge(jail) as judge:
        return folders_of([judge.judge(each.program, each.tests, each.limits) for each in NASTY])


def closed_after_the_first(jail):
    """Lose interest after the first judgement."""
    judgements = judge_all(NASTY * 9, jail, WORKERS)
    folders = folders_of([next(judgements)])
    judgements.close()
    return folders


def closed_while_programs_run(jail):
    """Lose interest while two programs sleep, that may sleep for long."""
    judgements = judge_all([WHERE, *[SLOW] * 40], jail, WORKERS)
    folders = folders_of([next(judgements)])
    judgements.close()
    return folders


def the_source_fails_while_programs_run(jail):
    """Fail to say what the next case is, while a program sleeps."""

    def cases():
        yield WHERE
        yield SLOW
        yield from [case("print(1)")] * 60
        raise KeyError

    judgements = judge_all(cases(), jail, WORKERS)
    folders = folders_of([next(judgements)])
    try:
        next(judgements)
    except KeyError:
        return folders
    return None


def the_judge_can_not_start(_jail):
    """Ask for what this host can't give, and for interpreters that are none."""
    for wrong in (
        Jail(layers=frozenset({"rlimits"})), Jail(python="/bin/true"), Jail(python="/nonexistent"), Jail(python="/"),
    ):  # fmt: skip
        try:
            probe(wrong)
        except Refused:
            continue
    return []


def a_template_is_killed(jail):
    """Kill a template from outside, while its program runs."""
    with Judge(jail) as judge:
        folders = folders_of([judge.judge(WHERE.program, ONE)])
        warden = judge._candidates._process.pid  # noqa: SLF001 - there is no other way to hit it
        killer = threading.Thread(target=lambda: os.kill(template_at_work(warden), signal.SIGKILL))
        killer.start()
        judge.judge("import time; time.sleep(0.2); print(1)", ONE)
        killer.join()
    return folders


def the_judge_is_killed(jail):
    """Kill the judge itself, while a program of its sleeps."""
    command = [sys.executable, "-c", JUDGE, *jail.layers]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as judge:
        folder, pids = judge.stdout.readline().strip(), list(map(int, judge.stdout.readline().split()))
        wardens.update(pids)
        template_at_work(pids[0])
        judge.kill()
    return [folder]


def the_pool_is_killed(jail):
    """Kill the process that has a pool, while a program of each worker sleeps."""
    return pool_ends(jail, signal.SIGKILL)


def the_pool_is_interrupted(jail):
    """Interrupt it as a terminal does, together with all processes of its group."""
    return pool_ends(jail, signal.SIGINT)


def pool_ends(jail, number):
    """Send a signal to a process that has a pool, as soon as its workers are at work."""
    command = [sys.executable, "-c", POOL, *jail.layers]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0) as pool:
        folder, workers = pool.stdout.readline().strip(), children_of(pool.pid)
        while any(len(children_of(worker)) < 2 for worker in workers):  # the other one may be starting
            os.sched_yield()
        wardens.update(*map(children_of, workers))
        os.killpg(pool.pid, number)
        last_words = pool.stderr.read()
    assert last_words.strip().endswith("KeyboardInterrupt") == (number == signal.SIGINT), last_words
    assert last_words.count("Traceback") == (number == signal.SIGINT), last_words
    return [folder]


def a_worker_is_killed(jail):
    """Kill a worker of a pool while its program runs."""
    judgements = judge_all([WHERE, case("import time; time.sleep(1); print(1)"), case("print(1)")], jail, WORKERS)
    folders = folders_of([next(judgements)])
    victim = max(children_of(os.getpid()))
    wardens.update(children_of(victim))
    os.kill(victim, signal.SIGKILL)
    assert [judgement.verdict for judgement in judgements] == ["accepted"] * 2
    return folders


def reap_orphans():
    """Reap the orphans that were adopted; give those that still run 50 s to end by themselves."""
    deadline_s = time.monotonic() + 50
    while (orphans := children_of(os.getpid()) - started) and time.monotonic() < deadline_s:
        for pid in orphans:
            os.waitpid(pid, os.WNOHANG)


def main(scenario, layers):
    """Play a scenario and print what was there before and after."""
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    subprocess.Popen = Popen
    jail = Jail(layers=frozenset(layers))
    probe(jail)
    before, started_s = census(), time.monotonic()
    folders = globals()[scenario](jail)
    took_s = time.monotonic() - started_s
    gc.collect()
    reap_orphans()
    left = [path for path in folders if Path(path).exists()] + groups_of(started | wardens)
    found = {"before": before, "after": census(), "folders": folders, "left": left, "took_s": took_s}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
