"""What programs used is measured: CPU time, wall time and memory."""

import pytest
from hungry_programs import BURN, FORKED, TOUCH

pytestmark = pytest.mark.slow

BURNS = {
    "loop": BURN + "burn(0.3)",
    "thread": BURN + "import threading\nt = threading.Thread(target=burn, args=(0.3,))\nt.start()\nt.join()",
    "two_threads": BURN + "import threading\nfor _ in range(2): threading.Thread(target=burn, args=(0.15,)).start()",
    "child": FORKED + BURN + "forked(lambda: burn(0.3))\nos.wait()",
    "two_children": FORKED + BURN + "forked(lambda: burn(0.15), 2)\nos.wait()\nos.wait()",
    "orphan": FORKED + BURN + "forked(lambda: forked(lambda: (burn(0.3), open('d', 'w').close())))\nos.wait()\nimport time\n"
    "while not os.path.exists('d'): time.sleep(0.01)",
    "at_exit": BURN + "import atexit\natexit.register(burn, 0.3)",
}  # fmt: skip


@pytest.mark.parametrize("way", BURNS)
def test_cpu_seconds_are_measured(run, way):
    """A program that burns 0.3 s, wherever it does, is reported with 0.3 s, and not twice."""
    (outcome,) = run(BURNS[way]).per_test

    assert 0.29 < outcome.cpu_s < 0.59


def test_cpu_seconds_are_measured_where_a_function_burns_them(examine):
    """The same for a function, to which the test adds nothing."""
    judgement = examine(BURN + "f = burn", "f(0.3)")

    assert 0.29 < judgement.cpu_s < 0.59


@pytest.mark.parametrize("program", ["while True: pass", "import os\nos.fork()\nwhile True: pass"])
def test_the_cpu_limit_is_no_full_second(run, program):
    """A loop under a limit of 0.25 s is ended at the next look, not at the next full second as the kernel would."""
    (outcome,) = run(program, cpu_s=0.25).per_test

    assert 0.25 <= outcome.cpu_s < 0.95


def test_the_wall_limit_is_met(run):
    """A sleeper under a limit of 0.4 s is ended long before it wakes up."""
    (outcome,) = run("import time\ntime.sleep(600)", wall_s=0.4).per_test

    assert 0.4 <= outcome.wall_s < 60


def test_peak_memory_is_reported(run):
    """50 MiB touched on top of a bare program's few."""
    (bare,) = run("print()").per_test
    (big,) = run(TOUCH + "touch(50)").per_test

    assert 50 << 20 < big.peak_memory_bytes < (60 << 20) + bare.peak_memory_bytes


def test_peak_memory_of_children_is_reported(run):
    """The largest process counts, whoever waited for it."""
    (outcome,) = run(FORKED + TOUCH + "forked(lambda: touch(50))\nos.wait()").per_test

    assert 50 << 20 < outcome.peak_memory_bytes < 100 << 20
