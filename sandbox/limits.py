"""What a program may use."""

import msgspec

BOUNDS: dict[str, tuple[float, float]] = {
    "cpu_s": (0.01, 3600.0),
    "wall_s": (0.01, 3600.0),
    "memory_bytes": (32 << 20, 1 << 40),
    "output_bytes": (1, 1 << 30),
    "processes": (1, 4096),
    "file_bytes": (1 << 20, 1 << 40),
    "open_files": (8, 65536),
}
"""The least and the most of each limit: below, no program could be loaded; above, nobody could keep it."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of one execution; ValueError, or msgspec's where they are read, for one that can't be kept.

    CPU seconds decide (threads and children included); wall seconds only catch sleepers, and time spent waiting for a
    busy processor does not count towards them. A test of a program's functions has the CPU and wall limit to itself,
    loading the program counts towards its first test; what it waits in all of them together is bounded by `waiting_s`.
    """

    cpu_s: float = 4.0
    wall_s: float = 10.0
    memory_bytes: int = 1 << 30
    """Address space of each process, and resident memory of all of them together."""
    output_bytes: int = 16 << 20
    """Standard output; also the size of one value that a function returns, as `sandbox.values.Writer` counts it."""
    processes: int = 32
    """Processes and threads alive at once."""
    file_bytes: int = 64 << 20
    """Size of one file."""
    open_files: int = 64

    @property
    def waiting_s(self) -> float:
        """Seconds that a program may wait in all its tests together, beyond its CPU time: three wall limits."""
        return 3 * self.wall_s

    def __post_init__(self) -> None:
        """Refuse what can't be kept."""
        for name, (least, most) in BOUNDS.items():
            value = getattr(self, name)
            kinds = (int, float) if isinstance(least, float) else (int,)
            if type(value) not in kinds or not least <= value <= most:  # not a number is neither
                raise ValueError(f"a limit {name} of {value!r} can't be kept: give a number from {least} to {most}")
