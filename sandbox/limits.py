"""What a program may use."""

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of one execution.

    CPU seconds decide (threads and children included); wall seconds only catch sleepers, and time spent waiting for a
    busy processor does not count towards them. A test of a program's functions has the CPU and wall limit to itself,
    loading the program counts towards its first test.
    """

    cpu_s: float = 4.0
    wall_s: float = 10.0
    memory_bytes: int = 1 << 30
    """Address space of each process, and resident memory of all of them together."""
    output_bytes: int = 16 << 20
    """Standard output; also the size of one value that a function returns."""
    processes: int = 32
    """Processes and threads alive at once."""
    file_bytes: int = 64 << 20
    """Size of one file."""
    open_files: int = 64
