"""A benchmark of one problem."""

from harness.benchmarks.benchmark import Benchmark
from harness.runs.records import Problem
from sandbox.records import CallTest


def problems(_):
    """Return the problem by its task id."""
    tests = tuple(CallTest(function="double", arguments=(number,), expected=2 * number) for number in (0, 1, -3))
    problem = Problem(
        task_id="double",
        benchmark="doubles",
        split="test",
        difficulty="easy",
        statement="Write double(number), which returns twice the number.",
        reference="def double(number):\n    return 2 * number\n",
        tests=tests,
    )
    return {problem.task_id: problem}


doubles = Benchmark(name="doubles", problems=problems, prompt_card="apps", about="Twice a number.")
