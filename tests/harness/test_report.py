"""The table that people read."""

import pytest

from harness.records import Result, Score, Tally
from harness.report import markdown
from sandbox.limits import Limits
from sandbox.verdict import Verdict


@pytest.fixture
def make_result():
    """Return a function that makes a result of two problems, one of which a sandbox error left out of pass@2."""

    def make(isolation=None):
        isolation = isolation or {"landlock": "absent: no such system call", "seccomp": "in force (a filter)"}
        return Result(
            policy="gpt",
            benchmark="toy",
            splits=("test", "train"),
            problems_sha256="p",
            limits=Limits(),
            isolation=isolation,
            python="3.11.7",
            proctor="0",
            verdict_counts=dict.fromkeys(Verdict, 0) | {Verdict.ACCEPTED: 3, Verdict.SANDBOX_ERROR: 1},
            tallies=(Tally(task_id="a", difficulty="easy", n=2, c=2), Tally(task_id="b", difficulty="hard", n=1, c=1)),
            scores=(
                Score(difficulty="all", k=1, value=1.0, low=0.3424, high=1.0, problems=2),
                Score(difficulty="easy", k=1, value=1.0, low=0.2065, high=1.0, problems=1),
                Score(difficulty="hard", k=1, value=1.0, low=0.2065, high=1.0, problems=1),
                Score(difficulty="all", k=2, value=1.0, low=0.2065, high=1.0, problems=1),
                Score(difficulty="easy", k=2, value=1.0, low=0.2065, high=1.0, problems=1),
            ),
        )

    return make


def test_a_table_of_two_difficulties(make_result):
    """Percent with intervals, counts of every verdict, the protocol; a partial mean says over how many problems."""
    result = make_result()

    assert markdown([result]) == (
        """\
## gpt on toy

2 problems (test, train), 4 samples; percent with 95 % interval

| difficulty | problems | pass@1              | pass@2                            |
| ---------- | -------- | ------------------- | --------------------------------- |
| all        | 2        | 100.00 (34.2-100.0) | 100.00 (20.6-100.0) of 1 problems |
| easy       | 1        | 100.00 (20.6-100.0) | 100.00 (20.6-100.0)               |
| hard       | 1        | 100.00 (20.6-100.0) |                                   |

| accepted | wrong_answer | runtime_error | output_limit | memory_limit | time_limit | compile_error | sandbox_error |
| -------- | ------------ | ------------- | ------------ | ------------ | ---------- | ------------- | ------------- |
| 3        | 0            | 0             | 0            | 0            | 0          | 0             | 1             |

Python 3.11.7; isolation: seccomp (a filter); absent: landlock (no such system call)
"""
    )


def test_no_isolation_is_stamped_on_the_table(make_result):
    """Whoever reads the table sees that nothing was held back."""
    assert "isolation: NONE, every program was trusted; absent: seccomp (not asked for)" in markdown(
        [make_result(isolation={"seccomp": "absent: not asked for"})]
    )


def test_no_results():
    """Nothing gives nothing."""
    assert markdown([]) == ""
