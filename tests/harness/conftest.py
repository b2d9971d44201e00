"""What several tests of the harness build on."""

import pytest

from harness.records import Evaluation, Problem, Sample
from sandbox.testcase import AssertTest
from sandbox.verdict import Verdict


@pytest.fixture
def make_problem():
    """Return a function that makes a problem whose one test wants `f()` to be 1."""

    def make(task_id="1", split="test", difficulty=""):
        test = AssertTest(code="assert f() == 1", names=("f",))
        return Problem(
            task_id=task_id, benchmark="toy", split=split, statement="f() is 1", tests=(test,), difficulty=difficulty
        )

    return make


@pytest.fixture
def make_sample():
    """Return a function that makes a sample."""

    def make(task_id="1", index=0, policy="m", completion="def f(): return 1"):
        return Sample(policy=policy, task_id=task_id, index=index, completion=completion)

    return make


@pytest.fixture
def make_evaluation():
    """Return a function that makes an evaluation."""

    def make(task_id="1", index=0, verdict=Verdict.ACCEPTED, policy="m", difficulty=""):
        return Evaluation(
            policy=policy,
            task_id=task_id,
            index=index,
            difficulty=difficulty,
            program_sha256="",
            verdict=verdict,
            per_test=(),
            cpu_s=0.0,
            detail="",
        )

    return make
