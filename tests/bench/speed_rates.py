"""Rows of bench_speed.py that compare rates: samples a second, ours against harnesses that isolate nothing.

All sides judge the same programs with the same limits, 4 s a test, on as many workers, warm; a sample ends at its first
failing test. Theirs count seconds of the wall, as their SIGALRM does, ours of CPU; they kill what never ends after the
limits of all its tests together, we after that of the one. Seven programs of mbpp_n10 run into the limit, all of one
task, so in one round of five. The other harnesses' workers are forked from a process that holds MBPP+, as evalplus'
are. Our clock runs from one judgement to another near the end, so that what is judged ahead at the one is also judged
ahead at the other.

Each round takes every fifth task, so that five rounds are the whole file.
"""

import functools
import itertools
import json
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from machine import tree_cpu_s
from mbpp_samples import COMPLETIONS, PLUS, SANITIZED, Recorded, cases, recorded_samples

from harness.benchmarks.mbpp_plus import mbpp_plus
from harness.benchmarks.problem_info import prepare_problems
from sandbox.jail import Jail
from sandbox.pool import Case, judge_all
from sandbox.records import AssertTest, Limits

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BASE_PYTHON = getattr(sys, "_base_executable", sys.executable)
ROUNDS = 5
WORKERS = 2
EDGE = 40
"""Judgements before our clock starts, and after it stops: more than are judged ahead."""
ASSERTS, HUNDREDS, SCALED = 100, 300, 500
SLOW = "123"
"""Its right programs work for two to five seconds, in any harness."""
PLUS_COPIES = 4
LABORIOUS = frozenset("84 96 123 162 239 247 255 256 271 300 301 389 392 453 462 583 589 592 599 603 630 745".split())
"""Tasks of MBPP+ whose references work for 60 ms to 20 s, as long in any harness."""
EVALPLUS = os.environ.get("PROCTOR_EVALPLUS")
FILES = (SANITIZED, COMPLETIONS, PLUS)


class Turn(NamedTuple):
    """Names a round, and the most samples that a side judges in it for a row."""

    number: int
    most: int


class Figure(NamedTuple):
    """Holds one figure of one round; `at_least` or `at_most` is what its median must reach."""

    label: str
    value: float
    at_least: float | None = None
    at_most: float | None = None


class Rate(NamedTuple):
    """Holds how fast samples were judged, and how many passed."""

    a_second: float
    cpu_ms: float
    passed: int


def distinct_passing(turn: Turn) -> Iterator[Figure]:
    """(a) Distinct passing samples."""
    chosen = list(distinct(turn, turn.most))
    ours = our_rate(chosen)
    yield Figure("a  distinct passing samples/s, ours", ours.a_second)
    yield Figure("a    CPU ms a sample, ours", ours.cpu_ms)
    for name, theirs in their_rates(chosen):
        assert theirs.passed > 0.98 * ours.passed, (name, theirs, ours)
        yield Figure(f"a  distinct passing samples, x {name}", ours.a_second / theirs.a_second, at_least=3.0)
        yield Figure(f"a    the same by CPU time, x {name}", theirs.cpu_ms / ours.cpu_ms, at_least=3.0)


def whole_file(turn: Turn) -> Iterator[Figure]:
    """(b) mbpp_n10 as it is: failing samples and equal programs included."""
    chosen = list(cases(every_sample(turn)))[: turn.most]
    ours = our_rate(chosen, reuse=True)
    for name, theirs in their_rates(chosen):
        assert abs(theirs.passed - ours.passed) < 0.02 * len(chosen), (name, theirs, ours)
        yield Figure(f"b  mbpp_n10 as it is, x {name}", ours.a_second / theirs.a_second, at_least=4.5)
        yield Figure(f"b    the same by CPU time, x {name}", theirs.cpu_ms / ours.cpu_ms, at_least=4.5)


def hundred_asserts(turn: Turn) -> Iterator[Figure]:
    """(c) A hundred asserts a sample, the problem's own over and over; and MBPP+ as evalplus judges it."""
    chosen = [case_with_asserts(case) for case in distinct(turn, min(HUNDREDS, turn.most))]
    ours = our_rate(chosen)
    yield Figure(f"c  {ASSERTS} asserts: samples/s, ours", ours.a_second)
    for name, theirs in their_rates(chosen):
        assert theirs.passed > 0.98 * ours.passed, (name, theirs, ours)
        yield Figure(f"c  {ASSERTS} asserts a sample, x {name}", ours.a_second / theirs.a_second, at_least=2.0)
        yield Figure(f"c    the same by CPU time, x {name}", theirs.cpu_ms / ours.cpu_ms, at_least=2.0)
    if EVALPLUS:
        named = plus_samples(turn)
        ours = our_rate([case for _, case in named])
        asked = [(task_id, case.program) for task_id, case in named]
        theirs = their_rate("evalplus_baseline.py", EVALPLUS, "native", str(PLUS), asked=asked)
        assert theirs.passed > 0.95 * ours.passed, (theirs, ours)
        yield Figure("c  MBPP+ as evalplus judges it, x evalplus", ours.a_second / theirs.a_second, at_least=2.0)
        yield Figure("c    the same by CPU time, x evalplus, MBPP+", theirs.cpu_ms / ours.cpu_ms, at_least=2.0)


