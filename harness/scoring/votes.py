"""Scores a vote among samples: the answers that most of k samples give are taken."""

import hashlib
from collections import defaultdict
from fractions import Fraction
from functools import lru_cache
from math import comb

import msgspec

from harness.runs.records import Evaluation
from sandbox.records import Verdict

VOTED_KINDS = frozenset({"stdio", "call"})
"""Kinds of test of which an evaluation has each wrong answer; an assertion hides what it compared."""


def answers_key(evaluation: Evaluation) -> bytes:
    """Return a hash of the answers to all tests; right ones are all alike.

    Args:
        evaluation: exhaustive, of a program that answered every test. An answer is known as far as it is shown.

    Returns:
        16 bytes, equal for equal answers.
    """
    answers = [(outcome.verdict, outcome.actual) for outcome in evaluation.per_test]
    return hashlib.blake2b(msgspec.msgpack.encode(answers), digest_size=16).digest()


def votes(evaluation: Evaluation) -> bool:
    """Return whether a sample votes for something wrong: it has an answer to every test, and one is wrong.

    Args:
        evaluation: whose verdict is the gravest of its tests; a program that failed or ran too long doesn't vote.
    """
    return evaluation.verdict is Verdict.WRONG_ANSWER


@lru_cache(maxsize=1 << 14)
def majority_at_k(n: int, c: int, others: tuple[int, ...], k: int) -> float:
    """Return the chance that the most common answers among k of n samples are right.

    Exact over all sets of k samples, and so without bias for k new samples. Answers that are equally common win equally
    often; samples without answers don't vote, and where none votes nothing is right.

    >>> majority_at_k(4, 2, (1, 1), 3)  # of four sets two have both right ones, in two all differ: (2 + 2/3) / 4
    0.6666666666666666

    Args:
        n: samples.
        c: right ones.
        others: sizes of the groups of wrong ones with equal answers; the rest of the n has no answers.
        k: samples that vote.

    Returns:
        The chance, in [0, 1].
    """
    won = Fraction(0)
    for right in range(1, min(c, k) + 1):
        ways = _ways(tuple(size for size in others if size >= right), right, k - right)
        # The rest can neither win nor draw level, so it doesn't matter of which groups they are.
        rest = n - c - sum(size for size in others if size >= right)
        for (chosen, level), count in ways.items():
            won += Fraction(comb(c, right) * count * comb(rest, k - right - chosen), level + 1)
    return float(won / comb(n, k))


def _ways(sizes: tuple[int, ...], most: int, room: int) -> dict[tuple[int, int], int]:
    """Return the number of ways to choose from groups by how many are chosen, and of how many groups `most` are.

    Args:
        sizes: of the groups, each at least `most`.
        most: to be chosen of a group.
        room: to be chosen of all.
    """
    ways = {(0, 0): 1}
    for size in sizes:
        grown = defaultdict[tuple[int, int], int](int)
        for (chosen, level), count in ways.items():
            for taken in range(min(most, room - chosen) + 1):
                grown[chosen + taken, level + (taken == most)] += count * comb(size, taken)
        ways = grown
    return ways
