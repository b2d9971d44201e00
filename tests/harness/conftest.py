"""What several tests of the harness build on."""

from collections.abc import Mapping

import msgspec
import pytest

from harness.records import Evaluation, Problem, Run, Sample, Source
from harness.survey import head_of
from sandbox.limits import Limits
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


class LazyProblems(Mapping):
    """Problems that are made anew whenever they are looked up, which is noted."""

    def __init__(self, task_ids, make):
        """Take the ids, and what makes a problem of one."""
        self.task_ids, self.make, self.looked_up = task_ids, make, []

    def __getitem__(self, task_id):
        """Make a problem."""
        self.looked_up.append(task_id)
        if task_id not in self.task_ids:
            raise KeyError(task_id)
        return self.make(task_id)

    def __iter__(self):
        """Go through the ids."""
        return iter(self.task_ids)

    def __len__(self):
        """Return how many there are."""
        return len(self.task_ids)


@pytest.fixture
def lazy_problems(make_problem):
    """Return a function that gives problems that are decoded when they are asked for, as those of a large file are."""

    def make(task_ids, **fields):
        return LazyProblems(tuple(task_ids), lambda task_id: make_problem(task_id, **fields))

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

    def make(task_id="1", index=0, verdict=Verdict.ACCEPTED, policy="m", difficulty="", **extraction):
        return Evaluation(
            policy=policy,
            task_id=task_id,
            index=index,
            difficulty=difficulty,
            completion_sha256="",
            program_sha256="",
            verdict=verdict,
            per_test=(),
            cpu_s=0.0,
            detail="",
            **{"extraction": "whole", "discarded_chars": 0, "complete": True} | extraction,
        )

    return make


@pytest.fixture
def make_head(make_problem):
    """Return a function that makes the head of such a problem."""

    def make(task_id="1", kind="assert", **fields):
        return msgspec.structs.replace(head_of(make_problem(task_id, **fields)), kind=kind)

    return make


@pytest.fixture
def make_run():
    """Return a function that makes the record of a run."""

    def make(**changes):
        usual = {
            "samples_sha256": "s",
            "benchmark": "toy",
            "problem_set": "",
            "splits": ("test",),
            "prompt_card": None,
            "sampling": None,
            "producer": None,
            "extraction": "whole",
            "k": (1,),
            "limits": Limits(),
            "limits_file": "",
            "exhaustive": False,
            "isolation": {"seccomp": "in force"},
            "preload": (),
            "python": "3.11.7",
            "proctor": "0",
            "source": Source(benchmark="toy"),
            "problems": {"1": "p"},
        }
        return Run(**usual | changes)

    return make
