# kind: assert
# verdict: accepted
# threat: none: a Decimal or a Fraction that equals the integer
from decimal import Decimal
from fractions import Fraction


def add(a, b):
    return Decimal(a) + Decimal(b) if a == 1 else Fraction(a + b, 1)
