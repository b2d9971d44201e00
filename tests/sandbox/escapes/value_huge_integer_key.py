# kind: call
# verdict: wrong_answer
# threat: integers that can't be shown inside keys, ranges and fractions
from fractions import Fraction

HUGE = 2**100_000


def add(a, b):
    return {HUGE: range(HUGE), -HUGE: {Fraction(1, HUGE)}}
