# kind: assert
# verdict: wrong_answer
# threat: a function, a module, a type and a coroutine instead of a number
import sys


async def later():
    return 3


def add(a, b):
    return {"f": lambda: 3, "m": sys, "t": int, "c": later(), "e": ..., "n": NotImplemented}
