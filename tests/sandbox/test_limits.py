"""Time, memory, output, processes, files: each limit has its verdict, and the facts are measured."""

import resource

import pytest
from hungry_programs import BURN, FORKED, TOUCH

from sandbox.records import CallTest, Limits, StdioTest, Verdict

pytestmark = pytest.mark.slow

EXCEEDS = {
    # limits, the program, the verdict, what was exceeded
    "busy_loop": ({"cpu_s": 0.3}, "while True: pass", "time_limit", "cpu"),
    "busy_thread": (
        {"cpu_s": 0.3},
        "import threading\ndef f():\n    while True: pass\nthreading.Thread(target=f).start()",
        "time_limit",
        "cpu",
    ),
    "busy_daemon_thread": (
        {"cpu_s": 0.3},
        "import threading, time\ndef f():\n    while True: pass\nthreading.Thread(target=f, daemon=True).start()\ntime.sleep(600)",
        "time_limit",
        "cpu",
    ),
    "busy_child": ({"cpu_s": 0.3}, FORKED + "def f():\n    while True: pass\nforked(f)\nos.wait()", "time_limit", "cpu"),
    "busy_children_not_waited_for": (
        {"cpu_s": 0.3},
        FORKED + "import time\ndef f():\n    while True: pass\nforked(f, 3)\ntime.sleep(600)",
        "time_limit",
        "cpu",
    ),
    "four_children_share_one_limit": (
        {"cpu_s": 0.3},
        FORKED + BURN + "forked(lambda: burn(0.15), 4)\nfor _ in range(4): os.wait()",
        "time_limit",
        "cpu",
    ),
    "busy_orphan": (
        {"cpu_s": 0.3},
        FORKED + "import time\ndef loop():\n    while True: pass\nforked(lambda: forked(loop))\nos.wait()\ntime.sleep(600)",
        "time_limit",
        "cpu",
    ),
    "busy_in_the_kernel": ({"cpu_s": 0.3}, "import os\nwhile True: os.getppid()", "time_limit", "cpu"),
    "deaf_to_signals": (
        {"cpu_s": 0.3},
        "import signal\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\n"
        "while True: pass",
        "time_limit",
        "cpu",
    ),
    "right_answer_too_late": ({"cpu_s": 0.2}, BURN + "print(1, flush=True)\nburn(0.3)", "time_limit", "cpu"),
    "sleeper": ({"wall_s": 0.4}, "import time\ntime.sleep(600)", "time_limit", "wall"),
    "sleeping_child": ({"wall_s": 0.4}, FORKED + "import time\nforked(lambda: time.sleep(600))\nos.wait()", "time_limit", "wall"),
    "stopped": ({"wall_s": 0.4}, "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", "time_limit", "wall"),
    "deadlock": ({"wall_s": 0.4}, "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()", "time_limit", "wall"),
    "sleeps_as_it_exits": ({"wall_s": 0.4}, "import atexit, time\natexit.register(time.sleep, 60)\nprint(1)", "time_limit", "wall"),
    "one_big_block": ({"memory_bytes": 64 << 20}, "x = bytearray(100 << 20)", "memory_limit", "memory"),
    "many_small_blocks": ({"memory_bytes": 64 << 20}, "x = []\nwhile True: x.append([0] * 999)", "memory_limit", "memory"),
    "text": ({"memory_bytes": 64 << 20}, "x = 'x' * 10**9", "memory_limit", "memory"),
    "numpy_array": ({"memory_bytes": 512 << 20}, "import numpy as np\nx = np.ones(10**9)", "memory_limit", "memory"),
    "big_block_in_a_function": ({"memory_bytes": 64 << 20}, "def f():\n    return bytearray(100 << 20)\nf()", "memory_limit", "memory"),
    "children_together": (
        {"memory_bytes": 96 << 20},
        FORKED + TOUCH + "import time\nforked(lambda: (touch(48), time.sleep(600)), 4)\nfor _ in range(4): os.wait()\nprint(1)",
        "memory_limit",
        "memory",
    ),
    "children_together_in_shared_memory": (
        {"memory_bytes": 96 << 20},
        FORKED
        + "import time, mmap\ndef work():\n    m = mmap.mmap(-1, 48 << 20)\n    for at in range(0, 48 << 20, 4096): m[at] = 1\n"
        "    time.sleep(600)\nforked(work, 4)\nfor _ in range(4): os.wait()\nprint(1)",
        "memory_limit",
        "memory",
    ),
    "output": ({"output_bytes": 1 << 20}, "print('x' * (2 << 20))", "output_limit", "output"),
    "output_one_byte_too_long": ({"output_bytes": 1000}, "print('x' * 1000)", "output_limit", "output"),
    "endless_output": ({"output_bytes": 1 << 20, "file_bytes": 1 << 20}, "while True: print('x' * 999)", "output_limit", "output"),
    "output_of_children": (
        {"output_bytes": 1 << 20},
        FORKED + "forked(lambda: os.write(1, b'x' * (1 << 19)), 3)\nfor _ in range(3): os.wait()",
        "output_limit",
        "output",
    ),
    "endless_stderr": (
        {"output_bytes": 1000, "file_bytes": 1 << 20},
        "import sys\nwhile True: sys.stderr.write('x' * 999)",
        "output_limit",
        "file_size",
    ),
    "big_file": ({"file_bytes": 1 << 20, "output_bytes": 1000}, "open('f', 'wb').write(bytes(2 << 20))", "output_limit", "file_size"),
    "big_file_by_truncate": (
        {"file_bytes": 1 << 20, "output_bytes": 1000},
        "open('f', 'wb').truncate(2 << 20)",
        "output_limit",
        "file_size",
    ),
    "no_room_for_more_files": (
        {},
        "for n in range(9):\n    with open(str(n), 'wb') as f: f.write(bytes(32 << 20))",
        "output_limit",
        "file_size",
    ),
    "too_many_files": ({}, "for n in range(10_000):\n    open(str(n), 'w').close()", "output_limit", "file_size"),
    "processes": (
        {"processes": 8},
        FORKED + "import time\nforked(lambda: time.sleep(600), 20)",
        "runtime_error",
        "processes",
    ),
    "fork_bomb": ({"processes": 8}, "import os\nwhile True: os.fork()", "runtime_error", "processes"),
    "threads": (
        {"processes": 8},
        "import threading\nstop = threading.Event()\ntry:\n"
        "    for _ in range(20): threading.Thread(target=stop.wait).start()\nfinally:\n    stop.set()",
        "runtime_error",
        "processes",
    ),
    "open_files": ({"open_files": 16}, "import os\nkept = [open('/dev/null') for _ in range(20)]", "runtime_error", "open_files"),
}  # fmt: skip


