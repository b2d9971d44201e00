"""Bounds memory and number of all processes of a template together, by a control group.

It is made once a template, because making one costs more than judging a program, and its bounds follow the requests. In
version 1 it is below our own group of the memory and of the pids hierarchy. In version 2 it is beside our own
group, because a group that holds processes can't give its children controllers, or below it where it is the root.
"""

import fcntl
import os
import signal
import time
from array import array
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

CONTROLLERS = ("memory", "pids")
_PREFIX = "proctor-"
_REMOVAL_S = 10.0
MOST_COUNTERS_BYTES = 256
"""The counters of version 2 take some hundred."""


class Version(NamedTuple):
    """Names the files and fields of a version of control groups."""

    name: str
    memory_bound: str
    memory_used: str
    swap: tuple[str, str]
    """The file, and what to write there so that nothing is swapped out: what is would have no bound."""
    kills: tuple[str, str]
    """How often the kernel killed for want of memory, whoever's bound was met; the file and the field."""
    hits: tuple[str, str]
    """How often the group's own bound was met."""


V1 = Version(
    name="v1", memory_bound="memory.limit_in_bytes", memory_used="memory.usage_in_bytes",
    swap=("memory.swappiness", "0"), kills=("memory.oom_control", "oom_kill"), hits=("memory.failcnt", ""),
)  # fmt: skip
V2 = Version(
    name="v2", memory_bound="memory.max", memory_used="memory.current", swap=("memory.swap.max", "0"),
    kills=("memory.events", "oom_kill"), hits=("memory.events", "oom"),
)  # fmt: skip


