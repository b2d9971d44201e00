# kind: call
# verdict: accepted
# threat: none: an int of a class of its own, and an enumeration's member
import enum


class Number(int):
    def __repr__(self):
        return f"Number({int(self)})"


def add(a, b):
    if a == 10:
        return enum.IntEnum("Sum", {"SIX": a + b}).SIX
    return Number(a + b)
