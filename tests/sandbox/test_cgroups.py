"""The worker's control group: found, made, bounded and removed. What it does to programs stands in test_hogs.py."""

import ast
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from census import children_of, groups_of, wardens_of

from sandbox.clients import memory_file
from sandbox.executions import execution_of
from sandbox.inside.layers import cgroups
from sandbox.inside.layers.cgroups import delegated, own_folders
from sandbox.inside.messages import EXCEEDED, Facts
from sandbox.jail import ALL_LAYERS, NAMESPACES, Jail, probe
from sandbox.judge import Judge
from sandbox.records import Fault, Limits, StdioTest, Verdict

pytestmark = pytest.mark.slow

ONE = StdioTest(stdin="", expected_stdout="1")
ROOT = Path(__file__).parent.parent.parent

MOUNTS_V1 = """\
31 23 0:26 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate
33 23 0:28 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
34 23 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 23 0:30 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
"""
MOUNTS_V2 = "29 22 0:25 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"
MOUNTS_CONTAINER = "733 732 0:28 /docker/3f /sys/fs/cgroup/memory ro,nosuid master:11 - cgroup cgroup rw,memory\n"
FOLDERS = {
    "version_1": (
        "9:name=systemd:/a\n4:memory:/jobs/7\n3:cpu,cpuacct:/\n0::/b\n", MOUNTS_V1,
        {
            "name=systemd": "/sys/fs/cgroup/systemd/a", "memory": "/sys/fs/cgroup/memory/jobs/7",
            "cpu": "/sys/fs/cgroup/cpu,cpuacct", "cpuacct": "/sys/fs/cgroup/cpu,cpuacct", "": "/sys/fs/cgroup/unified/b",
        },
    ),
    "version_2": ("0::/user.slice/session-3.scope\n", MOUNTS_V2, {"": "/sys/fs/cgroup/user.slice/session-3.scope"}),
    "root_of_version_2": ("0::/\n", MOUNTS_V2, {"": "/sys/fs/cgroup"}),
    "a_colon_in_a_name": ("0::/a:b\n", MOUNTS_V2, {"": "/sys/fs/cgroup/a:b"}),
    "container_that_is_shown_its_part": ("4:memory:/docker/3f\n", MOUNTS_CONTAINER, {"memory": "/sys/fs/cgroup/memory"}),
    "container_in_a_part_of_its_part": ("4:memory:/docker/3f/x\n", MOUNTS_CONTAINER, {"memory": "/sys/fs/cgroup/memory/x"}),
    "container_that_is_shown_another_part": ("4:memory:/docker/7a\n", MOUNTS_CONTAINER, {}),
    "not_mounted": ("4:memory:/\n0::/\n", "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n", {}),
}  # fmt: skip


@pytest.mark.parametrize("host", FOLDERS)
def test_own_groups_are_found(host):
    """By the lines that such a host shows of the groups and of what is mounted."""
    groups, mounts, expected = FOLDERS[host]

    assert own_folders(groups, mounts) == expected


BOTH, MORE = "memory pids", "cpuset cpu io memory pids"
SCOPE = {"cgroup.type": "domain", "memory.max": "max"}
AROUND = {"cgroup.procs": "", "cgroup.controllers": MORE, "cgroup.subtree_control": BOTH}
TREES = {
    # what lies in our own group and around it, and the folder to make groups in
    "scope_of_a_users_session": (SCOPE, AROUND, "around"),
    "no_controller_of_memory_yet": ({"cgroup.type": "domain"}, AROUND | {"cgroup.subtree_control": "pids"}, "around"),
    "root": ({"cgroup.controllers": MORE, "cgroup.subtree_control": BOTH, "cgroup.procs": "1"}, {}, "around/own"),
}
REFUSED_TREES = {
    "bounded": (SCOPE | {"memory.max": "1073741824"}, AROUND, "1073741824 bytes"),
    "top_of_what_a_container_is_shown": (SCOPE, {}, "all that we are shown"),
    "controllers_of_version_1": (SCOPE, AROUND | {"cgroup.controllers": "hugetlb"}, "no controller of memory and pids"),
}


def planted(folder, own, around):
    """Write the files of our own group and of the one around it; return the folder of our own."""
    inner = folder / "around" / "own"
    inner.mkdir(parents=True)
    for place, files in ((inner, own), (inner.parent, around)):
        for name, text in files.items():
            (place / name).write_text(text + "\n")
    return inner


@pytest.mark.parametrize("tree", TREES)
def test_groups_of_version_2_lie_where_their_controllers_can_be_had(tmp_path, tree):
    """Beside our own group, or below the root; the controllers are there, or have been asked for."""
    own, around, expected = TREES[tree]

    found = Path(delegated(str(planted(tmp_path, own, around))))

    assert found == tmp_path / expected
    assert {"memory", "pids"} <= set((found / "cgroup.subtree_control").read_text().replace("+", "").split())


