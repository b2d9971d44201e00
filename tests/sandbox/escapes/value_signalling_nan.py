# kind: assert
# verdict: wrong_answer runtime_error
# threat: a decimal that raises at the first comparison
from decimal import Decimal


class Three(Decimal):
    def __str__(self):
        return "sNaN"


def add(a, b):
    return Three(-1)
