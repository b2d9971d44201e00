"""Judging on a thread of its own, while the file of samples grows."""

import itertools
from collections import deque

import pytest

from harness.generation.generate import BackgroundJudge
from harness.runs.jsonl import append


@pytest.fixture
def path(tmp_path):
    """Return the file of samples, without any."""
    (tmp_path / "samples.jsonl").touch()
    return tmp_path / "samples.jsonl"


def test_each_row_is_judged_when_it_is_announced(path, make_sample):
    """In the order of the file; those that were there before are announced at once."""
    samples = [make_sample(index=index) for index in range(4)]
    judged = []

    def judge(announced, _halt):
        for sample in announced:
            judged.append(sample)
            yield sample

    with path.open("ab") as file, BackgroundJudge(path, judge) as background:
        append(file, samples[0])
        append(file, samples[1])
        background.announce(2)
        for sample in samples[2:]:
            append(file, sample)
            background.announce()
        for _ in background.rest():
            pass

    assert judged == samples


def test_those_judged_before_are_no_part_of_the_rest(path, make_sample):
    """All were judged while they were drawn, so nothing is left."""

    def judge(announced, _halt):
        yield from announced

    with path.open("ab") as file, BackgroundJudge(path, judge) as background:
        append(file, make_sample())
        background.announce()
        while background.judged < 1:
            pass

        assert list(background.rest()) == []


def test_a_judge_that_fails_stops_who_draws(path):
    """The next announcement raises what went wrong, or else an endless drawing would go on."""

    def judge(_announced, _halt):
        raise KeyError("no such task")
        yield

    with pytest.raises(KeyError, match="no such task"), BackgroundJudge(path, judge) as background:
        deque(map(background.announce, itertools.repeat(1)), maxlen=0)


def test_a_judge_that_fails_on_the_rest_is_told(path):
    """When nothing is drawn any more."""

    def judge(announced, _halt):
        yield from announced
        raise KeyError("no such task")

    with pytest.raises(KeyError, match="no such task"), BackgroundJudge(path, judge) as background:
        list(background.rest())


def test_leaving_halts(path):
    """What is drawn ends with an error, so the judge, who waits for nothing else, is told to stop."""
    ended = []

    def judge(_announced, halt):
        ended.append(halt.result(timeout=60))
        yield

    with pytest.raises(KeyboardInterrupt), BackgroundJudge(path, judge):
        raise KeyboardInterrupt

    assert ended == [None]