@pytest.mark.parametrize("tree", REFUSED_TREES)
def test_version_2_is_left_alone_where_it_is_not_ours(tmp_path, tree):
    """The reason is told."""
    own, around, reason = REFUSED_TREES[tree]

    with pytest.raises(OSError, match=reason):
        delegated(str(planted(tmp_path, own, around)))


def test_the_layer_tells_what_it_is_made_of():
    """In force with version and controllers, or absent with a reason: it never keeps a host from judging."""
    how = probe(Jail()).layers["cgroup"]

    assert how.startswith("absent: ") or how in {f"in force ({version} memory, pids)" for version in ("v1", "v2")}


def has_ended(pid):
    """Whether a process is gone, or at least dead where its new parent takes its time to bury it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True


@pytest.mark.usefixtures("in_force")
@pytest.mark.parametrize("layers", [ALL_LAYERS, ALL_LAYERS - NAMESPACES], ids=["namespaces", "no_namespaces"])
def test_a_judge_has_groups_as_long_as_it_lives(layers):
    """Each template has one in each hierarchy, made before the first program and gone after the last."""
    with Judge(Jail(layers=layers)) as judge:
        wardens = wardens_of(judge)
        there = [groups_of([warden]) for warden in wardens]
    hierarchies = {"v1 memory, pids": 2, "v2 memory, pids": 1}[probe(Jail()).layers["cgroup"][len("in force (") : -1]]

    assert [len(groups) for groups in there] == [hierarchies] * 2
    assert groups_of(wardens) == []


def test_a_group_that_cannot_be_completed_leaves_nothing(monkeypatch, tmp_path):
    """Where the hierarchy of memory is delegated to us and that of pids is not."""
    monkeypatch.setattr(cgroups, "_parents", lambda: (cgroups.V1, [str(tmp_path), str(tmp_path / "nosuch")]))

    with pytest.raises(FileNotFoundError):
        cgroups.ControlGroup()

    assert list(tmp_path.iterdir()) == []


def test_a_group_that_nobody_entered_yet_is_left_alone(monkeypatch, tmp_path):
    """Its warden holds its lock; where the lock is free it is removed, empty as it is."""
    monkeypatch.setattr(cgroups, "_parents", lambda: (cgroups.V1, [str(tmp_path)]))
    (tmp_path / "proctor-1-abandoned").mkdir()
    first = cgroups.ControlGroup()
    second = cgroups.ControlGroup()
    there = {path.name.rpartition("-")[2] for path in tmp_path.iterdir()}
    first.remove()
    second.remove()

    assert (len(there), "abandoned" in there, list(tmp_path.iterdir())) == (2, False, [])


@pytest.mark.usefixtures("in_force")
def test_the_bounds_of_a_group_follow_each_program():
    """32 processes more, and a quarter more than 256 MiB of memory."""
    files = ("pids.max", "memory.limit_in_bytes", "memory.max")
    found = []
    with Judge(Jail()) as judge:
        for limits in (Limits(processes=8, memory_bytes=256 << 20), Limits(processes=40, memory_bytes=512 << 20)):
            judge.judge("print(1)", (ONE,), limits)
            paths = [Path(group, file) for file in files for group in groups_of(wardens_of(judge)[:1])]
            found.append([int(path.read_text()) for path in paths if path.exists()])

    assert [more - less for less, more in zip(*found, strict=True)] == [32, 320 << 20]


@pytest.mark.usefixtures("in_force")
def test_nothing_of_a_group_is_swapped_out():
    """What is would have no bound."""
    with Judge(Jail()) as judge:
        names, groups = ("memory.swappiness", "memory.swap.max"), groups_of(wardens_of(judge))
        told = {path.read_text().strip() for group in groups for name in names if (path := Path(group, name)).exists()}
    if not told:
        pytest.skip("this kernel can't swap")

    assert told == {"0"}


@pytest.mark.usefixtures("in_force")
def test_groups_of_a_killed_warden_are_removed_by_the_next(wait_for):
    """Those of a living one are left alone."""
    with Judge(Jail()) as living, Judge(Jail()) as killed:
        wardens = wardens_of(killed)
        templates = [template for warden in wardens for template in children_of(warden)]
        for warden in wardens:
            os.kill(warden, signal.SIGKILL)
        wait_for(lambda: all(map(has_ended, templates)))
        left = groups_of(wardens)
        with Judge(Jail()):
            swept, kept = groups_of(wardens), groups_of(wardens_of(living))

    assert (left != [], swept, kept != []) == (True, [], True)


@pytest.mark.usefixtures("in_force")
def test_a_program_that_outlives_its_template_is_killed_with_the_group(wait_for):
    """Without a pid namespace, one that asks not to die with its parent would otherwise run on."""
    program = """
