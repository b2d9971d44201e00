# kind: call
# verdict: wrong_answer
# threat: a list that shows other items at every reading
class Shifty(list):
    looks = 0

    def __iter__(self):
        Shifty.looks += 1
        return iter([Shifty.looks])

    __eq__ = lambda *_: True
    __len__ = lambda self: 1
    __getitem__ = lambda self, key: Shifty.looks


def add(a, b):
    return Shifty([-1])
