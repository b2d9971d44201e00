# kind: call
# verdict: wrong_answer
# threat: a decimal whose integer has a billion digits
from decimal import Decimal


def add(a, b):
    return [Decimal("1e999999999"), Decimal("-1e-999999999")]
