"""Time limits from the references."""

import msgspec
import pytest

from harness.benchmarks.time_limits import CalibratedProblems, Calibration, limit_of_reference, read_calibration
from harness.errors import UserError
from sandbox.records import Limits


@pytest.fixture
def make_calibration():
    """Return a function that makes a calibration from the limits of tasks."""

    def make(**cpu_s):
        return Calibration(benchmark="toy", python="3.11.7", proctor="0", repeat=3, cpu_s=cpu_s)

    return make


@pytest.mark.parametrize(("reference_cpu_s", "limit_s"), [(0.0, 4.0), (1.0, 4.0), (1.1, 4.4), (2.513, 10.1)])
def test_a_limit_is_four_times_the_reference(reference_cpu_s, limit_s):
    """And four seconds at least: 4 x 2.513 = 10.052, to the tenth, upwards."""
    assert limit_of_reference(reference_cpu_s) == limit_s


def test_limits_are_those_of_the_file(lazy_problems, make_calibration):
    """Wall time keeps its proportion of 2.5; a problem that the file doesn't name keeps its limits."""
    problems = CalibratedProblems(lazy_problems("ab"), make_calibration(a=10.0))

    assert problems["a"].limits == Limits(cpu_s=10.0, wall_s=25.0)
    assert problems["b"].limits == Limits()
    assert list(problems) == ["a", "b"]


def test_the_tests_are_the_very_same(make_problem, make_calibration):
    """So the judge may keep its examiner."""
    problem = make_problem("a")

    assert CalibratedProblems({"a": problem}, make_calibration(a=10.0))["a"].tests is problem.tests


def test_a_file_of_other_problems_is_refused(tmp_path, lazy_problems, make_calibration):
    """Limits of one benchmark say nothing about another; nothing is decoded to find that out."""
    problems = lazy_problems("ab")
    path = tmp_path / "limits.json"
    path.write_bytes(msgspec.json.encode(make_calibration(a=10.0, c=10.0)))

    with pytest.raises(UserError, match=r"limits\.json: has a limit for task 'c' of toy"):
        read_calibration(path, problems)
    assert problems.looked_up == []
