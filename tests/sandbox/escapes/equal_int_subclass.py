# kind: assert
# verdict: wrong_answer
# threat: a subclass of int that equals everything
class Liar(int):
    __eq__ = __bool__ = lambda *_: True
    __ne__ = lambda *_: False
    __hash__ = int.__hash__
    __int__ = __index__ = __trunc__ = __abs__ = lambda self: self


def add(a, b):
    return Liar(-1)
