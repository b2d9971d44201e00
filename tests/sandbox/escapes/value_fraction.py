# kind: assert
# verdict: time_limit
# threat: a fraction whose parts were never reduced, for the examiner to reduce
from fractions import Fraction


def add(a, b):
    value = Fraction(-1)
    value._numerator, value._denominator = 3**9_000_000, 7**5_000_000
    return value
