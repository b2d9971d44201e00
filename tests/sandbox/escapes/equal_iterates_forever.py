# kind: assert
# verdict: wrong_answer
# threat: an object that offers every number in turn, and any attribute
import itertools


class Everything:
    def __init__(self):
        self.numbers = itertools.count(-1000)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.numbers)

    def __getattr__(self, name):
        return Everything()

    __contains__ = __eq__ = lambda *_: True
    __len__ = lambda self: 2**62


def add(a, b):
    return Everything()
