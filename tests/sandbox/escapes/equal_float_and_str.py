# kind: assert
# verdict: wrong_answer
# threat: subclasses of float and str which convert to whatever is asked
class Number(float):
    __eq__ = __ge__ = __le__ = lambda *_: True
    __hash__ = lambda self: hash(3)
    __float__ = lambda self: self
    __round__ = lambda self, digits=None: self


class Text(str):
    __eq__ = lambda *_: True
    __hash__ = lambda self: hash("3")
    __str__ = __repr__ = __format__ = lambda self, *_: self


def add(a, b):
    return Number("nan") if a == 1 else Text("")
