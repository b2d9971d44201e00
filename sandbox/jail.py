"""Configures the jail, probes its layers on this host, and starts the two templates of a worker."""

import functools
import os
import secrets
import socket
import sys
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from sandbox.clients import Template
from sandbox.records import Fault, Refused

NAMESPACES = frozenset({"user", "mount", "pid", "network", "ipc", "uts"})
ALL_LAYERS = NAMESPACES | {"landlock", "seccomp", "rlimits", "privileges", "cgroup"}

WARM_MODULES = tuple("bisect collections copy functools heapq itertools math operator random re string typing".split())
"""What more than one contest program in a hundred imports, and does not load in a moment anyway.

Every further module makes every fork dearer; `threading` most of all, which puts itself in order after each.
"""
_EXAMINERS_MODULES = ("random",)
"""Loaded before a test imports it: an examiner seeds it for every program, the first one included."""
PACKAGES = ("numpy",)
"""Third-party packages that programs may import, where the examined interpreter has them."""


class Jail(msgspec.Struct, frozen=True, kw_only=True):
    """Configures a jail.

    `layers` are tried, and those that the host refuses are reported as absent; an empty set means no isolation at all.
    `preload` names modules that the warm interpreter imports beyond WARM_MODULES, such as numpy.
    """

    python: str = sys.executable
    layers: frozenset[str] = ALL_LAYERS
    preload: tuple[str, ...] = ()


class JailReport(msgspec.Struct, frozen=True, kw_only=True):
    """Reports a jail: the examined interpreter's version, and each layer as "in force ..." or "absent: ...".

    `addresses` can't be requested: they are fixed where the host allows, unless `layers` is empty.
    """

    python: str
    layers: dict[str, str]


def probe(jail: Jail) -> JailReport:
    """Build the jail once, report what the host gives, and take it down.

    Args:
        jail: the interpreter and the layers to try.

    Returns:
        The interpreter's version, and each layer as it is in force or absent.

    Raises:
        Refused: The host gives less than we hold to be safe, or the interpreter can't be started.
        Fault: The host refuses a namespace though none is requested, or every user id is taken.
    """
    return _probe(jail)[1]


@functools.cache
def _probe(jail: Jail) -> tuple[frozenset[str], JailReport]:
    """Return those of the requested layers that this host gives, and the report."""
    layers, absent = jail.layers, dict.fromkeys(ALL_LAYERS - jail.layers, "absent: not requested")
    while True:
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with here, there, closing(_start(jail, layers, there, (), holds_candidates=False)) as template:
            if template.refused is None:
                break
            absent |= dict.fromkeys(lost := _given_up(layers, *template.refused), f"absent: {template.refused[1]}")
            layers -= lost
    if jail.layers and not (layers >= {"seccomp", "rlimits", "privileges"} and layers & {"mount", "landlock"}):
        missing = "; ".join(f"{layer} {how}" for layer, how in sorted(absent.items()))
        raise Refused(
            f"this host can't hold an untrusted program ({missing}): "
            "use Linux 5.13 or newer, or spell out --isolation none where every program is trusted"
        )
    return layers, JailReport(python=template.python, layers=dict(sorted({**absent, **template.layers}.items())))


def _given_up(layers: frozenset[str], refused: str, reason: str) -> frozenset[str]:
    """Return the layers to go on without: root may have the other namespaces without one for users."""
    if refused != "namespaces":
        return frozenset({refused})
    if not layers & NAMESPACES:
        raise Fault(reason)
    return frozenset({"user"}) if os.geteuid() == 0 and "user" in layers else layers & NAMESPACES


_FIRST_USER_IDS, _USER_IDS = (0x60000000, 60000), 4096


def claim_user_id() -> tuple[int | None, socket.socket]:
    """Return an unused user id, and the socket that claims it; None where we are not root and can't give one.

    The id is not given again as long as some process has the socket: its name can be had once in a network namespace.
    Where others of this host may be in another one, chance keeps us apart.

    Returns:
        The user id or None, and the socket, which is of no use where the id is None. The caller closes it.

    Raises:
        Fault: Every id is taken.
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


def start_pair(jail: Jail, core: int | None) -> tuple[Template, Template]:
    """Start the candidates' template and the examiners', joined by the socket for marks.

    Args:
        jail: the jail to build around each.
        core: the processor to stay on; None for any.

    Returns:
        The candidates' template and the examiners'. The caller closes both.

    Raises:
        Refused: This host can't hold an untrusted program, or the interpreter can't be started.
        Fault: Every user id is taken.
    """
    layers, _ = _probe(jail)
    asking, answering = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with asking, answering:
        candidates = _start(jail, layers, answering, WARM_MODULES, holds_candidates=True, core=core)
        try:
            return candidates, _start(jail, layers, asking, _EXAMINERS_MODULES, holds_candidates=False, core=core)
        except BaseException:
            candidates.close()
            raise


def _start(
    jail: Jail,
    layers: frozenset[str],
    marks: socket.socket,
    modules: tuple[str, ...],
    *,
    holds_candidates: bool,
    core: int | None = None,
) -> Template:
    """Start a template: one that forks candidates and answers marks, or one that forks examiners and sends them."""
    user_id, claim = claim_user_id()
    boot = {
        "layers": sorted(layers), "packages": PACKAGES, "modules": modules, "preload": jail.preload,
        "candidate_uid": user_id, "holds_candidates": holds_candidates, "core": core,
    }  # fmt: skip
    with claim:
        return Template(jail.python, boot, marks, claim)
