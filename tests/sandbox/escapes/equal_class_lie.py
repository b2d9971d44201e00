# kind: assert
# verdict: wrong_answer
# threat: an object whose __class__ says int and whose conversions lie
class Liar:
    @property
    def __class__(self):
        return int

    def __eq__(self, other):
        self.seen = other
        return True

    def __index__(self):
        return getattr(self, "seen", -1)

    __int__ = __hash__ = __index__


def add(a, b):
    return Liar()
