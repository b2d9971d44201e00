"""What several tests of the harness build on."""

from collections.abc import Mapping

import msgspec
import pytest
import tiny_model as tiny
from usual_conditions import take_conditions

from harness.benchmarks.problem_info import info_of
from harness.cli.main import run
from harness.runs.records import Evaluation, Problem, Run, Sample, Source
from sandbox.records import AssertTest, Verdict


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """Return the folder of a real model that is small, in the layout of the hub, with a chat template."""
    return tiny.build(tmp_path_factory.mktemp("tiny-model"))


@pytest.fixture(scope="session")
def tiny_adapter(tiny_model, tmp_path_factory):
    """Return the folder of a LoRA adapter over the tiny model."""
    return tiny.build_adapter(tiny_model, tmp_path_factory.mktemp("tiny-adapter"))


@pytest.fixture
def make_problem():
    """Return a function that makes a problem whose one test wants `f()` to be 1."""

    def make(task_id="1", split="test", difficulty="", date=""):
        test = AssertTest(code="assert f() == 1", names=("f",))
        return Problem(
            task_id=task_id,
            benchmark="toy",
            split=split,
            statement="f() is 1",
            tests=(test,),
            difficulty=difficulty,
            date=date,
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
def make_info(make_problem):
    """Return a function that makes the info of such a problem."""

    def make(task_id="1", kind="assert", **fields):
        return msgspec.structs.replace(info_of(make_problem(task_id, **fields)), kind=kind)

    return make


@pytest.fixture
def make_run():
    """Return a function that makes the record of a run."""

    def make(**changes):
        usual = {
            "samples_sha256": "s",
            "k": (1,),
            "conditions": take_conditions(changes, isolation={"seccomp": "in force"}),
            "source": Source(benchmark="toy"),
            "problems": {"1": "p"},
        }
        return Run(**usual | changes)

    return make


SCRIPTED = '''
"""Writes programs by rule: `f` returns 0 or 1, as the seed is even or odd."""

import os
import signal
from contextlib import contextmanager

import sandbox.pool
from harness.generation.backend import Backend, Completion, Generated
from harness.errors import Unavailable
from harness.runs.records import Producer


class Script:
    def __init__(self, model, options):
        self.model, self.options = model, dict(options)
        self.asked = 0

    @property
    def producer(self):
        return Producer(
            backend="scripted", model=self.model, weights="w", dtype=self.options.get("dtype", "float32"),
            versions={}, options={}, repeatable="yes",
        )

    def generate(self, plan, missing, sampling):
        self.asked += 1
        wanted = [request for request in plan if request.key in missing or self.options.get("all")]
        if self.options.get("backwards"):
            wanted.reverse()
        for number, request in enumerate(wanted[: self.options.get("only")]):
            if number == self.options.get("die_at"):
                os.kill(os.getpid(), signal.SIGKILL)
            if number == self.options.get("lost_at"):
                raise Unavailable("the server went away")
            if number == self.options.get("watch_at") and not sandbox.pool.Worker.busy.wait(60):
                raise RuntimeError("nothing is judged meanwhile")
            if number == self.options.get("interrupted_at"):
                raise KeyboardInterrupt
            yield Generated(request, self.completion(request))
        if self.options.get("die_at") == "the end":
            os.kill(os.getpid(), signal.SIGKILL)

    def completion(self, request):
        if "too long" in request.prompt:
            return Completion(text="", finish_reason="context", prompt_tokens=9, tokens=0)
        text = self.options.get("text", f"# \\u00e9\\ndef f(): return {request.seed % 2}\\n")
        return Completion(text=text, finish_reason="stop", prompt_tokens=2, tokens=3)


@contextmanager
def load(model, options):
    yield Script(model, options)


scripted = Backend(name="scripted", load=load)
'''


@pytest.fixture
def scripted(tmp_path):
    """Return the name, as --backend takes it, of a backend that writes programs by rule."""
    (tmp_path / "scripted.py").write_text(SCRIPTED)
    return f"{tmp_path / 'scripted.py'}:scripted"


TOY = """
from harness.benchmarks.benchmark import Benchmark
from harness.runs.records import Problem
from sandbox.records import Limits
from sandbox.records import AssertTest

def problem(number, split="test"):
    return Problem(
        task_id=str(number), benchmark="toy", split=split, statement="too long" if number == 9 else f"Task {number}",
        tests=(AssertTest(code="assert f() == 1", names=("f",)),), limits=Limits(cpu_s=900, wall_s=900),
    )

def benchmark(*problems):
    return Benchmark(
        name="toy", problems=lambda _: {problem.task_id: problem for problem in problems}, prompt_card="toy.toml",
        problem_sets={"even": lambda infos: [info.task_id for info in infos if info.task_id in "24"]},
    )

toy = benchmark(*map(problem, (1, 2, 3, 4)), problem(5, "train"))
long = benchmark(problem(1), problem(9))
"""

CARD = """
about = "the statement"
n = 2
temperature = 0.5
top_p = 0.9
max_tokens = 8
stop = ["END"]
[text]
assert = "{statement}"
"""


@pytest.fixture
def proctor(tmp_path, monkeypatch, scripted):
    """Return a function that runs a command on the benchmark `toy` and the scripted backend, writing to `run`.

    The benchmark has the tasks 1 to 4 in its test split and 5 in another; `long` has a task 9 that is too long for the
    model. The card asks for two samples a task.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toy.py").write_text(TOY)
    (tmp_path / "toy.toml").write_text(CARD)

    def proctor_with(command, *options, benchmark="toy.py:toy", out="run"):
        judging = ["--workers", "2"] if command == "run" else []
        drawn_from = [*(() if "--model" in options else ("--model", "m")), "--backend", scripted]
        return run([command, "--benchmark", benchmark, *drawn_from, *judging, "--out", out, *options])

    return proctor_with
