"""Configures the jail, probes its layers on this host, and starts the two templates of a worker."""

import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing, suppress
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


def layers_of(text: str) -> frozenset[str]:
    """Return the layers of isolation that a text names.

    Args:
        text: all, none, or a comma-separated list.

    Returns:
        The layers.

    Raises:
        ValueError: There is no such layer.
    """
    if text in {"all", "none"}:
        return ALL_LAYERS if text == "all" else frozenset()
    layers = frozenset(text.split(","))
    if unknown := sorted(layers - ALL_LAYERS):
        raise ValueError(f"no such layer: {', '.join(unknown)}; there are {', '.join(sorted(ALL_LAYERS))}")
    return layers


class Jail(msgspec.Struct, frozen=True, kw_only=True):
    """Configures a jail.

    `layers` are tried, and those that the host refuses are reported as absent; an empty set means no isolation at all.
    `preload` names modules that the warm interpreter imports beyond WARM_MODULES, such as numpy. `allow` names packages
    of the interpreter's that programs may import beyond PACKAGES; they are shown with those that they need.
    """

    python: str = sys.executable
    layers: frozenset[str] = ALL_LAYERS
    preload: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()


class JailReport(msgspec.Struct, frozen=True, kw_only=True):
    """Reports a jail: the examined interpreter's version, and each layer as "in force ..." or "absent: ...".

    `addresses` can't be requested: they are fixed where the host allows, unless `layers` is empty.
    """

    python: str
    layers: dict[str, str]
    packages: dict[str, str] = {}
    """Distribution shown on request -> version."""


_known = dict[Jail, JailReport]()
"""What was found out about this host."""


def probe(jail: Jail) -> JailReport:
    """Report what the host gives; where that is not known yet, build the jail once and take it down.

    Args:
        jail: the interpreter and the layers to try.

    Returns:
        The interpreter's version, and each layer as it is in force or absent.

    Raises:
        Refused: The host gives less than we hold to be safe, or the interpreter can't be started.
        Fault: The host refuses a namespace though none is requested, or every user id is taken.
    """
    if jail not in _known:
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with here, there, ExitStack() as stack:
            _settled(jail, lambda layers: [stack.enter_context(closing(_start(jail, layers, there)))])
    return _known[jail]


def known_report(jail: Jail) -> JailReport | None:
    """Return what `probe` would report.

    Args:
        jail: the interpreter and the layers around it.

    Returns:
        None where this process does not know it yet.
    """
    return _known.get(jail)


def note_report(jail: Jail, report: JailReport) -> None:
    """Take note of what another process found out about this host.

    Args:
        jail: the interpreter and the layers around it.
        report: of the other process.
    """
    _known[jail] = report


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
    with ExitStack() as stack:

        def start(layers: frozenset[str]) -> list[Template]:
            asking, answering = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with asking, answering:
                return [
                    stack.enter_context(closing(_start(jail, layers, answering, core, holds_candidates=True))),
                    stack.enter_context(closing(_start(jail, layers, asking, core))),
                ]

        candidates, examiners = _settled(jail, start)
        stack.pop_all()
    return candidates, examiners


def _settled(jail: Jail, start: Callable[[frozenset[str]], Sequence[Template]]) -> Sequence[Template]:
    """Start templates under as many of the layers as this host gives; return them warm, and note what was found."""
    known = _known.get(jail)
    layers = jail.layers if known is None else _in_force(known)
    absent = dict.fromkeys(ALL_LAYERS - jail.layers, "absent: not requested")
    while refused := _refusal(templates := start(layers)):
        if known is not None:
            raise Fault(f"{refused[0]}: this host gave it before, and now refuses: {refused[1]}")
        for template in templates:
            template.close()
        absent |= dict.fromkeys(lost := _given_up(layers, *refused), f"absent: {refused[1]}")
        layers -= lost
    if known is None:
        if jail.layers and not (layers >= {"seccomp", "rlimits", "privileges"} and layers & {"mount", "landlock"}):
            missing = "; ".join(f"{layer} {how}" for layer, how in sorted(absent.items()))
            raise Refused(
                f"this host can't hold an untrusted program ({missing}): "
                "use Linux 5.13 or newer, or spell out --isolation none where every program is trusted"
            )
        in_force = {**absent, **templates[0].layers}
        _known[jail] = JailReport(
            python=templates[0].python, layers=dict(sorted(in_force.items())), packages=templates[0].packages
        )
    return templates


def _refusal(templates: Iterable[Template]) -> tuple[str, str] | None:
    """Wait for templates; return a layer that was refused, and the reason."""
    refusals = [template.wait() for template in templates]
    return next(filter(None, refusals), None)


def _in_force(report: JailReport) -> frozenset[str]:
    return frozenset(layer for layer in ALL_LAYERS if report.layers[layer].startswith("in force"))


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


def _start(
    jail: Jail,
    layers: frozenset[str],
    marks: socket.socket,
    core: int | None = None,
    *,
    holds_candidates: bool = False,
) -> Template:
    """Start a template: one that forks candidates and answers marks, or one that forks examiners and sends them."""
    user_id, claim = claim_user_id()
    boot = {
        "layers": sorted(layers), "packages": PACKAGES, "allow": jail.allow, "preload": jail.preload,
        "modules": WARM_MODULES if holds_candidates else _EXAMINERS_MODULES,
        "candidate_uid": user_id, "holds_candidates": holds_candidates, "core": core,
    }  # fmt: skip
    with claim:
        return Template(jail.python, boot, marks, claim)
