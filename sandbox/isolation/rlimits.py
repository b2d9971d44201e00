"""Layer: resource limits of one process, set in the candidate just before the program runs."""

import math
import resource

STACK_BYTES = 64 << 20
"""Deep recursion is common in contest programs; judges give more stack than the usual 8 MiB."""


def apply(cpu_s: float, memory_bytes: int, file_bytes: int, processes: int | None, open_files: int) -> None:
    """Bound the calling process and all that it starts.

    The CPU limit has a resolution of a second and stands behind the supervisor's exact one. `processes` counts per
    user, so it is None where the user has other processes on this host.
    """
    backstop_s = math.ceil(cpu_s) + 1
    limits = [
        (resource.RLIMIT_CPU, backstop_s),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_STACK, STACK_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ]
    if processes is not None:
        limits.append((resource.RLIMIT_NPROC, processes))
    for which, value in limits:
        hard = resource.getrlimit(which)[1]
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (ceiling, ceiling))
