"""Which limits of the kernel a program finds on itself, where the host's own are not lower."""

import os
import resource

import pytest

from sandbox.jail import Jail, probe
from sandbox.records import CallTest, Limits, StdioTest

SHOWS = """
import resource
def limits():
    return [list(resource.getrlimit(which)) for which in WHICH]
"""
LIMITS = Limits(
    cpu_s=1.5, wall_s=60, memory_bytes=512 << 20, file_bytes=20 << 20, output_bytes=1 << 20, processes=9, open_files=40
)
ASKED = {
    resource.RLIMIT_AS: 512 << 20,
    resource.RLIMIT_FSIZE: 20 << 20,
    resource.RLIMIT_NOFILE: 40,
    resource.RLIMIT_CORE: 1,
    resource.RLIMIT_MSGQUEUE: 0,
}


def least(which, value):
    """Return a limit as the host allows it."""
    hard = resource.getrlimit(which)[1]
    return value if hard == resource.RLIM_INFINITY else min(value, hard)


def shown(judge, which):
    """Return the soft and hard limits that a program on standard input sees, and those that a function sees."""
    source = SHOWS.replace("WHICH", repr(which))
    printed = judge.judge(f"{source}print(limits())", (StdioTest(stdin="", expected_stdout="\0"),), LIMITS)
    returned = judge.judge(
        f"{source}def f(): return str(limits())", (CallTest(function="f", arguments=(), expected=0),), LIMITS
    )
    return printed.per_test[0].actual.strip(), returned.per_test[0].actual.strip("'")


def test_soft_and_hard_limits_are_those_asked_for(any_judge):
    """So a program can't raise them: no core of any use, no message queues."""
    right = str([[least(which, value)] * 2 for which, value in ASKED.items()])

    assert shown(any_judge, list(ASKED)) == (right, right)


def test_the_stack_is_64_mib_and_may_be_raised_as_on_the_host(any_judge):
    """Many programs begin by asking for all of it."""
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    right = str([[least(resource.RLIMIT_STACK, 64 << 20), hard]])

    assert shown(any_judge, [resource.RLIMIT_STACK]) == (right, right)


def test_the_kernel_bounds_the_cpu_time_of_one_run_far_behind_us(any_judge):
    """Twice two seconds and five, and one more until SIGKILL; none where one process serves many tests."""
    own = str([list(resource.getrlimit(resource.RLIMIT_CPU))])

    assert shown(any_judge, [resource.RLIMIT_CPU]) == ("[[9, 10]]", own)


@pytest.mark.skipif(os.geteuid() != 0, reason="the kernel counts all processes of a user, and theirs is the user's own")
def test_a_program_may_have_as_many_processes_as_asked_for(judge):
    """Its user has no others."""
    if "user id kept" in probe(Jail()).layers["privileges"]:
        pytest.skip("programs have our own user id here")

    assert shown(judge, [resource.RLIMIT_NPROC]) == ("[[9, 9]]", "[[9, 9]]")