import ctypes, threading, time
ctypes.CDLL(None).prctl(1, 0)
threading.Thread(target=time.sleep, args=(60,)).start()
"""
    outlives = []

    with Judge(Jail(layers=ALL_LAYERS - NAMESPACES)) as judge:
        (template,) = children_of(wardens_of(judge)[0])

        def kill():
            wait_for(lambda: any(len(list(Path(f"/proc/{pid}/task").iterdir())) > 1 for pid in children_of(template)))
            outlives.extend(children_of(template))
            os.kill(template, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        judgement = judge.judge(program, (ONE,), Limits(wall_s=3.0))
        killer.join()

    assert judgement.verdict is Verdict.TIME_LIMIT  # that of the second try
    assert [has_ended(pid) for pid in outlives] == [True]


IN_A_GROUP = """
import os, sys
from sandbox.inside.layers.cgroups import ControlGroup
group = ControlGroup()
if (template := os.fork()) == 0:
    group.enter()
    own = bytearray(int(sys.argv[1]) << 20)
    own[::4096] = b'1' * len(own[::4096])
    group.bound(64 << 20, 4)
    told = []
    for work in sys.argv[2:]:
        pid = os.fork()
        if pid == 0:
            exec(work)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        try:
            told.append((status, group.ran_out_of_memory()))
        except MemoryError as error:
            told.append((status, str(error)))
    print(told, flush=True)
    os._exit(0)
os.waitpid(template, 0)
group.remove()
"""
TAKES = "kept = bytearray({}  << 20); kept[::4096] = b'1' * len(kept[::4096])"


def in_a_group(*works, own=0, **how):
    """Do some works in a group that is bounded to 64 MiB and four processes beyond what is its own; return what was told."""
    command = [sys.executable, "-c", IN_A_GROUP, str(own), *works]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, **how)
    return ast.literal_eval(ended.stdout)


@pytest.mark.usefixtures("in_force")
def test_a_group_tells_who_was_killed_for_its_memory():
    """30 MiB fit; 100 MiB are too much, and told once; a process that kills itself is not told."""
    told = in_a_group(TAKES.format(30), TAKES.format(100), TAKES.format(30), "os.kill(os.getpid(), 9)")

    assert told == [(0, False), (signal.SIGKILL, True), (0, False), (signal.SIGKILL, False)]


@pytest.mark.usefixtures("in_force")
def test_what_a_template_has_itself_is_not_a_programs():
    """50 MiB of its own leave the program its 64: 30 fit, 100 do not."""
    told = in_a_group(TAKES.format(30), TAKES.format(100), own=50)

    assert told == [(0, False), (signal.SIGKILL, True)]


@pytest.mark.usefixtures("in_force")
def test_a_group_bounds_the_number_of_processes():
    """Of four forks the fourth fails, because the worker itself is one of the four besides the template."""
    forks = "import time\nfor n in range(4):\n    try:\n        if os.fork() == 0: time.sleep(9)\n    except OSError: os._exit(n)"

    (told,) = in_a_group(forks)

    assert told == (3 << 8, False)


@pytest.fixture
def narrow(in_force):
    """Return what takes a process into a group around, of 40 MiB, where the version lets us make one so simply."""
    del in_force
    if not probe(Jail()).layers["cgroup"].startswith("in force (v1"):
        pytest.skip("a group that holds processes and groups is possible in version 1 only")
    memory = own_folders(Path("/proc/self/cgroup").read_text(), Path("/proc/self/mountinfo").read_text())["memory"]
    folder = Path(memory) / f"narrow-{os.getpid()}"
    folder.mkdir()
    (folder / "memory.limit_in_bytes").write_text(str(40 << 20))
    yield lambda: (folder / "cgroup.procs").write_text("0")
    folder.rmdir()


def test_a_host_that_is_too_small_is_not_the_programs_fault(narrow):
    """Killed below its own bound of 64 MiB, because the group around it has no more than 40."""
    ((status, told),) = in_a_group(TAKES.format(50), preexec_fn=narrow)

    assert (status, "the host has too little memory" in told) == (signal.SIGKILL, True)


def test_who_used_a_quarter_of_its_memory_is_to_blame_where_the_host_has_no_more():
    """64 of 256 MiB are the program's memory limit, a byte less is a fault of ours."""
    facts = Facts(
        number=1, exit_code=-1, signal=signal.SIGKILL, cpu_s=0.0, wall_s=0.0, peak_memory_bytes=64 << 20,
        exceeded=EXCEEDED.index("host_memory"),
    )  # fmt: skip
    limits = Limits(memory_bytes=256 << 20)

    with memory_file() as out, memory_file() as err:
        execution = execution_of(facts, out, err, limits)
        with pytest.raises(Fault, match="this host has too little memory"):
            execution_of(facts._replace(peak_memory_bytes=(64 << 20) - 1), out, err, limits)

    assert execution.exceeded == "memory"
