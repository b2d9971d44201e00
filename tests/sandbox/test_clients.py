"""The judge's side of an examiner, with a template that fails as a real one does under a killer's hand."""

import os
import signal
import socket

import pytest

from sandbox.examiner_client import Examiner, ExaminerFailed, Unfinished
from sandbox.inside.clock import Clock
from sandbox.inside.messages import EXCEEDED, ExamineRequest, Facts
from sandbox.records import AssertTest, CallTest, Fault

TESTS = (AssertTest(code="assert f() == 1", names=("f",)),)
OTHER = (AssertTest(code="assert f() == 2", names=("f",)),)
AGAIN = (AssertTest(code="assert f() == 1", names=("f",)),)
ONE, TRUE = ((CallTest(function="f", arguments=(), expected=expected),) for expected in (1, True))
CLOSED = -1
ONE_PROGRAM = ExamineRequest(1, 0, exhaustive=False, is_scripted=True, most_bytes=99)


class GoneTemplate:
    """A template that is gone when something is requested of it."""

    def request(self, _request, _descriptors):
        """Fail as a lost template does."""
        raise Fault("a template is gone")


class Template:
    """A template whose examiners say and do what a test says."""

    def __init__(self):
        """Begin with an examiner that ends well."""
        self.examiners, self.facts_read = [], 0
        self.ending, self.greeting = {"exit_code": 0}, b"ps"

    def request(self, _request, descriptors):
        """Keep the examiner's end of its socket; it says at once whether its tests are plain."""
        self.examiners.append(socket.socket(fileno=os.dup(descriptors[1])))
        self.examiners[-1].send(self.greeting)

    def facts(self):
        """Return how the examiner ended."""
        self.facts_read += 1
        empty = {"number": 0, "exit_code": -1, "signal": 0, "cpu_s": 0.0, "wall_s": 0.0, "peak_memory_bytes": 0}
        return Facts(**{**empty, "exceeded": 0, **self.ending})

    def log(self):
        """Return its last words."""
        return "last words"

    def close(self):
        """End all examiners."""
        for end in self.examiners:
            end.close()


@pytest.fixture
def template():
    """Return a template that does as a test says."""
    return Template()


@pytest.fixture
def examiner(template):
    """Return an examiner of this template."""
    examiner = Examiner(template)
    yield examiner
    examiner.close()


def put(examiner, tests=TESTS):
    """Put a program to the tests; the descriptors that travel are those of the clock."""
    examiner.script(tests)
    examiner.examine(ONE_PROGRAM, examiner.clock)


def test_an_examiner_that_cannot_be_engaged_leaves_no_socket(monkeypatch):
    """What was made for it is closed at once, not when somebody collects garbage."""
    pair = socket.socketpair()
    monkeypatch.setattr("sandbox.examiner_client.socket.socketpair", lambda *_: pair)

    with pytest.raises(Fault):
        Examiner(GoneTemplate()).script(TESTS)

    left = [end.fileno() for end in pair]
    for end in pair:
        end.close()  # for the tests after this one, should it not have been
    assert left == [CLOSED, CLOSED]


ENDINGS = [
    ({"signal": signal.SIGXCPU}, "cpu"),
    ({"signal": signal.SIGKILL, "exceeded": EXCEEDED.index("wall")}, "wall"),
    ({"signal": signal.SIGKILL, "exceeded": EXCEEDED.index("memory")}, "memory"),
    ({"exit_code": 1, "exceeded": EXCEEDED.index("memory")}, "memory"),
    ({"signal": signal.SIGKILL}, "memory"),
    ({"signal": signal.SIGSEGV}, None),
    ({"exit_code": 0}, None),
]


@pytest.mark.parametrize(("ending", "exceeded"), ENDINGS)
def test_an_examiner_that_ends_over_an_answer_could_not_finish(examiner, template, ending, exceeded):
    """By the limit that the kernel names, or by a crash."""
    template.ending = ending
    put(examiner)
    Clock(examiner.clock, -1).set_answers(1)
    template.close()

    with pytest.raises(Unfinished) as raised:
        examiner.wait(99.0)

    assert raised.value.exceeded == exceeded


@pytest.mark.parametrize("ending", [ending for ending, _ in ENDINGS])
def test_an_examiner_that_ends_before_any_answer_has_failed(examiner, template, ending):
    """That is no program's doing, and its template's last words say what happened."""
    template.ending = ending
    put(examiner)
    template.close()

    with pytest.raises(ExaminerFailed, match="last words"):
        examiner.wait(99.0)


def test_an_examiner_that_says_nothing_is_not_waited_for_for_ever(examiner):
    """Its end is then what its template says of it."""
    put(examiner)

    with pytest.raises(ExaminerFailed, match="last words"):
        examiner.wait(0.01)


def test_an_examiner_that_is_closed_leaves_nothing(template):
    """No descriptor, and no examiner that waits for work."""
    examiner = Examiner(template)
    put(examiner)
    with template.examiners[0].dup() as end:
        end.recv(99)
        examiner.close()
        assert end.recv(99) == b""

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(examiner.clock)


def test_an_examiner_that_is_gone_is_a_fault(examiner, template):
    """Where it does not even take the program."""
    put(examiner)
    template.close()

    with pytest.raises(Fault, match="gone: last words"):
        put(examiner)


@pytest.mark.parametrize(
    ("letters", "tests", "examiners"),
    [(b"ds", TESTS, 1), (b"ds", AGAIN, 1), (b"ds", OTHER, 2), (b"ds", TESTS * 2, 2), (b"ds", (), 2), (b"dl", TESTS, 2)],
)
def test_an_examiner_serves_the_same_tests_until_it_is_large(examiner, template, letters, tests, examiners):
    """Two programs have one examiner, unless the second has other tests or the first one left it large.

    What its template says of the end of one that is let go is read, lest it be taken for that of the next.
    """
    template.greeting = b"ns"
    put(examiner)
    template.examiners[0].send(letters)
    examiner.wait(99.0)

    put(examiner, tests)

    assert (len(template.examiners), template.facts_read) == (examiners, examiners - 1)


def test_tests_that_expect_other_types_are_others(examiner, template):
    """To Python 1 equals True; a program that returns one for the other is wrong."""
    template.greeting = b"ns"
    put(examiner, ONE)
    template.examiners[0].send(b"ds")
    examiner.wait(99.0)

    put(examiner, TRUE)

    assert len(template.examiners) == 2


@pytest.mark.parametrize(("letters", "examiners"), [(b"ps", 1), (b"ns", 2), (b"pl", 2)])
def test_an_examiner_of_plain_tests_takes_over_others(examiner, template, letters, examiners):
    """Unless these are not plain, or it has become large over them."""
    put(examiner)
    template.examiners[0].send(b"ks")
    examiner.wait(99.0)
    template.examiners[0].send(letters)

    put(examiner, OTHER)

    assert len(template.examiners) == examiners


@pytest.mark.parametrize(("letters", "same"), [(b"ys", True), (b"ns", False)])
def test_a_comparison_is_what_the_examiner_says(examiner, template, letters, same):
    """Yes or no, and that it stays small."""
    put(examiner)
    template.examiners[0].send(letters)

    assert examiner.compare("lines", examiner.clock, examiner.clock, 99.0) is same


def test_a_comparison_that_takes_too_much_memory_is_not_finished(examiner, template):
    """The examiner lives, and says so itself."""
    put(examiner)
    template.examiners[0].send(b"ms")

    with pytest.raises(Unfinished) as raised:
        examiner.compare("lines", examiner.clock, examiner.clock, 99.0)

    assert raised.value.exceeded == "memory"
