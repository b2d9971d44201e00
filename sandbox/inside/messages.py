"""Defines the messages between the judge, the templates, examiners and candidates.

Those of the judge and the templates are fixed-size records on sequenced-packet sockets; descriptors travel beside the
request. No message holds a program, a test or a value: these lie in memory files which only the forked process reads,
so that a template's memory, which every candidate inherits, never held them. An examiner and a candidate exchange
texts over a stream socket, each led by its length in four bytes.

Runs in the examined interpreter (CPython 3.10 and newer): standard library only.
"""

import array
import os
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

_LENGTH = struct.Struct("=I")
_LEAST_READ, _MOST_READ = 1 << 16, 1 << 20


class Gone(ConnectionError):  # noqa: N818 - says what happened to the peer
    """Reports a peer that closed the connection, or died."""


class TooLong(ValueError):  # noqa: N818 - names the peer's fault
    """Reports a message longer than was agreed."""


class Stream:
    """Exchanges texts over one end of a stream."""

    def __init__(self, fd: int) -> None:
        """Talk over a connected stream socket."""
        self._fd = fd
        self._unread = b""

    def send(self, text: str) -> None:
        """Send a text, whole; raise Gone where the peer has closed."""
        data = text.encode("ascii")
        rest = memoryview(_LENGTH.pack(len(data)) + data)
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError:
            raise Gone from None

    def receive(self, most_bytes: int) -> bytes:
        """Return the next text.

        Raises:
            Gone: at the end of the stream.
            TooLong: where more than `most_bytes` are announced.
        """
        (length,) = _LENGTH.unpack(self._take(_LENGTH.size))
        if length > most_bytes:
            raise TooLong(f"a value of {length} bytes where {most_bytes} are allowed")
        return self._take(length)

    def _take(self, count: int) -> bytes:
        """Return the next bytes of the stream; what is read beyond them is kept, so one read mostly brings a text."""
        chunks, missing = [self._unread], count - len(self._unread)
        while missing > 0:
            try:
                chunk = os.read(self._fd, max(_LEAST_READ, min(missing, _MOST_READ)))
            except OSError:
                raise Gone from None
            if not chunk:
                raise Gone
            chunks.append(chunk)
            missing -= len(chunk)
        found = b"".join(chunks)
        self._unread = found[count:]
        return found[:count]


RUN, SERVE, EXAMINE, STOP = range(4)
"""Requests: run a program on its standard input, serve a program's functions, examine programs, end the execution."""

EXCEEDED: tuple[Literal["cpu", "wall", "memory", "file_size", "host_memory"] | None, ...] = (
    None, "cpu", "wall", "memory", "file_size", "host_memory",
)  # fmt: skip
"""What template and warden can see exceeded; the index travels. `host_memory`: the kernel killed a process because
the host, or a group around ours, has too little memory."""

_REQUEST, _CPU_LIMIT, _NUMBER = struct.Struct("=BdddQQQQQI"), struct.Struct("=d"), struct.Struct("=I")
LIMITS_BYTES = _REQUEST.size - _NUMBER.size
"""How many bytes of a request tell its kind and its limits: all but the number."""
_EXAMINATION = struct.Struct("=II?Q")
_FACTS = struct.Struct("=IiiddQB")
_MARK = struct.Struct("=Id")
_LAP = struct.Struct("=dd")
_MOST_DESCRIPTORS = 8
_MOST_RIGHTS_BYTES = socket.CMSG_SPACE(_MOST_DESCRIPTORS * 4)
_RIGHTS = tuple(struct.Struct(f"={count}i") for count in range(_MOST_DESCRIPTORS + 1))
Receive = Callable[[int, int], tuple[bytes, list[Any], int, Any]]
_EXAMINE, _COMPARE, _MOST_WORK_BYTES = b"E", b"C", 256


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
    most_bytes: int


class Lap(NamedTuple):
    """Counts a candidate's time in one test: CPU time since the mark before, and the time that it owed answers."""

    cpu_s: float
    wall_s: float


def send_request(sock: socket.socket, request: ForkRequest, descriptors: list[int]) -> None:
    """Send a request with the descriptors that the forked process will own."""
    _send(sock, packet_of(request), descriptors)


def packet_of(request: ForkRequest) -> bytes:
    """Return a request as it travels: first its kind, last its number."""
    return _REQUEST.pack(*request)


