"""Requests executions of a program under its limits, and reads their facts and memory files."""

import os
import signal
from typing import cast

from sandbox.inside.messages import EXCEEDED, Facts, ForkRequest
from sandbox.records import Exceeded, Execution, Fault, Limits

_SHOWN, _STDERR_SHOWN = 2000, 4000
_COMPARED = 1 << 16
"""How much of two outputs is compared at a time: little enough for a processor's cache."""
_LARGE_SHARE = 1 / 4
"""A program that uses so much of its memory limit is to blame where the host has no more."""


def execution_of(facts: Facts, stdout: int, stderr: int, limits: Limits) -> Execution:
    """Put the kernel's facts of an execution together.

    Args:
        facts: the template's report.
        stdout: the memory file for the program's output.
        stderr: that for its errors.
        limits: the program's.

    Returns:
        The execution; of the output, only as much as is shown.

    Raises:
        Fault: This host has too little memory.
    """
    seen = EXCEEDED[facts.exceeded]
    if seen == "host_memory" and facts.peak_memory_bytes < limits.memory_bytes * _LARGE_SHARE:
        raise Fault("this host has too little memory for so many workers under such a memory limit")
    exceeded = cast("Exceeded | None", "memory" if seen == "host_memory" else seen)
    size = os.fstat(stdout).st_size
    if exceeded is None and facts.signal == signal.SIGXCPU:
        exceeded = "cpu"
    if exceeded is None and size > limits.output_bytes:
        exceeded = "output"
    if exceeded is None and facts.signal == signal.SIGXFSZ:
        exceeded = "file_size"
    return Execution(
        exit_code=facts.exit_code if facts.exit_code >= 0 else None,
        signal=facts.signal or None,
        stdout=os.pread(stdout, _SHOWN, 0),
        stdout_bytes=size if size <= limits.output_bytes else min(size, _SHOWN),
        stderr=os.pread(stderr, _STDERR_SHOWN, max(0, os.fstat(stderr).st_size - _STDERR_SHOWN)),
        cpu_s=facts.cpu_s,
        wall_s=facts.wall_s,
        peak_memory_bytes=facts.peak_memory_bytes,
        exceeded=exceeded,
    )


def request_of(kind: int, number: int, limits: Limits, waiting_s: float | None = None) -> ForkRequest:
    """Return the request of an execution under a program's limits.

    Args:
        kind: RUN or SERVE of `sandbox.inside.messages`.
        number: that of the execution.
        limits: the program's.
        waiting_s: seconds that it may wait beyond its CPU time; by default those of the limits.
    """
    return ForkRequest(
        kind=kind, number=number, cpu_s=limits.cpu_s, wall_s=limits.wall_s, memory_bytes=limits.memory_bytes,
        waiting_s=limits.waiting_s if waiting_s is None else waiting_s, output_bytes=limits.output_bytes,
        file_bytes=max(limits.file_bytes, limits.output_bytes + 1), processes=limits.processes,
        open_files=limits.open_files,
    )  # fmt: skip


def holds(fd: int, text: str) -> bool:
    """Return whether a memory file holds a text and no more; however long they are, little of them is in memory.

    Args:
        fd: descriptor of the file.
        text: encoded as UTF-8, lone surrogates as they are.
    """
    at = 0
    for start in range(0, len(text), _COMPARED):
        piece = text[start : start + _COMPARED].encode("utf-8", "surrogatepass")
        if os.pread(fd, len(piece), at) != piece:
            return False
        at += len(piece)
    return os.fstat(fd).st_size == at
