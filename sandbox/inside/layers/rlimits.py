"""Sets resource limits: those that never change on the template, the others on each fork before the program runs."""

import math
import resource

from sandbox.inside.messages import SERVE, ForkRequest

STACK_BYTES = 64 << 20
"""Deep recursion is common in contest programs; judges give more stack than the usual 8 MiB."""


Bounds = tuple[tuple[int, tuple[int, int]], ...]
"""What `setrlimit` takes, limit by limit: which one, soft and hard."""


def enter() -> None:
    """Bound the calling process, and all that it starts, by what is the same for every program."""
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]  # kept: many contest programs begin by asking for all of it
    soft = STACK_BYTES if hard == resource.RLIM_INFINITY else min(STACK_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))
    for which, value in ((resource.RLIMIT_CORE, 1), (resource.RLIMIT_MSGQUEUE, 0)):  # with 0 a crash reporter has cores
        resource.setrlimit(which, _both(which, value))


def bounds(request: ForkRequest, processes: int | None) -> Bounds:
    """Return the limits of a fork; reckoned before it, where that costs least.

    The CPU limit is far behind the supervisor's exact one: the kernel counts it in whole ticks, which on a crowded
    host can be a third too many. There is none where a process serves many tests: each has a limit of its own, which
    only the supervisor can tell. `processes` counts per user, so it is None where the user has others on this host.
    """
    values = {
        resource.RLIMIT_AS: request.memory_bytes,
        resource.RLIMIT_FSIZE: request.file_bytes,
        resource.RLIMIT_NOFILE: request.open_files,
    }
    if processes is not None:
        values[resource.RLIMIT_NPROC] = processes
    found = tuple((which, _both(which, value)) for which, value in values.items())
    if request.kind == SERVE:
        return found
    backstop_s = 2 * math.ceil(request.cpu_s) + 5
    return (*found, (resource.RLIMIT_CPU, (backstop_s, backstop_s + 1)))


def apply(bounds: Bounds) -> None:
    """Bound the calling process, and all that it starts."""
    for which, soft_and_hard in bounds:
        resource.setrlimit(which, soft_and_hard)


def _both(which: int, value: int) -> tuple[int, int]:
    """Return a value for both the soft and the hard limit, lower than requested where the host's own is lower."""
    hard = resource.getrlimit(which)[1]
    least = value if hard == resource.RLIM_INFINITY else min(value, hard)
    return least, least