LONG_ENOUGH = {"wall_s": 100.0}
"""So that a busy machine does not make a sleeper of a program that meets another limit."""


@pytest.mark.parametrize("case", EXCEEDS)
def test_exceeding_a_limit_has_its_verdict(run, case):
    """The verdict and the limit that was exceeded are told, and nothing waits for the program to end by itself."""
    limits, program, verdict, exceeded = EXCEEDS[case]

    (outcome,) = run(program, "", "1\n", **LONG_ENOUGH | limits).per_test

    assert (outcome.verdict.value, outcome.exceeded) == (verdict, exceeded)


IN_A_FUNCTION = ["busy_loop", "busy_thread", "busy_child", "sleeper", "stopped", "one_big_block", "many_small_blocks",
                 "children_together", "processes", "open_files", "big_file"]  # fmt: skip


@pytest.mark.parametrize("case", IN_A_FUNCTION)
def test_exceeding_a_limit_in_a_function_has_its_verdict(examine, case):
    """The same limits hold where a test calls a function."""
    limits, program, verdict, exceeded = EXCEEDS[case]
    indented = "\n    ".join(program.splitlines())
    waits = "\n    import time\n    time.sleep(600)" if case == "busy_thread" else ""

    (outcome,) = examine(f"def f():\n    {indented}{waits}", "assert f() == 1", **LONG_ENOUGH | limits).per_test

    assert (outcome.verdict.value, outcome.exceeded if verdict != "runtime_error" else exceeded) == (verdict, exceeded)


NEEDS_NAMESPACES = {
    *(case for case, (_, program, *_) in EXCEEDS.items() if "os.fork" in program),  # there is no fork without them
    "threads",  # nor always a user id of its own, whose threads could be counted
    "no_room_for_more_files", "too_many_files",  # nor a file system of its own, whose size could be bounded
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(set(EXCEEDS) - NEEDS_NAMESPACES))
def test_limits_hold_without_namespaces(bare_judge, case):
    """The same verdicts where the host gives no namespaces, for what can be done there at all."""
    limits, program, verdict, _ = EXCEEDS[case]

    judgement = bare_judge.judge(program, (StdioTest(stdin="", expected_stdout="1\n"),), Limits(**LONG_ENOUGH | limits))

    assert judgement.verdict.value == verdict


