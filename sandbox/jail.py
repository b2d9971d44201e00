"""Which jail to build, what this host gives of it, and the two zygotes of a worker."""

import functools
import json
import os
import secrets
import socket
import subprocess
import sys
from contextlib import closing, nullcontext, suppress
from pathlib import Path
from typing import IO, Any

import msgspec

from sandbox.isolation import kernel
from sandbox.wire import Facts, Request, receive_facts, send_request

NAMESPACES = frozenset({"user", "mount", "pid", "network", "ipc", "uts"})
ALL_LAYERS = NAMESPACES | {"landlock", "seccomp", "rlimits", "privileges", "cgroup"}

WARM_MODULES = tuple("bisect collections copy functools heapq itertools math operator random re string typing".split())
"""What more than one contest program in a hundred imports, and does not load in a moment anyway.

Every further module makes every fork dearer; `threading` most of all, which puts itself in order after each.
"""
_EXAMINERS_MODULES = ("random",)
"""What is there before a test imports it: an examiner sets the seed of lots, also for the first program."""
PACKAGES = ("numpy",)
"""Third-party packages that programs may import, where the examined interpreter has them."""

_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from sandbox.zygote import main; main(*sys.argv[2:])"
_BOOT_WIDTH, _NUMBER_WIDTH = 4096, 8
"""What a zygote is told has the same length whatever it says: it lies in memory before all that a fork will find."""
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PATH": "/usr/bin:/bin",
    "TZ": "UTC",
    "PYTHONINTMAXSTRDIGITS": "0",  # CPU time bounds the conversion of long integers to text and back
    "PYTHONHASHSEED": "0",  # the order of a set of strings is the same in every run, so verdicts don't move
    "MALLOC_ARENA_MAX": "2",  # each arena reserves 64 MiB of the address space that the memory limit counts
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
_PATIENCE_S, _LONGEST_S = 900.0, 1e6


def patience_s(wall_s: float) -> float:
    """Return the seconds after which a zygote itself is at fault.

    However crowded the machine, no execution takes more than ten times its wall limit.
    """
    return min(_PATIENCE_S + 10 * wall_s, _LONGEST_S)


class Refused(ValueError):  # noqa: N818 - says what the host's answer means
    """This host can't hold an untrusted program; one line that says why and what to do."""


class Fault(RuntimeError):  # noqa: N818 - a fault of ours, as a noun
    """The sandbox itself failed; never the program's doing as far as we can tell."""


class Jail(msgspec.Struct, frozen=True, kw_only=True):
    """The jail that is asked for.

    `layers` are tried, and those that the host refuses are reported as absent; an empty set means no isolation at all.
    `preload` names modules that the warm interpreter imports beyond WARM_MODULES, such as numpy.
    """

    python: str = sys.executable
    layers: frozenset[str] = ALL_LAYERS
    preload: tuple[str, ...] = ()


class JailReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was built: the examined interpreter's version, and each layer as "in force ..." or "absent: ...".

    `addresses` is no layer to ask for: they are fixed where the host allows, unless there is no isolation at all.
    """

    python: str
    layers: dict[str, str]


def probe(jail: Jail) -> JailReport:
    """Build the jail once, report what the host gives, and take it down.

    Raises:
        Refused: where the host gives less than we hold to be safe, or the interpreter can't be started.
    """
    return _probe(jail)[1]


@functools.cache
def _probe(jail: Jail) -> tuple[frozenset[str], JailReport]:
    """Return the layers that this host gives of those asked for, and the report."""
    layers, absent = jail.layers, dict.fromkeys(ALL_LAYERS - jail.layers, "absent: not asked for")
    while True:
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with here, there, closing(Zygote(jail, layers, there, (), holds_candidates=False)) as zygote:
            if zygote.refused is None:
                break
            absent |= dict.fromkeys(lost := _given_up(layers, *zygote.refused), f"absent: {zygote.refused[1]}")
            layers -= lost
    if jail.layers and not (layers >= {"seccomp", "rlimits", "privileges"} and layers & {"mount", "landlock"}):
        missing = "; ".join(f"{layer} {how}" for layer, how in sorted(absent.items()))
        raise Refused(
            f"this host can't hold an untrusted program ({missing}): "
            "use Linux 5.13 or newer, or spell out --isolation none where every program is trusted"
        )
    return layers, JailReport(python=zygote.python, layers=dict(sorted({**absent, **zygote.layers}.items())))


def _given_up(layers: frozenset[str], refused: str, reason: str) -> frozenset[str]:
    """Return the layers to go on without: root may have the other namespaces without one for users."""
    if refused != "namespaces":
        return frozenset({refused})
    if not layers & NAMESPACES:
        raise Fault(reason)
    return frozenset({"user"}) if os.geteuid() == 0 and "user" in layers else layers & NAMESPACES


_FIRST_USER_IDS, _USER_IDS = (0x60000000, 60000), 4096


def claim_user_id() -> tuple[int | None, socket.socket]:
    """Return a user id that nobody has, and the socket that claims it; None where we are not root and can't give one.

    The id is nobody else's as long as some process has the socket: its name can be had once in a network namespace.
    Where others of this host may be in another one, chance keeps us apart.

    Raises:
        Fault: where every id is taken.
    """
    claim = socket.socket(socket.AF_UNIX)
    first = _first_user_id() if os.geteuid() == 0 else None
    if first is None:
        return None, claim
    start = secrets.randbelow(_USER_IDS)
    for number in range(_USER_IDS):
        user_id = first + (start + number) % _USER_IDS
        with suppress(OSError):
            claim.bind(f"\0proctor-user-{user_id}")
            return user_id, claim
    claim.close()
    raise Fault(f"all user ids from {first} to {first + _USER_IDS - 1} are taken by other workers of this host")


def _first_user_id() -> int | None:
    """Return the first of the ids to give away; a container may map few, or none but ours."""
    rows = [[int(number) for number in row.split()] for row in Path("/proc/self/uid_map").read_text().splitlines()]
    for first in _FIRST_USER_IDS:
        if any(inside <= first and first + _USER_IDS <= inside + count for inside, _, count in rows):
            return first
    return None


class Zygote:
    """A warm interpreter in a jail, as the judge sees it. Close it; a lost one raises Fault at the next use."""

    def __init__(
        self,
        jail: Jail,
        layers: frozenset[str],
        marks: socket.socket,
        modules: tuple[str, ...],
        *,
        holds_candidates: bool,
        core: int | None = None,
    ) -> None:
        """Start the interpreter and wait until it is warm, or refused.

        Args:
            jail: whose interpreter to start.
            layers: what to apply.
            marks: the zygote's end of the socket on which examiners ask for laps.
            modules: what to import before the first fork.
            holds_candidates: whether it forks candidates and answers marks, or forks examiners and asks.
            core: the processor to stay on, if any.
        """
        user_id, claim = claim_user_id()
        self._name = "the candidates' zygote" if holds_candidates else "the examiners' zygote"
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(_PATIENCE_S)
        self._log: IO[bytes] = os.fdopen(os.memfd_create("proctor-zygote-log"), "r+b")
        boot = json.dumps({
            "layers": sorted(layers), "packages": PACKAGES, "modules": modules, "preload": jail.preload,
            "candidate_uid": user_id, "holds_candidates": holds_candidates, "core": core,
        }).ljust(_BOOT_WIDTH)  # fmt: skip
        home = str(Path(__file__).parent.parent)
        fds = (theirs.fileno(), marks.fileno(), claim.fileno())
        command = [jail.python, "-S", "-s", "-B", "-c", _BOOT, home, boot, *(f"{fd:0{_NUMBER_WIDTH}}" for fd in fds)]
        try:
            with kernel.fixed_addresses() if layers else nullcontext("absent: not asked for") as addresses:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._log, pass_fds=fds,
                    env=_ENVIRONMENT, start_new_session=True, cwd="/",
                )  # fmt: skip
        except OSError as error:
            self._control.close()
            self._log.close()
            raise Refused(f"{jail.python}: {error.strerror}: --python takes a CPython 3.10 or newer") from None
        finally:
            theirs.close()
            claim.close()  # the warden's from here on
        report = self._first_report(jail)
        self.refused: tuple[str, str] | None = report.get("refused")
        self.python: str = report.get("python", "")
        self.layers: dict[str, str] = report.get("layers", {}) | {"addresses": addresses}

    def _first_report(self, jail: Jail) -> dict[str, Any]:
        try:
            report: dict[str, Any] = json.loads(self._control.recv(1 << 16))
        except (ValueError, OSError):
            log = self.log()
            self.close()
            raise Refused(
                f"{jail.python} can't be examined with ({log}): --python takes a CPython 3.10 or newer"
            ) from None
        return report

    def log(self) -> str:
        """Return the last line that the zygote itself wrote as it failed, if any."""
        self._log.seek(0)
        rows = self._log.read().decode(errors="replace").strip().splitlines()
        return rows[-1] if rows else "it ended without a word"

    def request(self, request: Request, descriptors: list[int]) -> None:
        """Ask for an execution, or for the end of one."""
        try:
            self._control.settimeout(patience_s(request.wall_s))
            send_request(self._control, request, descriptors)
        except OSError:
            raise Fault(f"{self._name} is gone: {self.log()}") from None

    def facts(self) -> Facts:
        """Wait for the end of the execution asked for."""
        try:
            facts = receive_facts(self._control)
        except OSError:
            facts = None
        if facts is None:
            raise Fault(f"{self._name} is gone: {self.log()}")
        return facts

    def close(self) -> None:
        """End the zygote, and with it all that runs in its jail; closing twice does nothing."""
        if self._log.closed:
            return
        with suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits for it
        self._control.close()
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:  # the zygote dies with its warden
            self._process.kill()
            self._process.wait()
        self._log.close()


def start_pair(jail: Jail, core: int | None) -> tuple[Zygote, Zygote]:
    """Start the candidates' zygote and the examiners', joined by the socket for marks, on a processor or free."""
    layers, _ = _probe(jail)
    asking, answering = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with asking, answering:
        candidates = Zygote(jail, layers, answering, WARM_MODULES, holds_candidates=True, core=core)
        try:
            return candidates, Zygote(jail, layers, asking, _EXAMINERS_MODULES, holds_candidates=False, core=core)
        except BaseException:
            candidates.close()
            raise
