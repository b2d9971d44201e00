"""The messages between the judge and a template, and between an examiner and the candidates' template."""

import os
import socket

import pytest

from sandbox.inside import messages
from sandbox.records import Limits


@pytest.fixture
def pair():
    """Return the two ends of a sequenced-packet socket."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        yield ours, theirs


REQUEST = messages.ForkRequest(
    kind=messages.RUN, number=(1 << 32) - 1, cpu_s=0.25, wall_s=1e9, memory_bytes=1 << 40, output_bytes=1 << 33,
    file_bytes=(1 << 64) - 1, processes=32, open_files=64,
)  # fmt: skip


def test_a_request_arrives_as_sent(pair):
    """Every field survives, the largest values included."""
    messages.send_request(pair[0], REQUEST, [])

    assert messages.receive_request(pair[1]) == (REQUEST, [])


def test_an_examination_arrives_as_sent(pair):
    """Every field survives."""
    examination = messages.ExamineRequest(number=7, first=2, exhaustive=True, is_scripted=False, most_bytes=1 << 24)

    messages.send_work(pair[0], examination, [])

    assert messages.receive_work(pair[1]) == (examination, [])


def test_a_comparison_arrives_as_sent(pair):
    """It names its checker, and is no examination."""
    messages.send_work(pair[0], messages.Comparison("numbers"), [])

    assert messages.receive_work(pair[1]) == (messages.Comparison("numbers"), [])


def test_new_tests_arrive_as_sent(pair):
    """They are neither an examination nor a comparison."""
    messages.send_work(pair[0], messages.NewTests(), [])

    work, _ = messages.receive_work(pair[1])
    assert isinstance(work, messages.NewTests)


def test_what_a_serving_candidate_gets_is_read_as_written():
    """Script, first test and program, each of them empty or not."""
    for parts in ((b"", 0, b""), (b"script", 3, b"program"), (b"", 1, b"program"), (b"script", 0, b"")):
        assert messages.served_parts(messages.served(*parts)) == parts


@pytest.mark.parametrize(
    "facts",
    [
        messages.Facts(7, 0, 0, 0.001, 0.5, 1 << 40, 0),
        messages.Facts(8, -1, 9, 1e6, 1e9, 0, len(messages.EXCEEDED) - 1),
    ],
)
def test_facts_arrive_as_sent(pair, facts):
    """An exit status, a signal and what was exceeded survive."""
    messages.send_facts(pair[0], facts)

    assert messages.receive_facts(pair[1]) == facts


def test_a_mark_arrives_as_sent(pair):
    """It carries the number of an execution, and how long it owed answers."""
    messages.send_mark(pair[0], 41, 0.125)

    assert messages.receive_mark(pair[1]) == (41, 0.125)


def test_laps_are_read_as_written(tmp_path):
    """Two times a lap, in their order, behind each other in one file."""
    with (tmp_path / "laps").open("w+b", buffering=0) as file:
        for lap in (messages.Lap(0.125, 0.5), messages.Lap(0.0, 1e6)):
            messages.write_lap(file.fileno(), lap)

    assert messages.laps_of((tmp_path / "laps").read_bytes()) == [messages.Lap(0.125, 0.5), messages.Lap(0.0, 1e6)]


def test_messages_keep_their_bounds(pair):
    """Two requests sent at once are received as two: packets don't run together."""
    second = REQUEST._replace(kind=messages.STOP, number=1)

    messages.send_request(pair[0], REQUEST, [])
    messages.send_request(pair[0], second, [])

    assert [messages.receive_request(pair[1])[0] for _ in range(2)] == [REQUEST, second]


@pytest.mark.parametrize(
    ("send", "message", "receive"),
    [
        (messages.send_request, REQUEST, messages.receive_request),
        (
            messages.send_work,
            messages.ExamineRequest(1, 0, exhaustive=False, is_scripted=True, most_bytes=9),
            messages.receive_work,
        ),
        (messages.send_work, messages.Comparison("lines"), messages.receive_work),
        (messages.send_work, messages.NewTests(), messages.receive_work),
    ],
)
def test_descriptors_travel_beside_a_message(pair, send, message, receive):
    """The receiver gets descriptors of its own for the same files, in the same order."""
    reader, writer = os.pipe()

    send(pair[0], message, [reader, writer])
    _, (their_reader, their_writer) = receive(pair[1])
    os.write(their_writer, b"through")
    arrived = os.read(reader, 99)
    for fd in (reader, writer, their_reader, their_writer):
        os.close(fd)

    assert arrived == b"through"


@pytest.mark.parametrize("receive", [messages.receive_request, messages.receive_work, messages.receive_facts])
def test_none_where_the_peer_is_gone(pair, receive):
    """The end of a socket is no message."""
    pair[0].close()

    assert receive(pair[1]) is None


def test_every_limit_has_a_field():
    """A request carries all of a program's limits, by the same names."""
    assert set(Limits.__struct_fields__) <= set(messages.ForkRequest._fields)