ORPHANS = """
import time
def orphan():
    try:
        forked(lambda: None)
    except BlockingIOError:
        os._exit(1)
left = 30
while left:
    try:
        forked(orphan)
        left -= os.wait()[1] == 0
    except BlockingIOError:
        time.sleep(0.02)
print(1)
"""
"""Waits where the orphans before are not yet reaped, which they are sooner or later."""
FITS = {
    "sleeping_costs_no_cpu": ({"cpu_s": 0.1}, "import time\ntime.sleep(0.3)\nprint(1)"),
    "cpu_below_the_limit": ({"cpu_s": 0.6}, BURN + "burn(0.3)\nprint(1)"),
    "wall_is_no_limit_of_cpu": ({"cpu_s": 3.0, "wall_s": 5.0}, BURN + "burn(0.3)\nprint(1)"),
    "swallowed_memory_error": (
        {"memory_bytes": 64 << 20},
        "try:\n    x = bytearray(100 << 20)\nexcept MemoryError:\n    print(1)",
    ),
    "memory_below_the_limit": ({"memory_bytes": 128 << 20}, TOUCH + "touch(64)\nprint(1)"),
    "thread_with_a_big_stack": (
        {"memory_bytes": 512 << 20},
        "import threading\nthreading.stack_size(256 << 20)\nthreading.Thread(target=print, args=(1,)).start()",
    ),
    "output_as_long_as_allowed": ({"output_bytes": 2}, "print(1)"),
    "swallowed_file_limit": (
        {"file_bytes": 1 << 20, "output_bytes": 1000},
        "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\ntry:\n    open('f', 'wb').write(bytes(2 << 20))\n"
        "except OSError:\n    print(1)",
    ),
    "processes_one_after_the_other": (
        {"processes": 4},
        FORKED + "for _ in range(30):\n    forked(lambda: None)\n    os.wait()\nprint(1)",
    ),
    "orphans_one_after_the_other": (
        {"processes": 8},
        FORKED + ORPHANS,
    ),
    "threads_below_the_limit": (
        {"processes": 32},
        "import threading\nstop = threading.Event()\nthreads = [threading.Thread(target=stop.wait) for _ in range(30)]\n"
        "for t in threads: t.start()\nstop.set()\nprint(1)",
    ),
    "files_below_the_limit": ({"open_files": 32}, "kept = [open('/dev/null') for _ in range(25)]\nprint(1)"),
    "swallowed_process_limit": (
        {"processes": 4},
        FORKED + "import time\ntry:\n    forked(lambda: time.sleep(9), 9)\nexcept BlockingIOError:\n    print(1)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FITS)
def test_what_fits_the_limits_is_accepted(run, case):
    """Using nearly all that is allowed, or meeting a limit and coping with it, is no failure."""
    limits, program = FITS[case]

    judgement = run(program, "", "1\n", **limits)

    assert (judgement.verdict, judgement.detail) == (Verdict.ACCEPTED, "")


def test_of_too_much_output_only_the_beginning_is_kept(run):
    """2,000 bytes, as of every output; the limit is told instead of a length."""
    (outcome,) = run("print('x' * (2 << 20))", output_bytes=1 << 20).per_test

    assert (outcome.actual, outcome.detail) == ("x" * 2000, "more than 1024 KiB of output")


@pytest.mark.parametrize("size", [1 << 20, (1 << 20) + 1])
def test_an_answer_of_a_function_is_bounded(examine, size):
    """A text counts its characters: as many as the limit says are within, one more is beyond."""
    judgement = examine(f"def f(): return 'x' * {size}", "assert len(f()) > 1", output_bytes=1 << 20)

    assert judgement.verdict is (Verdict.ACCEPTED if size <= 1 << 20 else Verdict.OUTPUT_LIMIT)


def test_what_a_function_prints_is_bounded(examine):
    """Output beyond the limit is told, though the answer is right."""
    judgement = examine(
        "import os\ndef f():\n    os.write(1, b'x' * 2000)\n    return 1", "assert f() == 1", output_bytes=1000
    )

    assert (judgement.verdict, judgement.per_test[0].exceeded) == (Verdict.OUTPUT_LIMIT, "output")


def test_a_limit_met_in_one_test_does_not_spoil_the_next(judge):
    """A time limit, then a memory limit, then all is well: each outcome is its own."""
    program = "n = int(input())\nif n == 0:\n    while True: pass\nif n == 1: x = bytearray(1 << 40)\nprint(1)"
    tests = tuple(StdioTest(stdin=f"{n}\n", expected_stdout="1\n") for n in range(3))
    judgement = judge.judge(program, tests, Limits(cpu_s=0.2), exhaustive=True)

    assert [outcome.exceeded for outcome in judgement.per_test] == ["cpu", "memory", None]


def test_the_cpu_limit_of_a_function_is_for_each_call(judge):
    """The kernel's own backstop is for a whole process, so there is none where many calls share one."""
    program = "import resource\ndef f(): return list(resource.getrlimit(resource.RLIMIT_CPU))"
    unbounded = [resource.RLIM_INFINITY] * 2
    test = CallTest(function="f", arguments=(), expected=unbounded)
    assert judge.judge(program, (test,), Limits(cpu_s=1.0)).verdict is Verdict.ACCEPTED

    stdio = StdioTest(stdin="", expected_stdout="[7, 8]\n")  # 2 x 1 s + 5 s, and one to die in
    assert judge.judge(f"{program}\nprint(f())", (stdio,), Limits(cpu_s=1.0)).verdict is Verdict.ACCEPTED
