"""Progress on stderr."""

import io
import threading

import pytest

from harness import progress
from harness.errors import UserError
from harness.progress import ProgressLog, announced, say, watched


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        """Say so."""
        return True


class Hand:
    """A clock that a test sets."""

    def __init__(self):
        """Begin at 100 s."""
        self.now_s = 100.0

    def __call__(self):
        """Return the time."""
        return self.now_s


def log_after(*rows_s, total, now_s, **options):
    """Return the line at a time, after rows that were done at others, all counted from the start."""
    clock = Hand()
    log = ProgressLog(total, "judged", clock, **options)
    for row_s in rows_s:
        clock.now_s = 100.0 + row_s
        log.count()
    clock.now_s = 100.0 + now_s
    return log.line()


def test_a_line_has_rate_and_time_left():
    """Three rows in 12 s are 0.25 a second, so three more take 12 s."""
    assert log_after(4, 8, 12, total=6, now_s=12) == "judged 3 of 6, 0.2/s, 0:00:12 left"
    assert log_after(4, 8, 12, 16, 20, 24, total=6, now_s=24) == "judged 6 of 6, 0.2/s, 0:00:00 left"


def test_rows_that_come_together_count_together():
    """Eight of 24 came at 300 s, as from one batch: two more such take 600 s, of which 60 have gone by since."""
    assert log_after(*[300] * 8, total=24, now_s=360) == "judged 8 of 24, 0.0/s, 0:09:00 left"


def test_before_the_first_row_there_is_no_time_left():
    """But what is told beside is there."""
    line = log_after(total=24, now_s=30, beside=lambda elapsed_s: f"token 5 after {elapsed_s:.0f} s")

    assert line == "judged 0 of 24, token 5 after 30 s"


def test_work_that_takes_longer_than_it_seemed_has_no_time_less_than_none():
    """One row in 10 s, and the second not after 50."""
    assert log_after(10, total=2, now_s=60) == "judged 1 of 2, 0.1/s, 0:00:00 left"


def test_work_that_goes_on_counts_from_where_it_was():
    """Three of six were done before; the rate is of what is done now."""
    assert log_after(5, 10, total=6, now_s=10, done=3) == "judged 5 of 6, 0.2/s, 0:00:05 left"


class Awaited(io.StringIO):
    """A stream that says when it was written to."""

    def __init__(self):
        """Begin without a text."""
        super().__init__()
        self.written = threading.Event()

    def write(self, text):
        """Write, and say so."""
        size = super().write(text)
        self.written.set()
        return size


def test_lines_come_while_a_row_is_awaited(monkeypatch):
    """The first row comes only once a line has."""
    monkeypatch.setattr(progress, "INTERVAL_S", 0.001)
    stream = Awaited()

    def slow():
        assert stream.written.wait(60)
        yield "a"

    assert list(watched(slow(), 1, "judged", stream, beside=lambda _: "token 3")) == ["a"]
    assert stream.getvalue().startswith("judged 0 of 1, token 3\n")


def test_work_that_is_given_up_shows_nothing_more():
    """Its thread ends with it."""
    rows = watched("abc", 3, "judged", io.StringIO())
    next(rows)
    assert "progress" in [thread.name for thread in threading.enumerate()]

    rows.close()

    assert "progress" not in [thread.name for thread in threading.enumerate()]


def test_more_is_told_beside_a_bar():
    """As in a log."""
    terminal = Terminal()

    list(watched("abc", 3, "drawn", terminal, beside=lambda _: "3 judged"))

    assert "3 judged" in terminal.getvalue()


def test_what_is_said_is_one_line_that_names_its_speaker(capsys):
    """A model's name may hold anything."""
    say("loading a\nb\x1b[2J")

    assert capsys.readouterr().err == "proctor: loading a b\\x1b[2J\n"


def test_what_takes_long_is_announced(monkeypatch):
    """Here the work ends only once it was."""
    stream = Awaited()
    monkeypatch.setattr(progress, "PATIENCE_S", 0.001)
    monkeypatch.setattr("sys.stderr", stream)

    with announced("loading m"):
        assert stream.written.wait(60)

    assert stream.getvalue() == "proctor: loading m\n"


def test_what_is_quick_or_fails_at_once_is_not_announced(monkeypatch, capsys):
    """A mistake stays one line."""
    monkeypatch.setattr(progress, "PATIENCE_S", 60.0)

    with pytest.raises(UserError), announced("loading m"):
        raise UserError("no such model")

    assert capsys.readouterr().err == ""


def test_quick_work_is_silent():
    """Nothing is told of what takes less than ten seconds."""
    stream = io.StringIO()

    assert list(watched("abc", 3, "judged", stream, lambda: 0.0)) == list("abc")
    assert stream.getvalue() == ""


def test_a_bar_on_a_terminal():
    """A terminal sees how far it is and how fast."""
    stream = Terminal()

    assert list(watched("abc", 3, "judged", stream)) == list("abc")
    assert "3/3" in stream.getvalue()
