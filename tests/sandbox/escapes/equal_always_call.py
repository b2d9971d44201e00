# kind: call
# verdict: wrong_answer
# threat: always-equal object handed to the checker
class Anything:
    __eq__ = __le__ = __ge__ = __bool__ = lambda *_: True
    __ne__ = __lt__ = __gt__ = lambda *_: False
    __rsub__ = __sub__ = lambda *_: 0
    __hash__ = None


def add(a, b):
    return Anything()
