# kind: assert
# verdict: wrong_answer
# threat: a class whose metaclass answers every comparison and type check
class Meta(type):
    __eq__ = __instancecheck__ = __subclasscheck__ = __contains__ = __bool__ = lambda *_: True
    __ne__ = lambda *_: False
    __hash__ = type.__hash__
    __call__ = lambda cls, *_: cls


class add(metaclass=Meta):
    pass
