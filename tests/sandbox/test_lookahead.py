"""How many values are fetched at once from an iterator of the program."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.inside.lookahead import MOST_ITEMS, Lookahead


def taken(lookahead, number, source, most):
    """Take values one by one as a test does; return them and the sizes of the fetches."""
    values, fetches = [], []
    while len(values) < most:
        if not lookahead.holds(number):
            wanted = lookahead.wanted(number)
            lookahead.another_request()
            fetches.append(wanted)
            lookahead.fill(number, [next(source) for _ in range(wanted)])
        values.append(lookahead.pop(number))
    return values, fetches


def test_the_first_values_are_fetched_one_by_one():
    """64 of them; then an eighth of what was taken."""
    values, fetches = taken(Lookahead(), 1, count(), 80)

    assert values == list(range(80))
    assert fetches == [1] * 64 + [8, 9]


def test_no_fetch_is_larger_than_the_bound():
    """From 8,000 values on, 1,000 at once."""
    _, fetches = taken(Lookahead(), 1, count(), 20_000)

    assert max(fetches) == MOST_ITEMS == 1000


def test_another_request_ends_the_row():
    """What the program was asked between may change what comes: one value, and 64 more until the next fetch ahead."""
    lookahead = Lookahead()
    taken(lookahead, 1, count(), 64)
    lookahead.another_request()

    assert lookahead.wanted(1) == 1


def test_iterators_in_turn_are_fetched_one_by_one():
    """Each asks for its value while the other waits, so neither is in a row."""
    lookahead, sources = Lookahead(), {1: count(), 2: count(100)}

    fetches = [taken(lookahead, number, sources[number], 1)[1] for _ in range(100) for number in (1, 2)]

    assert fetches == [[1]] * 200


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 200), st.booleans()), max_size=20))
def test_values_come_in_their_order_whatever_is_asked_between(steps):
    """No value is lost, doubled or given for another iterator's."""
    lookahead, sources, seen = Lookahead(), {n: count() for n in (1, 2, 3)}, {1: 0, 2: 0, 3: 0}
    for number, most, asks in steps:
        values, _ = taken(lookahead, number, sources[number], most)
        assert values == list(range(seen[number], seen[number] + most))
        seen[number] += most
        if asks:
            lookahead.another_request()


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("g = f()\nassert [next(g) for _ in range(100)] == list(range(100)) and computed() == 100", "wrong_answer"),
        ("g = f()\nassert [next(g) for _ in range(64)] == list(range(64)) and computed() == 64", "accepted"),
        ("assert all(x == computed() - 1 for x in f())", "accepted"),
    ],
)
def test_a_test_that_watches_the_program_meanwhile_sees_it_in_step(examine, code, verdict):
    """But for the last fetch of a long loop, which computes up to an eighth ahead."""
    program = "n = 0\ndef f():\n    global n\n    while n < 200:\n        n += 1\n        yield n - 1\ndef computed(): return n"

    assert examine(program, code, names=("f", "computed")).verdict.value == verdict


@pytest.mark.parametrize(("taken", "verdict"), [(100, "accepted"), (101, "output_limit")])
def test_a_value_that_is_too_large_fails_only_who_takes_it(examine, taken, verdict):
    """Though it is computed before, with the values that come before it."""
    program = "def f():\n    yield from range(100)\n    yield 'x' * 2000"

    judgement = examine(
        program, f"g = f()\nassert len([next(g) for _ in range({taken})]) == {taken}", output_bytes=1000
    )

    assert judgement.verdict.value == verdict
