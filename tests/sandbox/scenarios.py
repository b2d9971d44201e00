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
