# kind: assert
# verdict: wrong_answer runtime_error
# threat: a metaclass that lies about the bases along which a plain value is looked for
class Meta(type):
    @property
    def __mro__(cls):
        return (int, object)

    @property
    def __name__(cls):
        return "int"


class Result(metaclass=Meta):
    __module__ = "builtins"
    __int__ = __index__ = lambda self: self
    __eq__ = lambda *_: True


def add(a, b):
    return Result()
