"""Confines a template and its forks: puts on each layer at its time.

The control group and namespaces belong to the warden and the template. Landlock, seccomp and no_new_privs are put on
the template and inherited, because loading a filter costs as much as a third of a fork. The user id, capabilities,
resource limits and a second set of Landlock's rules, which is made once, are put on each fork, because the template
itself still needs what they take away. The template stays in the writable place, so that forks are there.
"""

import functools
import importlib
import json
import os
import signal
import socket
import sys
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sandbox.inside.heap import Reserve, share_code
from sandbox.inside.layers import cgroups, filesystem, kernel, landlock, namespaces, neutral, packages, rlimits, seccomp
from sandbox.inside.messages import LIMITS_BYTES, ForkRequest, request_in

_CANDIDATE_INSIDE = 1
"""The candidates' user id inside a user namespace that root made."""
_KERNEL_BYTES = 128 << 20
"""What the kernel may need for the processes of a program: page tables, stacks, buffers of pipes and sockets."""
_TEMPLATE_SCORE, FORK_SCORE = 500, b"1000"
"""Where memory is short, the kernel kills a fork before its template, and both before anything else of this host."""
OWN_PID = b"1"
"""The process before the one that every fork gets to be."""


class Boot:
    """Reads the judge's configuration, JSON: layers, packages to show, modules to load, the candidates' user id.

    `packages` are shown where they are installed; those of `allow`, with all that they need, are a must.
    """

    def __init__(self, text: str) -> None:
        """Read the fields; `candidate_uid` is None where the judge is an ordinary user."""
        fields = json.loads(text)
        self.layers: list[str] = fields["layers"]
        self.packages: list[str] = fields["packages"]
        self.allow: list[str] = fields["allow"]
        self.modules: list[str] = fields["modules"]
        self.preload: list[str] = fields["preload"]
        self.candidate_uid: int | None = fields["candidate_uid"]
        self.holds_candidates: bool = fields["holds_candidates"]
        self.core: int | None = fields["core"]


class BootError(Exception):
    """Refuses, in one line, a request of the user that can't be met."""


class LayerRefusedError(OSError):
    """Reports a layer that the host refuses; its first argument is the layer's name."""


