"""Files in memory: what a process of the jail finds in one, and what is left of it."""

import os

import pytest

from sandbox.clients import memory_file
from sandbox.inside.messages import content_of


def test_a_file_is_read_from_its_start():
    """Its content is there, and nothing of it has been read."""
    with memory_file(b"12345") as fd:
        assert (os.read(fd, 99), os.read(fd, 99)) == (b"12345", b"")


def test_no_more_is_read_of_a_file_than_wanted():
    """Its first bytes, wherever it was read or written last."""
    with memory_file(b"12345") as fd:
        os.lseek(fd, 4, os.SEEK_SET)

        assert [content_of(fd, most) for most in (0, 3, 5, 99)] == [b"", b"123", b"12345", b"12345"]


def test_who_writes_to_a_shared_file_overwrites_nobody():
    """Each write goes behind all others, also by one who still stands at the start."""
    with memory_file(append=True) as fd:
        os.write(fd, b"one")
        os.lseek(fd, 0, os.SEEK_SET)
        os.write(fd, b"two")

        assert content_of(fd, 99) == b"onetwo"


def test_a_file_is_closed_behind_its_user():
    """Also where that one fails."""
    with pytest.raises(ValueError, match="failed"), memory_file() as fd:
        raise ValueError("failed")

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
