"""Programs that take all the memory and all the processes there are, with a control group and without one."""

import os
from pathlib import Path

import pytest
from another_user import NOBODY, as_another, summary

from sandbox.inside.layers.cgroups import CONTROLLERS, own_folders
from sandbox.jail import ALL_LAYERS, Jail, probe
from sandbox.judge import Judge
from sandbox.records import AssertTest, Limits, StdioTest, Verdict

pytestmark = pytest.mark.slow

ONE = StdioTest(stdin="", expected_stdout="1")


@pytest.fixture(
    scope="module", params=[ALL_LAYERS, ALL_LAYERS - {"cgroup"}], ids=["with_the_layer", "without_the_layer"]
)
def either_judge(request):
    """Return a judge with all layers, then one with all but this one."""
    with Judge(Jail(layers=request.param)) as judge:
        yield judge


HOGS = {
    # the program, its verdict
    "children_together": (
        "import os, time\nfor _ in range(6):\n    if os.fork() == 0:\n        kept = bytearray(100 << 20)\n"
        "        for at in range(0, len(kept), 4096): kept[at] = 1\n        time.sleep(9)\ntime.sleep(9)",
        "memory_limit",
    ),
    "children_of_children": (
        "import os, time\nkept = bytearray(40 << 20)\nfor _ in range(3): os.fork()\n"
        "for at in range(0, len(kept), 4096): kept[at] = 1\ntime.sleep(9)",
        "memory_limit",
    ),
    "fork_bomb": ("import os\nwhile True: os.fork()", "runtime_error"),
    "quiet_fork_bomb": (
        "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass", "time_limit",
    ),
}  # fmt: skip


@pytest.mark.parametrize("hog", HOGS)
def test_hogs_and_bombs_get_the_same_verdict_with_and_without_a_group(either_judge, hog):
    """Memory of several processes together, and processes without end; and a right program is accepted afterwards."""
    program, verdict = HOGS[hog]
    limits = Limits(cpu_s=2, wall_s=5, memory_bytes=256 << 20, processes=16)

    assert either_judge.judge(program, (ONE,), limits).verdict.value == verdict
    assert either_judge.judge("print(1)", (ONE,)).verdict is Verdict.ACCEPTED


FULL_SOCKETS = """
import os, socket
kept = []
def fill(pairs):
    for _ in range(pairs):
        kept.append(socket.socketpair())
        for end in kept[-1]:
            end.setblocking(False)
            try:
                while True:
                    end.send(bytes(1 << 16))
            except BlockingIOError:
                pass
"""
"""Each pair holds half a mebibyte that belongs to no process."""
SMALL = Limits(
    cpu_s=40.0, wall_s=100.0, memory_bytes=64 << 20, output_bytes=1 << 20, file_bytes=1 << 20, open_files=2048
)


@pytest.mark.usefixtures("in_force")
@pytest.mark.parametrize("kind", ["stdio", "assert"])
def test_memory_of_the_kernel_is_bounded(any_judge, kind):
    """Full sockets of some 480 MiB under a limit of 64 MiB: memory_limit, and the next program is judged as ever."""
    program, test = {
        "stdio": (f"{FULL_SOCKETS}\nfill(1000)\nprint(1)", ONE),
        "assert": (f"{FULL_SOCKETS}\ndef f(): return fill(1000)", AssertTest(code="f()", names=("f",))),
    }[kind]
    (outcome,) = any_judge.judge(program, (test,), SMALL).per_test

    assert (outcome.verdict, outcome.exceeded) == (Verdict.MEMORY_LIMIT, "memory")
    assert any_judge.judge("print(1)", (ONE,)).verdict is Verdict.ACCEPTED


@pytest.mark.usefixtures("in_force")
def test_a_child_that_is_killed_for_memory_is_told(judge):
    """The program itself copes, and prints what is right; but it took more than it may."""
    program = f"{FULL_SOCKETS}\nif os.fork() == 0:\n    fill(1000)\nelse:\n    os.wait()\n    print(1)"

    assert judge.judge(program, (ONE,), SMALL).verdict is Verdict.MEMORY_LIMIT


def test_what_the_limits_allow_meets_no_bound(judge):
    """Nearly 64 MiB of memory, 120 of 128 MiB of files, 60 of 64 MiB of output, 60 of errors, some full pipes: accepted."""
    program = f"""{FULL_SOCKETS}
import sys
fill(20)
for name in "ab":
    with open(name, "wb") as file:
        for _ in range(60): file.write(bytes(1 << 20))
memory = os.fork()
if memory == 0:
    kept = bytearray(40 << 20)
    for at in range(0, len(kept), 4096): kept[at] = 1
for _ in range(60 if memory else 0):
    os.write(2, bytes(1 << 20))
    os.write(1, b" " * (1 << 20))
if memory:
    os.wait()
    print(1)
"""
    limits = Limits(cpu_s=40.0, memory_bytes=64 << 20, output_bytes=64 << 20, file_bytes=64 << 20)

    assert judge.judge(program, (StdioTest(stdin="", expected_stdout="1", checker="tokens"),), limits).detail == ""


@pytest.mark.usefixtures("in_force")
def test_threads_are_counted_without_namespaces(bare_judge):
    """Where no user id is the program's own, the group is what bounds its threads."""
    program = """
import threading
stop = threading.Event()
try:
    for _ in range(20):
        threading.Thread(target=stop.wait).start()
finally:
    stop.set()
"""
    (outcome,) = bare_judge.judge(program, (ONE,), Limits(processes=8)).per_test

    assert (outcome.verdict, outcome.exceeded) == (Verdict.RUNTIME_ERROR, "processes")


AS_A_USER = "test_hogs.py::test_hogs_and_bombs_get_the_same_verdict_with_and_without_a_group"
IN_FORCE = (
    "test_hogs.py::test_memory_of_the_kernel_is_bounded", "test_hogs.py::test_threads_are_counted_without_namespaces",
    "test_cgroups.py::test_a_judge_has_groups_as_long_as_it_lives",
)  # fmt: skip
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@only_root
def test_hogs_and_bombs_of_an_ordinary_user_get_the_same_verdicts():
    """Where no group is delegated."""
    ended = as_another((AS_A_USER,), **NOBODY)

    assert (ended.returncode, "skipped" in summary(ended)) == (0, False), summary(ended)


@pytest.fixture
def handed_over(in_force):
    """Hand groups of our own to nobody; return what takes a process into them."""
    del in_force
    if not probe(Jail()).layers["cgroup"].startswith("in force (v1"):
        pytest.skip("a group that holds processes and groups is possible in version 1 only")
    own = own_folders(Path("/proc/self/cgroup").read_text(), Path("/proc/self/mountinfo").read_text())
    folders = [Path(own[name]) / f"delegated-{os.getpid()}" for name in CONTROLLERS]
    for folder in folders:
        folder.mkdir()
        for path in (folder, folder / "cgroup.procs"):
            os.chown(path, NOBODY["user"], NOBODY["group"])
    yield lambda: [(folder / "cgroup.procs").write_text("0") for folder in folders]
    for folder in folders:
        folder.rmdir()


@only_root
def test_an_ordinary_user_has_groups_where_they_are_delegated(handed_over):
    """In force, and doing all they do for root."""
    ended = as_another((AS_A_USER, *IN_FORCE), **NOBODY, preexec_fn=handed_over)

    assert (ended.returncode, "skipped" in summary(ended)) == (0, False), summary(ended)
