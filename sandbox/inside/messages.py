"""Defines the messages between the judge, the templates, examiners and candidates.

Those of the judge and the templates are fixed-size records on sequenced-packet sockets; descriptors travel beside the
request. No message holds a program, a test or a value: these are in memory files which only the forked process reads,
so that a template's memory, which every candidate inherits, never held them.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import array
import os
import socket
import struct
import sys
from typing import Literal, NamedTuple

_FIRST_READ = 1 << 16


RUN, SERVE, EXAMINE, STOP = range(4)
"""Requests: run a program on its standard input, serve a program's functions, examine programs, end the execution."""

EXCEEDED: tuple[Literal["cpu", "wall", "memory", "file_size", "host_memory"] | None, ...] = (
    None, "cpu", "wall", "memory", "file_size", "host_memory",
)  # fmt: skip
"""What template and warden can see exceeded; the index travels. `host_memory`: the kernel killed a process because
the host, or a group around ours, has too little memory."""

_REQUEST, _CPU_LIMIT, _NUMBER = struct.Struct("=BdddQQQQQI"), struct.Struct("=d"), struct.Struct("=I")
REQUEST_BYTES, LIMITS_BYTES = _REQUEST.size, _REQUEST.size - _NUMBER.size
"""How many bytes a request has, and how many of these hold its kind and its limits: all but the number."""
_EXAMINATION = struct.Struct("=II??Q")
_FACTS = struct.Struct("=IiiddQB")
_MARK = struct.Struct("=Id")
_SERVED = struct.Struct("=QI")
_LAP = struct.Struct("=dd")
_MOST_DESCRIPTORS = 8
RIGHTS_BYTES = socket.CMSG_SPACE(_MOST_DESCRIPTORS * 4)
UNPACK_RIGHTS = tuple(struct.Struct(f"={count}i").unpack for count in (5, 6, 4))
"""Reads the descriptors that come with RUN, SERVE and EXAMINE."""
PACK_FACTS, UNPACK_NUMBER, UNPACK_CPU_LIMIT = _FACTS.pack, _NUMBER.unpack_from, _CPU_LIMIT.unpack_from
"""Write facts; read the number in a packet, at LIMITS_BYTES, and the CPU seconds that it allows, at 1.

These are for the template, which touches little memory; others have the functions below."""
_EXAMINE, _COMPARE, _TAKE_TESTS, _MOST_WORK_BYTES = b"E", b"C", b"T", 256


class ForkRequest(NamedTuple):
    """Requests one execution: its kind, its limits (see `sandbox.records`), and a number that the answer repeats.

    `wall_s` is for each test, `waiting_s` for what a program waits beyond its CPU time in all tests of the execution.
    """

    kind: int
    cpu_s: float = 0.0
    wall_s: float = 0.0
    waiting_s: float = 0.0
    memory_bytes: int = 0
    output_bytes: int = 0
    file_bytes: int = 0
    processes: int = 0
    open_files: int = 0
    number: int = 0


class Facts(NamedTuple):
    """Reports the end of an execution: `exit_code` is -1 if `signal` ended it; `exceeded` indexes EXCEEDED.

    `wall_s` is without the time in which the program waited for a processor.
    """

    number: int
    exit_code: int
    signal: int
    cpu_s: float
    wall_s: float
    peak_memory_bytes: int
    exceeded: int


class ExamineRequest(NamedTuple):
    """Requests an examination: the candidate's execution, the first test, whether to go on after a failure."""

    number: int
    first: int
    exhaustive: bool
    is_scripted: bool
    """Whether the candidate follows the script; see `sandbox.inside.plain`."""
    most_bytes: int


class Comparison(NamedTuple):
    """Requests a comparison of two files, by a checker of `sandbox.inside.checkers.STDIO` or a benchmark's own."""

    checker: str


class NewTests(NamedTuple):
    """Announces the tests of another problem."""


Work = ExamineRequest | Comparison | NewTests


class Lap(NamedTuple):
    """Counts a candidate's time between two marks: CPU time, and the time that it owed answers."""

    cpu_s: float
    wall_s: float


def send_request(sock: socket.socket, request: ForkRequest, descriptors: list[int]) -> None:
    """Send a request.

    Args:
        sock: the judge's end of the template's socket.
        request: what to execute or end.
        descriptors: for the forked process to own, eight at most.
    """
    _send(sock, packet_of(request), descriptors)


def packet_of(request: ForkRequest) -> bytes:
    """Return a request as it travels: first its kind, last its number.

    Args:
        request: what to execute or end.
    """
    return _REQUEST.pack(*request)


def receive_request(sock: socket.socket) -> tuple[ForkRequest, list[int]] | None:
    """Return the next request and its descriptors.

    Args:
        sock: the template's end of its socket.

    Returns:
        The descriptors are this process's own and open; None where the judge is gone.
    """
    data, descriptors = _receive(sock, REQUEST_BYTES)
    return (request_in(data), descriptors) if data else None


def request_in(packet: bytes) -> ForkRequest:
    """Return the request in a packet.

    Args:
        packet: of `packet_of`.
    """
    return ForkRequest._make(_REQUEST.unpack(packet))


