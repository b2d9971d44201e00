"""What this process and its descendants have on the host: a census before and after tells what was left behind."""

import os
import threading
from contextlib import suppress
from pathlib import Path


def children_of(pid):
    """Return the children of all threads of a process; none where it is gone."""
    with suppress(OSError):
        lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
        return {int(child) for children in lists for child in children.split()}
    return set()


def descendants_of(pid):
    """Return all processes below one."""
    children = children_of(pid)
    return children.union(*map(descendants_of, children))


def wardens_of(judge):
    """Return the process ids of a judge's wardens."""
    return [template._process.pid for template in (judge._candidates, judge._examiner._template)]  # noqa: SLF001


def _groups():
    """Yield all control groups of wardens on this host; some may vanish meanwhile, which os.walk takes as it comes."""
    for root, groups, _ in os.walk("/sys/fs/cgroup"):
        yield from (Path(root, name) for name in groups if name.startswith("proctor-"))


_STALE = frozenset(_groups())
"""Those that others left here earlier, whose process ids come round again."""


def groups_of(wardens):
    """Return the control groups of some wardens, wherever on this host they are."""
    names = tuple(f"proctor-{warden}-" for warden in wardens)
    return [str(group) for group in _groups() if group.name.startswith(names) and group not in _STALE]


def resident_kib(pid):
    """Return the resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def census():
    """Return what this process has, and how many processes are below it."""
    descriptors = {}
    for path in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that lists them
            descriptors[path.name] = str(path.readlink()).partition(":")[0]
    mounts = sorted(line.split(" ", 1)[1] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return {
        "processes": len(descendants_of(os.getpid())), "threads": threading.active_count(), "mounts": mounts,
        "descriptors": descriptors,
    }  # fmt: skip
