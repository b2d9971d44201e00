"""Measures what the machine gave: CPU time of a process and all below it, and how much of it others had meanwhile."""

import os
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

sys.path.append(str(Path(__file__).parents[1] / "sandbox"))
from census import children_of  # the tests' own

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PER_PROCESS_SCHED_CLOCK = 2
QUIET_SHARE, QUIET_STEAL = 0.05, 0.01
"""Below these shares of all processors, other processes and other machines count as absent."""


def tree_cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process, of all below it, and of those that they have waited for.

    Exact but for the processes that were waited for, whose sum the kernel shows in ticks.
    """
    own_s = 0.0
    with suppress(OSError, IndexError):  # it ended meanwhile: then its parent has its time
        below = sum(map(tree_cpu_s, children_of(pid)))
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        clock_s = time.clock_gettime((~pid << 3) | PER_PROCESS_SCHED_CLOCK)  # clock_getcpuclockid(3) in numbers
        own_s = below + clock_s + (int(fields[13]) + int(fields[14])) / TICKS_PER_S
    return own_s


class Reading(NamedTuple):
    """Holds the counters of the machine since it started, in seconds of all its processors, and our share of them."""

    wall_s: float
    busy_s: float
    stolen_s: float
    ours_s: float


def read_machine() -> Reading:
    """Read the counters; what we started counts as ours once it has ended."""
    line = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    user, nice, system, _, _, irq, softirq, steal = (int(ticks) / TICKS_PER_S for ticks in line[:8])
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return Reading(
        wall_s=time.monotonic(),
        busy_s=user + nice + system + irq + softirq,
        stolen_s=steal,
        ours_s=sum(usage.ru_utime + usage.ru_stime for usage in used),
    )


def quietness(before: Reading) -> str:
    """Say in a line whether we had the machine to ourselves since a reading."""
    now = read_machine()
    available_s = (now.wall_s - before.wall_s) * (os.cpu_count() or 1)
    others = max(0.0, (now.busy_s - before.busy_s) - (now.ours_s - before.ours_s)) / available_s
    stolen = (now.stolen_s - before.stolen_s) / available_s
    quiet = others < QUIET_SHARE and stolen < QUIET_STEAL
    load = " ".join(f"{average:.1f}" for average in os.getloadavg())
    return (
        f"{'quiet' if quiet else 'NOT QUIET'}: other processes had {others:.0%} of {os.cpu_count()} processors, "
        f"other machines {stolen:.1%}; load average {load}"
    )