def cpu_limit_in(packet: bytes) -> float:
    """Return the CPU seconds that the request in a packet allows.

    Args:
        packet: of `packet_of`.
    """
    cpu_s: float = UNPACK_CPU_LIMIT(packet, 1)[0]
    return cpu_s


def send_work(sock: socket.socket, work: Work, descriptors: list[int]) -> None:
    """Send work to an examiner.

    Args:
        sock: the judge's end of its socket.
        work: what to do.
        descriptors: for an examination, the socket to the candidate; for a comparison, the files of what is
            expected, of what came, and of a benchmark's own checker; for new tests, their file.
    """
    if isinstance(work, ExamineRequest):
        _send(sock, _EXAMINE + _EXAMINATION.pack(*work), descriptors)
    elif isinstance(work, Comparison):
        _send(sock, _COMPARE + work.checker.encode(), descriptors)
    else:
        _send(sock, _TAKE_TESTS, descriptors)


def receive_work(sock: socket.socket) -> tuple[Work, list[int]] | None:
    """Return the next work and its descriptors.

    Args:
        sock: the examiner's end of its socket.

    Returns:
        The descriptors are this process's own and open; None where the judge closed its end.
    """
    data, descriptors = _receive(sock, _MOST_WORK_BYTES)
    if not data:
        return None
    if data[:1] == _EXAMINE:
        return ExamineRequest._make(_EXAMINATION.unpack(data[1:])), descriptors
    return (Comparison(data[1:].decode()) if data[:1] == _COMPARE else NewTests()), descriptors


def _send(sock: socket.socket, data: bytes, descriptors: list[int]) -> None:
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    sock.sendmsg([data], rights)


def _receive(sock: socket.socket, size: int) -> tuple[bytes, list[int]]:
    data, ancillary, _, _ = sock.recvmsg(size, RIGHTS_BYTES)
    descriptors = array.array("i")
    for _, _, payload in ancillary:
        descriptors.frombytes(payload)
    return data, descriptors.tolist()


def packet_of_facts(facts: Facts) -> bytes:
    """Return how an execution ended, as it travels.

    Args:
        facts: or a plain tuple of the same fields.
    """
    return _FACTS.pack(*facts)


def receive_facts(sock: socket.socket) -> Facts | None:
    """Return how an execution ended, or None where the template is gone.

    Args:
        sock: the judge's end of the template's socket.
    """
    data = sock.recv(_FACTS.size)
    return Facts._make(_FACTS.unpack(data)) if data else None


def send_mark(sock: socket.socket, number: int, wall_s: float) -> None:
    """Let the next lap of an execution begin.

    Args:
        sock: the examiner's end of the socket for marks.
        number: that of the execution.
        wall_s: seconds for which it owed answers in the lap that ends.
    """
    sock.send(_MARK.pack(number, wall_s))


def receive_mark(sock: socket.socket) -> tuple[int, float]:
    """Return a mark, see `send_mark`.

    Args:
        sock: the end of the candidates' template.

    Returns:
        The number of the execution, and the seconds for which it owed answers.

    Raises:
        RuntimeError: The examiners' template is gone.
    """
    data = sock.recv(_MARK.size)
    if not data:
        raise RuntimeError("the examiners' template is gone")
    number, wall_s = _MARK.unpack(data)
    return number, wall_s


def served(script: bytes, first: int, program: bytes) -> bytes:
    """Return the content of the file that a serving candidate gets.

    Args:
        script: see `sandbox.inside.plain`; empty for a conversation.
        first: the test whose call is the first to be made of the script.
        program: the source text.
    """
    return _SERVED.pack(len(script), first) + script + program


REACHED = b"\xff" * 8
"""What a candidate with a script writes over the length of the script, before any of the program runs."""


def served_parts(content: bytes) -> tuple[bytes, int, bytes]:
    """Return script, first test and program of what `served` returned.

    Args:
        content: all of it.
    """
    length, first = _SERVED.unpack_from(content)
    script_end = _SERVED.size + length
    return content[_SERVED.size : script_end], first, content[script_end:]


def content_of(fd: int, most_bytes: int = sys.maxsize) -> bytes:
    """Return the content of a memory file from its start, wherever its offset is.

    Args:
        fd: its descriptor.
        most_bytes: where to stop; by default at the end.
    """
    content = os.pread(fd, min(_FIRST_READ, most_bytes), 0)
    if len(content) < _FIRST_READ:  # most are short, and looking up the size costs more
        return content
    return os.pread(fd, min(os.fstat(fd)[6], most_bytes), 0)


def write_lap(fd: int, lap: Lap) -> None:
    """Write a lap behind those written before.

    Args:
        fd: of the memory file, its offset at the end.
        lap: the candidate's last.
    """
    os.write(fd, _LAP.pack(*lap))


def laps_of(content: bytes) -> list[Lap]:
    """Return the laps that were written to a file.

    Args:
        content: of the file, whole laps only.
    """
    return list(map(Lap._make, _LAP.iter_unpack(content)))
