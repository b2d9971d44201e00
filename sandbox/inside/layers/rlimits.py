"""Sets resource limits: those that never change on the template, the others on each fork before the program runs."""

import math
import resource
from collections.abc import Iterator, Sequence

from sandbox.inside.messages import SERVE, ForkRequest

STACK_BYTES = 64 << 20
"""Deep recursion is common in contest programs; judges give more stack than the usual 8 MiB."""


BOUNDED = (
    resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC, resource.RLIMIT_CPU,
)  # fmt: skip
"""What is bounded for each fork."""
_UNBOUNDED = -1


def enter() -> None:
    """Bound the calling process, and all that it starts, by what is the same for every program."""
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]  # kept: many contest programs begin by asking for all of it
    soft = STACK_BYTES if hard == resource.RLIM_INFINITY else min(STACK_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))
    for which, value in ((resource.RLIMIT_CORE, 1), (resource.RLIMIT_MSGQUEUE, 0)):  # with 0 a crash reporter has cores
        resource.setrlimit(which, (_least(which, value), _least(which, value)))


def bounds(request: ForkRequest, processes: int | None) -> Iterator[int]:
    """Yield the soft and the hard limit of each of BOUNDED; reckoned before a fork, where that costs least.

    The CPU limit is far behind the supervisor's exact one: the kernel counts it in whole ticks, which on a crowded
    host can be a third too many. There is none where a process serves many tests: each has a limit of its own, known
    only to the supervisor.

    Args:
        request: with the limits of the program.
        processes: the most of the user's at once; None for any number, where the user has others on this host.

    Yields:
        Bytes, counts or seconds, the soft before the hard one; -1 twice for no limit.
    """
    backstop_s = _UNBOUNDED if request.kind == SERVE else 2 * math.ceil(request.cpu_s) + 5
    values = (
        request.memory_bytes, request.file_bytes, request.open_files,
        _UNBOUNDED if processes is None else processes, backstop_s,
    )  # fmt: skip
    for which, value in zip(BOUNDED, values, strict=True):
        if value == _UNBOUNDED:
            yield from (_UNBOUNDED, _UNBOUNDED)
        else:
            yield _least(which, value)
            yield _least(which, value + (which == resource.RLIMIT_CPU))


def apply(values: Sequence[int]) -> None:
    """Bound the calling process, and all that it starts.

    Args:
        values: as of `bounds`.
    """
    at = 0
    for which in BOUNDED:
        if values[at] != _UNBOUNDED:
            resource.setrlimit(which, (values[at], values[at + 1]))
        at += 2


def _least(which: int, value: int) -> int:
    """Return a value for a limit, lower than requested where the host's own is lower."""
    hard = resource.getrlimit(which)[1]
    return value if hard == resource.RLIM_INFINITY else min(value, hard)