class ControlGroup:
    """Bounds a template and its forks: the warden makes and removes the group, the template enters and uses it."""

    def __init__(self) -> None:
        """Make it, after removing what dead wardens left.

        Raises:
            OSError: with the reason, where no control groups with both controllers are delegated to us.
        """
        self.version, parents = _parents()
        self._name = f"{_PREFIX}{os.getpid()}-{os.urandom(4).hex()}"
        self._places: list[tuple[int, int]] = []
        # Numbers are kept in place: the addresses of objects must not reveal what ran before.
        self._own, self._bounds, self._hits = array("q", (0, 0)), array("q", (0, 0)), array("q", (0,))
        self._kills = bytearray(MOST_COUNTERS_BYTES)
        try:
            for parent in parents:
                self._places.append(_make(parent, self._name))
        except OSError:
            self.remove()
            raise

    def enter(self) -> None:
        """Move the calling process into the group, and keep open what it needs of it."""
        for _, folder in self._places:
            _write(folder, "cgroup.procs", "0")
        memory, pids = self._places[0][1], self._places[-1][1]
        with suppress(FileNotFoundError):  # a kernel that can't swap
            _write(memory, *self.version.swap)
        self._memory_bound = os.open(self.version.memory_bound, os.O_WRONLY, dir_fd=memory)
        self._memory_used = os.open(self.version.memory_used, os.O_RDONLY, dir_fd=memory)
        self._pids_bound = os.open("pids.max", os.O_WRONLY, dir_fd=pids)
        self._pids_used = os.open("pids.current", os.O_RDONLY, dir_fd=pids)
        self._kills_file = os.open(self.version.kills[0], os.O_RDONLY, dir_fd=memory)
        self._hits_file = os.open(self.version.hits[0], os.O_RDONLY, dir_fd=memory)
        self._close_places()

    def bound(self, memory_bytes: int, processes: int) -> None:
        """Allow so much beyond what the template, warm by now, has itself.

        Args:
            memory_bytes: for all forks of the template together.
            processes: at once, threads included.
        """
        own, bounds = self._own, self._bounds
        if own[1] == 0:
            own[0], own[1] = _counter(self._memory_used, ""), _counter(self._pids_used, "")
            self.ran_out_of_memory()
        if bounds[0] != memory_bytes or bounds[1] != processes:
            os.pwrite(self._memory_bound, b"%d" % (own[0] + memory_bytes), 0)
            os.pwrite(self._pids_bound, b"%d" % (own[1] + processes), 0)
            bounds[0], bounds[1] = memory_bytes, processes

    def kills(self) -> tuple[int, Callable[[bytes], bool]]:
        """Return the file that counts kills, and what says of its first MOST_COUNTERS_BYTES whether they are known."""
        return self._kills_file, self._kills.startswith

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel has killed one of the group, since the last call, because the bound was met.

        Raises:
            MemoryError: where it killed because the host, or a group around ours, has no more memory.
        """
        counters = os.pread(self._kills_file, MOST_COUNTERS_BYTES, 0)
        if self._kills.startswith(counters):
            return False
        kills, hits = _count_in(self._kills.rstrip(b"\0"), self.version.kills[1]), self._hits[0]
        self._kills[:] = counters.ljust(MOST_COUNTERS_BYTES, b"\0")
        if kills == _count_in(counters, self.version.kills[1]):
            return False
        self._hits[0] = _counter(self._hits_file, self.version.hits[1])
        if self._hits[0] == hits:
            raise MemoryError("the host has too little memory for so many workers under such a memory limit")
        return True

    def remove(self) -> None:
        """Remove the group; whoever is still in it is killed (the template itself has ended by now)."""
        for parent, folder in self._places:
            _remove(parent, folder, self._name)
        self._close_places()

    def _close_places(self) -> None:
        for descriptor in (descriptor for place in self._places for descriptor in place):
            os.close(descriptor)
        self._places = []


def _parents() -> tuple[Version, list[str]]:
    """Return the folders below which to make groups: the one for memory first, the one for pids last."""
    with (
        open("/proc/self/cgroup", encoding="utf-8") as groups,
        open("/proc/self/mountinfo", encoding="utf-8") as mounts,
    ):
        own = own_folders(groups.read(), mounts.read())
    if own.keys() >= set(CONTROLLERS):
        return V1, list(dict.fromkeys(own[name] for name in CONTROLLERS))
    if "" not in own:
        raise FileNotFoundError("no control groups are mounted here")
    return V2, [delegated(own[""])]


def own_folders(groups: str, mounts: str) -> dict[str, str]:
    """Return the folders of our own groups by controller, that of version 2 by "", as far as they are mounted.

    Args:
        groups: the text of /proc/self/cgroup.
        mounts: the text of /proc/self/mountinfo.
    """
    mounted = {}
    for row in mounts.splitlines():
        place, _, kind = row.partition(" - ")
        root, point = place.split()[3:5]
        if kind.startswith(("cgroup ", "cgroup2 ")):
            for name in kind.split()[2].split(",") if kind.startswith("cgroup ") else [""]:
                mounted[name] = root, point
    folders = {}
    for row in groups.splitlines():
        _, names, path = row.split(":", 2)
        for name in names.split(","):
            root, point = mounted.get(name, ("", ""))
            inner = os.path.relpath(path, root) if root else ".."
            if not inner.startswith(".."):  # as in a container that is shown another part of the tree
                folders[name] = os.path.normpath(os.path.join(point, inner))
    return folders


def delegated(own: str) -> str:
    """Return the folder of version 2 whose children can have both controllers: the one around our own, or the root.

    The group beside ours must not be a way out of a bound that somebody has put on ours.

    Args:
        own: the folder of our own group.

    Raises:
        OSError: with the reason, where there is no such folder.
    """
    around = os.path.dirname(own)
    if not os.path.exists(os.path.join(own, "cgroup.type")):  # the root has no type
        around = own
    elif not os.path.exists(os.path.join(around, "cgroup.procs")):
        raise PermissionError(f"{own} is all that we are shown of the control groups, and it holds processes")
    with suppress(FileNotFoundError):
        if (bound := _content(own, "memory.max")) != "max":
            raise PermissionError(f"{own} is bounded to {bound} bytes of memory, and a group beside it would not be")
    if lacking := set(CONTROLLERS) - set(_content(around, "cgroup.controllers").split()):
        raise FileNotFoundError(f"{around} has no controller of {' and '.join(sorted(lacking))}")
    if not set(_content(around, "cgroup.subtree_control").split()) >= set(CONTROLLERS):
        folder = os.open(around, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _write(folder, "cgroup.subtree_control", " ".join(f"+{name}" for name in CONTROLLERS))
        except OSError as error:
            raise OSError(error.errno, f"{around} gives its groups no memory and pids: {error.strerror}") from None
        finally:
            os.close(folder)
    return around


def _make(parent: str, name: str) -> tuple[int, int]:
    """Make a group; return the descriptors of the folder around it and of its own, which is locked while we live."""
    around = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(around, fcntl.LOCK_EX)  # a group that is not yet locked must not look abandoned to another warden
        _sweep(around)
        os.mkdir(name, 0o755, dir_fd=around)
        folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=around)
        fcntl.flock(folder, fcntl.LOCK_EX)
        fcntl.flock(around, fcntl.LOCK_UN)
    except OSError as error:
        os.close(around)
        raise OSError(error.errno, f"no group can be made in {parent}: {error.strerror}") from None
    return around, folder


def _sweep(around: int) -> None:
    """Remove the groups of wardens that were killed: their locks are free."""
    for name in os.listdir(around):
        if name.startswith(_PREFIX):
            with suppress(OSError):  # its warden lives, or the last of its processes is just ending
                folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=around)
                try:
                    fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.rmdir(name, dir_fd=around)
                finally:
                    os.close(folder)


def _remove(around: int, folder: int, name: str) -> None:
    """Remove a group as soon as it is empty, and see to it that it gets so; the kernel needs a moment."""
    deadline_s = time.monotonic() + _REMOVAL_S
    while True:
        try:
            os.rmdir(name, dir_fd=around)
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > deadline_s:
                raise
            for pid in filter(None, map(int, _read(folder, "cgroup.procs").split())):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.001)
        else:
            return


def _content(folder: str, name: str) -> str:
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read().strip()


def _read(folder: int, name: str) -> bytes:
    descriptor = os.open(name, os.O_RDONLY, dir_fd=folder)
    try:
        return os.read(descriptor, 1 << 16)
    finally:
        os.close(descriptor)


def _write(folder: int, name: str, text: str) -> None:
    descriptor = os.open(name, os.O_WRONLY, dir_fd=folder)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _counter(descriptor: int, field: str) -> int:
    """Return the number behind a field's name, or the file's only number where the name is empty."""
    return _count_in(os.pread(descriptor, MOST_COUNTERS_BYTES, 0), field)


def _count_in(counters: bytes | bytearray, field: str) -> int:
    rows = dict(row.rpartition(" ")[::2] for row in counters.decode("ascii").splitlines())
    return int(rows.get(field, 0))
