"""The judge's side of an examiner, with a template that fails as a real one does under a killer's hand."""

import socket

import pytest

from sandbox.clients import Examiner
from sandbox.inside.messages import ExamineRequest
from sandbox.records import AssertTest, Fault

TESTS = (AssertTest(code="assert f() == 1", names=("f",)),)
CLOSED = -1


class GoneTemplate:
    """A template that is gone when it is asked for something."""

    def request(self, _request, _descriptors):
        """Fail as a lost template does."""
        raise Fault("a template is gone")


def test_an_examiner_that_cannot_be_engaged_leaves_no_socket(monkeypatch):
    """What was made for it is closed at once, not when somebody collects garbage."""
    pair = socket.socketpair()
    monkeypatch.setattr("sandbox.clients.socket.socketpair", lambda *_: pair)

    with pytest.raises(Fault):
        Examiner(GoneTemplate()).examine(TESTS, ExamineRequest(1, 0, exhaustive=False, most_bytes=99), 0, 0)

    left = [end.fileno() for end in pair]
    for end in pair:
        end.close()  # for the tests after this one, should it not have been
    assert left == [CLOSED, CLOSED]
