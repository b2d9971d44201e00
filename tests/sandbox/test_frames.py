"""Texts over a stream between an examiner and a candidate that may send anything, or nothing."""

import socket
import struct
from concurrent.futures import ThreadPoolExecutor

import pytest

from sandbox.inside.stream import Gone, Stream, TooLong


@pytest.fixture
def pair():
    """Return the two ends of a stream."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def lines(pair):
    """Return a line on either end."""
    return tuple(Stream(sock.fileno()) for sock in pair)


@pytest.mark.parametrize("text", ["", "[1, 2]", "x" * 100_000])
def test_a_text_arrives_whole(lines, text):
    """What is sent is received, also where it is empty or long."""
    ours, theirs = lines

    ours.send(text)

    assert theirs.receive(100_000) == text.encode()


def test_texts_arrive_one_by_one(lines):
    """Two texts sent at once are received as two."""
    ours, theirs = lines

    ours.send("first")
    ours.send("second")

    assert [theirs.receive(99) for _ in range(2)] == [b"first", b"second"]


def test_what_comes_with_a_text_is_the_beginning_of_the_next(pair):
    """A stream knows no borders: one text and a half at once are one text, and the rest of the other once it comes."""
    ours, theirs = pair
    line = Stream(theirs.fileno())

    ours.send(struct.pack("=I", 3) + b"one" + struct.pack("=I", 5) + b"th")
    first = line.receive(99)
    ours.send(b"ree")

    assert (first, line.receive(99)) == (b"one", b"three")


def test_a_text_longer_than_the_socket_holds_arrives_whole(lines):
    """5 MB don't fit in a socket's buffer: both sides go on until all has passed."""
    ours, theirs = lines
    text = "0123456789" * 500_000

    with ThreadPoolExecutor(1) as threads:
        sent = threads.submit(ours.send, text)
        received = theirs.receive(1 << 23)
        sent.result()

    assert received == text.encode()


def test_a_text_as_long_as_agreed_is_received(lines):
    """The limit itself is allowed."""
    ours, theirs = lines

    ours.send("12345")

    assert theirs.receive(5) == b"12345"


@pytest.mark.parametrize("length", [6, 0xFFFFFFFF])
def test_a_longer_text_is_refused_before_it_comes(pair, length):
    """The announced length decides, so nothing is allocated for what may never come."""
    ours, theirs = pair

    ours.send(struct.pack("=I", length))

    with pytest.raises(TooLong, match=f"{length} bytes where 5 are allowed"):
        Stream(theirs.fileno()).receive(5)


@pytest.mark.parametrize("sent", [b"", b"\5", b"\5\0\0\0", b"\5\0\0\0half"], ids=len)
def test_half_a_frame_means_that_the_peer_is_gone(pair, sent):
    """A stream that ends within a length or a text is no text."""
    ours, theirs = pair

    ours.send(sent)
    ours.close()

    with pytest.raises(Gone):
        Stream(theirs.fileno()).receive(99)


def test_sending_to_a_closed_peer_is_gone(pair):
    """Nobody listens: Gone, and no SIGPIPE."""
    ours, theirs = pair

    theirs.close()

    with pytest.raises(Gone):
        Stream(ours.fileno()).send("text")


@pytest.mark.parametrize("deed", [lambda line: line.send("text"), lambda line: line.receive(99)])
def test_a_closed_descriptor_is_gone(pair, deed):
    """A program that closes the descriptor of its own server has left the conversation."""
    ours, _ = pair
    fd = ours.detach()
    socket.close(fd)

    with pytest.raises(Gone):
        deed(Stream(fd))