def two_workers(turn: Turn) -> Iterator[Figure]:
    """(e) Two workers against one."""
    chosen = list(distinct(turn, min(SCALED, turn.most)))
    yield Figure("e  2 workers / 1", our_rate(chosen, 2).a_second / our_rate(chosen, 1).a_second, at_least=1.8)


@functools.cache
def file_by_task() -> dict[str, list[Recorded]]:
    """Return the whole of mbpp_n10, task by task."""
    found: dict[str, list[Recorded]] = {}
    for recorded in recorded_samples():
        found.setdefault(recorded.sample.task_id, []).append(recorded)
    return found


def every_sample(turn: Turn) -> list[Recorded]:
    """Return the samples of the tasks of a round, in the order of the file."""
    by_task = file_by_task()
    return list(itertools.chain(*(by_task[task_id] for task_id in list(by_task)[turn.number % ROUNDS :: ROUNDS])))


def distinct(turn: Turn, count: int) -> Iterator[Case]:
    """Yield so many distinct programs of a round that are recorded as passed, task by task."""
    rows = (row for row in every_sample(turn) if row.passed and row.sample.task_id != SLOW)
    yield from itertools.islice({(case.program, case.tests): case for case in cases(rows)}.values(), count)


def case_with_asserts(case: Case) -> Case:
    """Return a case with a hundred asserts, which are its own, over and over."""
    tests = tuple(itertools.islice(itertools.cycle(case.tests), ASSERTS))
    return Case(program=case.program, tests=tests, limits=Limits())


def plus_samples(turn: Turn) -> list[tuple[str, Case]]:
    """Return references of MBPP+, each in a few texts, so that none is judged twice, and their tests."""
    problems = [problem for number, problem in plus_problems().items() if number.rpartition("/")[2] not in LABORIOUS]
    return [
        (
            problem.task_id,
            Case(program=f"{problem.reference}\n# {copy}\n", tests=problem.tests, limits=problem.limits),
        )
        for problem in problems[turn.number % ROUNDS :: ROUNDS]
        for copy in range(PLUS_COPIES)
    ][: turn.most]


@functools.cache
def plus_problems():
    """Return the problems of MBPP+ by task id."""
    problems = mbpp_plus.problems(PLUS)
    prepare_problems(problems, problems)
    return dict(problems)


def our_rate(chosen: list[Case], workers: int = WORKERS, *, reuse: bool = False) -> Rate:
    """Judge all cases; the clock runs from one judgement to another near the end."""
    edge = min(EDGE, len(chosen) // 5)
    last = len(chosen) - edge
    readings, passed = {}, 0
    for number, judgement in enumerate(judge_all(chosen, Jail(), workers, reuse=reuse), 1):
        passed += judgement.verdict == "accepted"
        if number in {edge, last}:
            readings[number] = time.perf_counter(), tree_cpu_s(os.getpid())
    (first_s, first_cpu_s), (last_s, last_cpu_s) = readings[edge], readings[last]
    timed = last - edge
    return Rate(timed / (last_s - first_s), (last_cpu_s - first_cpu_s) / timed * 1e3, passed)


def their_rates(chosen: list[Case]) -> Iterator[tuple[str, Rate]]:
    """Yield the name of each other harness and how fast it judges the same programs by the same asserts."""
    asked = [
        (case.program, [f"{test.setup}\n{test.code}" for test in case.tests if isinstance(test, AssertTest)])
        for case in chosen
    ]
    if EVALPLUS:
        yield "evalplus", their_rate("evalplus_baseline.py", EVALPLUS, "asserts", str(PLUS), asked=asked)
    yield "a forking harness", their_rate("forking_baseline.py", str(PLUS), asked=asked)


def their_rate(script: str, *arguments: str, asked: list[tuple[str, object]]) -> Rate:
    """Let a baseline's script judge samples, in the interpreter that our jail starts."""
    command = [BASE_PYTHON, "-S", str(HERE / script), str(WORKERS), *arguments]
    places = f"{ROOT}:{sysconfig.get_path('purelib')}"
    ran = subprocess.run(
        command, input=json.dumps(asked), stdout=subprocess.PIPE, text=True, check=True,
        env={**os.environ, "PYTHONPATH": places},
    )  # fmt: skip
    figures = json.loads(ran.stdout.splitlines()[-1])
    return Rate(len(asked) / figures["seconds"], figures["cpu_s"] / len(asked) * 1e3, figures["passed"])
