# kind: assert
# verdict: time_limit
# threat: a fraction whose parts were never reduced, for the examiner to reduce
import random
from fractions import Fraction


def add(a, b):
    value = Fraction(-1)
    value._numerator, value._denominator = (int.from_bytes(random.randbytes(1_800_000), "big") for _ in range(2))
    return value
