"""Defines a benchmark in one file: two problems about clock times.

proctor audit --benchmark examples/benchmark.py:clocks
proctor score samples.jsonl --benchmark examples/benchmark.py:clocks --out runs/clocks
"""

from collections.abc import Mapping
from pathlib import Path

from harness.benchmarks.benchmark import Benchmark
from harness.runs.records import Problem
from sandbox.records import CallTest, StdioTest

TO_MINUTES = """\
def minutes(clock):
    hours, rest = clock.split(":")
    return 60 * int(hours) + int(rest)
"""
LATER = """\
hours, minutes = map(int, input().split(":"))
later = (60 * hours + minutes + int(input())) % (24 * 60)
print(f"{later // 60:02}:{later % 60:02}")
"""


def problems(data: Path | None) -> Mapping[str, Problem]:
    """Return the problems by task id; `data` is the path given with --data, unused here."""
    del data
    both = (
        Problem(
            task_id="to_minutes",
            benchmark="clocks",
            split="test",
            difficulty="introductory",
            statement="Write minutes(clock), which returns the minutes since midnight for a time such as '07:30'.",
            reference=TO_MINUTES,
            tests=tuple(
                CallTest(function="minutes", arguments=(clock,), expected=expected)
                for clock, expected in (("00:00", 0), ("07:30", 450), ("23:59", 1439))
            ),
        ),
        Problem(
            task_id="later",
            benchmark="clocks",
            split="test",
            difficulty="interview",
            statement="Read a time and a number of minutes, one per line. Print the time that many minutes later.",
            reference=LATER,
            tests=tuple(
                StdioTest(stdin=stdin, expected_stdout=expected)
                for stdin, expected in (("09:05\n10\n", "09:15\n"), ("23:59\n2\n", "00:01\n"))
            ),
        ),
    )
    return {problem.task_id: problem for problem in both}


clocks = Benchmark(name="clocks", problems=problems, prompt_card="apps", about="Two problems about clock times.")
