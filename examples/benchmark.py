"""A benchmark in one file: two problems on the reading of clocks.

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
    """Return the problems by task id; `data` is what --data names, and this benchmark needs none."""
    del data
    both = (
        Problem(
            task_id="to_minutes",
            benchmark="clocks",
            split="test",
            difficulty="introductory",
            statement="Write minutes(clock), the minutes since midnight of a clock such as '07:30'.",
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
            statement="Read a clock and a number of minutes, a line each. Print the clock so many minutes later.",
            reference=LATER,
            tests=tuple(
                StdioTest(stdin=stdin, expected_stdout=expected)
                for stdin, expected in (("09:05\n10\n", "09:15\n"), ("23:59\n2\n", "00:01\n"))
            ),
        ),
    )
    return {problem.task_id: problem for problem in both}


clocks = Benchmark(name="clocks", problems=problems, prompt_card="apps", about="Reading clocks.")