def receive_request(sock: socket.socket) -> tuple[ForkRequest, list[int]] | None:
    """Return the next request and its descriptors, or None where the judge is gone."""
    data, descriptors = receive_packet(sock.recvmsg)
    return (request_in(data), list(descriptors)) if data else None


def receive_packet(receive: Receive) -> tuple[bytes, tuple[int, ...]]:
    """Return the next request as it came, empty where the judge is gone, and its descriptors.

    Args:
        receive: the method `recvmsg` of the socket.
    """
    packet, rights, _, _ = receive(_REQUEST.size, _MOST_RIGHTS_BYTES)
    return packet, _RIGHTS[len(rights[0][2]) // 4].unpack(rights[0][2]) if rights else ()


def request_in(packet: bytes) -> ForkRequest:
    """Return the request in a packet."""
    return ForkRequest._make(_REQUEST.unpack(packet))


def number_in(packet: bytes) -> int:
    """Return the number of the request in a packet."""
    number: int = _NUMBER.unpack_from(packet, LIMITS_BYTES)[0]
    return number


def cpu_limit_in(packet: bytes) -> float:
    """Return the CPU seconds that the request in a packet allows."""
    cpu_s: float = _CPU_LIMIT.unpack_from(packet, 1)[0]
    return cpu_s


def send_examination(sock: socket.socket, examination: ExamineRequest, descriptors: list[int]) -> None:
    """Send a program to an examiner: the file for its results and the socket to the candidate."""
    _send(sock, _EXAMINE + _EXAMINATION.pack(*examination), descriptors)


def send_comparison(sock: socket.socket, checker: str, descriptors: list[int]) -> None:
    """Send what a program printed to an examiner: the file that is expected, and the actual one."""
    _send(sock, _COMPARE + checker.encode(), descriptors)


def receive_work(sock: socket.socket) -> tuple[ExamineRequest | str, list[int]] | None:
    """Return the next program to examine, or the checker of the next comparison; None where there is none to come."""
    data, descriptors = _receive(sock, _MOST_WORK_BYTES)
    if not data:
        return None
    if data[:1] == _COMPARE:
        return data[1:].decode(), descriptors
    return ExamineRequest._make(_EXAMINATION.unpack(data[1:])), descriptors


def _send(sock: socket.socket, data: bytes, descriptors: list[int]) -> None:
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    sock.sendmsg([data], rights)


def _receive(sock: socket.socket, size: int) -> tuple[bytes, list[int]]:
    data, ancillary, _, _ = sock.recvmsg(size, _MOST_RIGHTS_BYTES)
    descriptors = array.array("i")
    for _, _, payload in ancillary:
        descriptors.frombytes(payload)
    return data, descriptors.tolist()


def packet_of_facts(facts: Facts) -> bytes:
    """Return how an execution ended, as it travels."""
    return _FACTS.pack(*facts)


def receive_facts(sock: socket.socket) -> Facts | None:
    """Return how an execution ended, or None where the template is gone."""
    data = sock.recv(_FACTS.size)
    return Facts._make(_FACTS.unpack(data)) if data else None


def send_mark(sock: socket.socket, number: int, wall_s: float) -> None:
    """Let the next lap of execution `number` begin, after one in which it owed answers for so long."""
    sock.send(_MARK.pack(number, wall_s))


def receive_mark(sock: socket.socket) -> tuple[int, float]:
    """Return the number of the execution whose next lap begins, and for how long it owed answers in the one before."""
    data = sock.recv(_MARK.size)
    if not data:
        raise RuntimeError("the examiners' template is gone")
    number, wall_s = _MARK.unpack(data)
    return number, wall_s


def content_of(fd: int, most_bytes: int = sys.maxsize) -> bytes:
    """Return the content of a memory file, or the first `most_bytes` of it, from its start."""
    return os.pread(fd, min(os.fstat(fd)[6], most_bytes), 0)  # by its place, the size is found without a look at names


def write_lap(fd: int, lap: Lap) -> None:
    """Append a lap to a file."""
    os.write(fd, _LAP.pack(*lap))


def laps_of(content: bytes) -> list[Lap]:
    """Return the laps that were written to a file."""
    return list(map(Lap._make, _LAP.iter_unpack(content)))
