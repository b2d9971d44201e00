"""Screening: what parses, what has the same tokens, and sources that are made to hurt the parser."""

import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainers.compile import screening
from trainers.compile.screening import Screened, screen

PLAIN = "for i in range(3):\n    print(i)\n"
CRASHED = Screened(parses=False, tokens_digest=b"")


@pytest.mark.parametrize("source", ["print 1\n", "def f(:\n", "\0", "x = (" + "(" * 300, "if x:\nprint(1)\n"])
def test_what_is_no_python_3(source):
    """It is reported, and has a digest all the same."""
    (found,) = screen([source])

    assert not found.parses
    assert len(found.tokens_digest) == 16


@pytest.mark.parametrize(
    "other",
    [
        "for i in range(3):\n  print(i)",
        "# why\n\nfor i in range( 3 ): # what\n\n\tprint(i)\n\n",
        "for i in (\n  range\n  )(3):\n    print(i)\n".replace("(\n  range\n  )(3)", "range(\n  3\n)"),
    ],
)
def test_layout_and_comments_make_no_difference(other):
    """Their tokens are the same."""
    first, second = screen([PLAIN, other])

    assert first.tokens_digest == second.tokens_digest


@pytest.mark.parametrize(
    "other",
    [
        "for j in range(3):\n    print(j)\n",
        "for i in range(3):\n    pass\nprint(i)\n",
        "for i in range(4):\n    print(i)\n",
    ],
)
def test_other_programs_differ(other):
    """A name, a number or a block is another program."""
    first, second = screen([PLAIN, other])

    assert first.tokens_digest != second.tokens_digest


def test_a_block_matters():
    """The same words at another indent are not the same program."""
    first, second = screen(["if x:\n  a()\n  b()\n", "if x:\n  a()\nb()\n"])

    assert first.tokens_digest != second.tokens_digest


def test_a_crash_costs_one_source(monkeypatch):
    """The sources before and behind it are judged as ever."""
    parse = screening.ast.parse

    def crash(source):
        if source == "crash":
            signal.raise_signal(signal.SIGKILL)
        return parse(source)

    monkeypatch.setattr(screening.ast, "parse", crash)
    first, second, third, fourth = screen([PLAIN, "crash", "crash", PLAIN])

    assert (second, third) == (CRASHED, CRASHED)
    assert first == fourth
    assert first.parses


def test_an_endless_parse_costs_one_source(monkeypatch):
    """The kernel ends it, even where no signal handler of Python's would run."""

    def hang(source):
        return sum(1 for _ in iter(int, 1)) if source == "hang" else None

    monkeypatch.setattr(screening.ast, "parse", hang)
    first, second, third = screen([PLAIN, "hang", PLAIN], cpu_limit_s=0.05)

    assert second == CRASHED
    assert first == third
    assert first.parses


@pytest.mark.parametrize(
    "source",
    ["-" * 60_000 + "1", "a" + ".a" * 30_000, "x = " + "[" * 60_000, "a" + "+a" * 30_000, "\t" * 60_000, "'" * 60_000],
    ids=["signs", "attributes", "brackets", "sums", "tabs", "quotes"],
)
def test_hostile_sources_are_survived(source):
    """As large as they may be; the next one is judged as ever."""
    _, found = screen([source, PLAIN])

    assert found.parses


def test_nothing_comes_of_nothing():
    """No source, no child."""
    assert screen([]) == ()


@pytest.mark.slow
@given(st.lists(st.text(max_size=60), max_size=5))
def test_every_source_has_an_answer(sources):
    """In their order, for any texts; the same text gives the same answer."""
    found = screen(sources)

    assert len(found) == len(sources)
    assert found[::-1] == screen(sources[::-1])
