"""Progress on stderr."""

import io

from harness.progress import watched


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        """Say so."""
        return True


def test_a_line_every_ten_seconds():
    """One row takes 4 s: lines come at 12 s and 24 s, with rate and time left."""
    clock_s = iter(range(0, 100, 4))
    stream = io.StringIO()

    rows = list(watched("abcdef", 6, "judged", stream, lambda: next(clock_s)))

    assert rows == list("abcdef")
    assert stream.getvalue() == ("judged 3 of 6, 0.2/s, 0:00:12 left\njudged 6 of 6, 0.2/s, 0:00:00 left\n")


def test_more_is_told_beside():
    """What it says may depend on the seconds that have gone by."""
    clock_s = iter(range(0, 100, 4))
    stream, terminal = io.StringIO(), Terminal()

    list(watched("abc", 3, "drawn", stream, lambda: next(clock_s), beside=lambda elapsed_s: f"{elapsed_s:.0f} s"))
    list(watched("abc", 3, "drawn", terminal, beside=lambda _: "3 judged"))

    assert stream.getvalue() == "drawn 3 of 3, 0.2/s, 0:00:00 left, 12 s\n"
    assert "3 judged" in terminal.getvalue()


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


def test_work_that_goes_on_counts_from_where_it_was():
    """Three of six were done before; the rate is of what is done now."""
    clock_s = iter(range(0, 100, 5))
    stream = io.StringIO()

    rows = watched("def", 6, "trained", stream, lambda: next(clock_s), done=3)

    assert list(rows) == list("def")
    assert stream.getvalue() == "trained 5 of 6, 0.2/s, 0:00:05 left\n"