@contextmanager
def _putting_on(layer: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LayerRefusedError(layer, str(error)) from error


class Confinement:
    """Puts the layers on one template and its forks."""

    def __init__(self, boot: Boot) -> None:
        """Find out what the interpreter needs, make the writable place, and leave the host's namespaces.

        Raises:
            BootError: where a package is not installed.
            LayerRefusedError: where the host refuses a namespace that was requested.
        """
        self.layers = boot.layers
        self.owns_pids = "pid" in boot.layers
        self.holds_candidates = boot.holds_candidates
        self.preload = boot.preload
        self.last_pid = self.score = self.children = -1
        self.own_score = b""
        self.group: cgroups.ControlGroup | None = None
        self.hide_processes: Callable[[], int] | None = None
        self.drop_privileges: Callable[[], object] | None = None
        self.second_filter = b""
        self.library = filesystem.standard_library()
        self.site = filesystem.site_folders()
        self.packages = {path: os.path.basename(path) for path in filesystem.package_folders(boot.packages)}
        self.packages |= self._allowed(boot.allow)
        self.system = [*filesystem.shared_libraries([*self.library, *self.packages]), filesystem.ZONES]
        sys.path[:] = [path for path in sys.path if path.startswith(tuple(self.library)) and path not in self.site]
        self.candidate_uid = boot.candidate_uid
        needed = [self.library[0], *(self.packages if boot.allow else ())]
        if not {"user", "mount"} & set(self.layers) and not all(map(filesystem.others_can_reach, needed)):
            self.candidate_uid = None
        self.scratch = None if "mount" in self.layers else filesystem.Scratch(self.candidate_uid)
        self.writable = namespaces.WRITABLE if self.scratch is None else self.scratch.path
        self.links = namespaces.PACKAGES if self.scratch is None else self.scratch.link(self.packages)
        sys.path += [self.links] if self.layers else self.site
        os.environ.update(HOME=self.writable, TMPDIR=self.writable)
        os.environ.pop("LD_BIND_NOW", None)  # the loader has seen it; it is none of a program's
        # What changes is kept in place: the addresses of objects must not reveal what ran before.
        self.pristine, self.bounds = array("Q", [0] * 5), array("q", [-1] * 2 * len(rlimits.BOUNDED))
        self.limits = bytearray(LIMITS_BYTES)
        try:
            if "cgroup" in self.layers:
                with _putting_on("cgroup"):
                    self.group = cgroups.ControlGroup()
            with _putting_on("namespaces"):
                namespaces.enter(self.layers, boot.candidate_uid)
        except LayerRefusedError:
            self.remove()
            raise

    def _allowed(self, names: list[str]) -> dict[str, str]:
        """Return the paths of packages and of those that they need, and where they appear; note their versions."""
        found = packages.find_packages(names, self.site)
        if found.missing:
            raise BootError(f"--allow {','.join(found.missing)}: no such package is installed for this interpreter")
        self.versions = found.versions
        return found.shown

    def enter(self) -> dict[str, str]:
        """Put on what the template itself wears; return each layer with how it is in force.

        Raises:
            BootError: where a module can't be preloaded.
            LayerRefusedError: where the host refuses a layer that was requested.
        """
        report = dict.fromkeys(self.layers, "in force")
        if self.owns_pids:
            with suppress(OSError):
                self.last_pid = os.open("/proc/sys/kernel/ns_last_pid", os.O_WRONLY | os.O_CLOEXEC)
            with suppress(OSError):  # a kernel without CONFIG_PROC_CHILDREN
                self.children = os.open("/proc/thread-self/children", os.O_RDONLY | os.O_CLOEXEC)
        self.score = os.open("/proc/self/oom_score_adj", os.O_RDWR | os.O_CLOEXEC)
        self.own_score = b"%d" % max(
            _TEMPLATE_SCORE, int(os.read(self.score, 16))
        )  # no process may go below its given score
        if self.group is not None:
            with _putting_on("cgroup"):
                self.group.enter()
                report["cgroup"] = f"in force ({self.group.version.name} {', '.join(cgroups.CONTROLLERS)})"
        if "uts" in self.layers:
            socket.sethostname("proctor")
        if "mount" in self.layers:
            with _putting_on("namespaces"):
                self._build_root()
        self._warm_up()
        if "privileges" in self.layers:
            kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
            kept = "" if self._changes_user() else ", user id kept"
            report["privileges"] = f"in force (no capabilities, no_new_privs{kept})"
            if self.candidate_uid is not None:
                os.setgroups([])
                os.setresgid(*[self._candidate_id(self.candidate_uid)] * 3)
        if "rlimits" in self.layers:
            rlimits.enter()
        if "landlock" in self.layers:
            with _putting_on("landlock"):
                self.hide_processes = landlock.prepared_restriction(self._fork_ruleset())
                landlock.enter(self._ruleset())
                report["landlock"] = f"in force ({landlock.describe_abi(landlock.abi())})"
        if "seccomp" in self.layers:
            with _putting_on("seccomp"):
                self.second_filter = self._second_filter()
                seccomp.enter(may_tighten=bool(self.second_filter))
        self.note_writable()
        return report

    def _build_root(self) -> None:
        """Show library and packages in places that reveal nothing of the host, and the system's libraries in theirs."""
        library = neutral.places(self.library)
        system = {path: path for path in self.system if neutral.is_of_the_system(path)}  # others are loaded already
        shown = {path: f"{namespaces.PACKAGES}/{place}" for path, place in self.packages.items()}
        hidden = [neutral.moved(path, library) for path in self.site]
        namespaces.build_root({**library, **system, **shown}, hidden)
        neutral.rename(library)

    def _warm_up(self) -> None:
        """Import the modules requested; numpy's random numbers are fixed then, as those of `random` are."""
        for name in self.preload:
            try:
                importlib.import_module(name)
            except ModuleNotFoundError as error:
                hint = f"; where it is a package that is installed, give --allow {name.partition('.')[0]} as well"
                raise BootError(f"--preload {name}: {error}{hint}") from None
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the package does as it is loaded
                raise BootError(f"--preload {name}: {type(error).__name__}: {error}") from None
        if "numpy.random" in sys.modules:
            sys.modules["numpy.random"].seed(0)
        share_code()

    def note_writable(self) -> None:
        """Go to the writable place, which is new, and take note of how it looks (the template's part)."""
        os.chdir(self.writable)
        os.utime(self.writable, ns=(0, 0))
        now = os.stat(self.writable)
        for at, value in enumerate((*now[:3], now.st_mtime_ns, now.st_ctime_ns)):
            self.pristine[at] = value

    def _ruleset(self) -> int:
        around = os.path.dirname(self.writable)  # the writable place itself is renewed
        if "mount" in self.layers:
            return landlock.ruleset(["/"], [], [around, *namespaces.DEVICES])
        entries = [path for folder in self.library for path in filesystem.entries_without(folder, self.site)]
        readable = [*entries, *self.packages, self.links, *self.system, "/proc"]
        return landlock.ruleset(readable, self.library, [around, *namespaces.DEVICES])

    def is_dirty(self) -> bool:
        """Whether a program wrote to the writable place: any change of its entries moves its times."""
        now, then = os.stat(self.writable), self.pristine
        return (
            now[0] != then[0]
            or now[1] != then[1]
            or now[2] != then[2]
            or now.st_mtime_ns != then[3]
            or now.st_ctime_ns != then[4]
        )

    def renew_writable(self) -> bool:
        """Make the writable place empty again (the warden's part); return whether it held no more files than it may."""
        if self.scratch is not None:
            return self.scratch.renew(None if self.candidate_uid is None else self._candidate_id(self.candidate_uid))
        namespaces.renew_writable()
        return True

    def remove(self) -> None:
        """Remove what the jail left on the host (the warden's part, at the end)."""
        try:
            if self.group is not None:
                self.group.remove()
        finally:
            if self.scratch is not None:
                self.scratch.remove()

    def set_limits(self, packet: bytes) -> None:
        """Take note of the limits in a packet, for the forks to come.

        Args:
            packet: a request as it travels, see `sandbox.inside.messages.packet_of`.
        """
        request = request_in(packet)
        self.limits[:] = packet[:LIMITS_BYTES]
        processes = self._process_limit(request)
        for at, value in enumerate(rlimits.bounds(request, processes) if "rlimits" in self.layers else ()):
            self.bounds[at] = value
        if self.group is not None:
            files = (namespaces.TMP_BYTES if "mount" in self.layers else 0) + 2 * request.file_bytes
            memory_bytes = request.memory_bytes + request.memory_bytes // 4 + _KERNEL_BYTES
            self.group.bound(memory_bytes + files, request.processes)

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel killed one of the processes since the last fork because all of them had too much memory.

        Raises:
            MemoryError: where it killed because the host had too little.
        """
        return self.group is not None and self.group.ran_out_of_memory()

    def keep_own_memory(self) -> None:
        """Have every fork find the same free memory; call it once all is warm."""
        self.reserve = Reserve()
        self.reserve.find_next_pool()

    def prepare_forks(self) -> None:
        """Prepare what puts the remaining layers on a fork, which should touch as little memory as can be."""
        drop: Callable[[], object] | None = None
        if "privileges" in self.layers:
            drop = kernel.drop_capabilities
            if self.candidate_uid is not None:
                drop = functools.partial(os.setresuid, *[self._candidate_id(self.candidate_uid)] * 3)
        self.drop_privileges = drop

    def confine(self, *, is_examiner: bool) -> None:
        """Put the remaining layers on the calling fork.

        A candidate finds nothing of /proc. An examiner, which serves many programs and obeys the judge, is only kept
        from other people's processes.

        Args:
            is_examiner: whether the fork examines programs, and runs none itself.

        Raises:
            OSError: The kernel refuses a layer.
        """
        hide = None if is_examiner and self.owns_pids else self.hide_processes
        if hide is not None and hide() != 0:
            raise OSError("Landlock refuses a second rule set")
        rlimits.apply(self.bounds)
        if self.drop_privileges is not None:
            self.drop_privileges()
        if not self.owns_pids:
            kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        if self.second_filter:
            seccomp.tighten(self.second_filter, os.getpid())

    def _fork_ruleset(self) -> int:
        """Return the rule set that each fork enters: /proc is the template's only, for it holds the host's names."""
        beside = [path for path in filesystem.entries_without("/", ["/proc"]) if not os.path.islink(path)]
        return landlock.ruleset(beside, [], [os.path.dirname(self.writable), *namespaces.DEVICES])

    def _second_filter(self) -> bytes:
        """Return the filter that each fork puts on in place of a namespace; empty where none is absent."""
        alone, among_files = "pid" not in self.layers, "mount" not in self.layers
        return seccomp.second_filter(alone=alone, among_files=among_files) if alone or among_files else b""

    def _changes_user(self) -> bool:
        return self.candidate_uid is not None

    def _candidate_id(self, host_uid: int) -> int:
        return _CANDIDATE_INSIDE if "user" in self.layers else host_uid

    def _process_limit(self, request: ForkRequest) -> int | None:
        """Count as RLIMIT_NPROC does, all processes of a user: one of its own has no others, a namespace's has two."""
        if self._changes_user():
            return request.processes
        return request.processes + 2 if "user" in self.layers else None
