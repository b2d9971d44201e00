"""What several tests of the sandbox build on: warm judges, and short ways to put a program to a test."""

import os
import time

import pytest

from sandbox.jail import ALL_LAYERS, NAMESPACES, Jail, probe
from sandbox.judge import Judge
from sandbox.records import AssertTest, Limits, StdioTest


@pytest.fixture(scope="session")
def judge():
    """Return a judge with every layer that this host gives."""
    with Judge(Jail()) as judge:
        yield judge


@pytest.fixture(scope="session")
def bare_judge():
    """Return a judge as on a host that gives no namespaces."""
    with Judge(Jail(layers=ALL_LAYERS - NAMESPACES)) as judge:
        yield judge


@pytest.fixture(params=["judge", "bare_judge"], ids=["namespaces", "no_namespaces"])
def any_judge(request):
    """Return each of the two judges in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def run(judge):
    """Return a function that runs a program on its standard input and judges what it prints, byte for byte."""

    def run(program, stdin="", stdout="", **limits):
        test = StdioTest(stdin=stdin, expected_stdout=stdout, checker="exact")
        return judge.judge(program, (test,), Limits(**limits))

    return run


@pytest.fixture
def printed(run):
    """Return a function that runs a program on its standard input and returns the first 2,000 bytes that it prints."""

    def printed(program, stdin="", **limits):
        (outcome,) = run(program, stdin, "\0 never printed", **limits).per_test
        assert outcome.detail == "the output differs"
        return outcome.actual

    return printed


@pytest.fixture
def examine(judge):
    """Return a function that puts a program's function `f`, or other names, to one statement or more."""

    def examine(program, *code, names=("f",), setup="", exhaustive=False, **limits):
        tests = tuple(AssertTest(setup=setup, code=text, names=names) for text in code)
        return judge.judge(program, tests, Limits(**limits), exhaustive=exhaustive)

    return examine


@pytest.fixture(scope="session")
def wait_for():
    """Return a function that waits until a condition holds, 100 s at most."""

    def wait_for(condition):
        deadline_s = time.monotonic() + 100
        while not condition():
            assert time.monotonic() < deadline_s
            os.sched_yield()

    return wait_for


@pytest.fixture(scope="session")
def in_force():
    """Skip where this host delegates no control groups to us."""
    how = probe(Jail()).layers["cgroup"]
    if not how.startswith("in force"):
        pytest.skip(f"no control group: {how}")
