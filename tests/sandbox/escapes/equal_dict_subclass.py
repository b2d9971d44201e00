# kind: assert
# verdict: wrong_answer
# threat: a dictionary with lying views, keys and hash
class Liar(dict):
    __eq__ = __contains__ = lambda *_: True
    __ne__ = lambda *_: False
    __hash__ = lambda self: 3
    items = keys = values = lambda self: self
    __missing__ = lambda self, key: key


def add(a, b):
    return Liar({-1: -1})
