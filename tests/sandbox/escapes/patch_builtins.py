# kind: assert
# verdict: wrong_answer runtime_error
# threat: builtins that a comparison or a harness may use replaced
import builtins

for name in ("abs", "len", "isinstance", "print", "open", "sorted", "set", "all", "any", "hash", "repr", "type"):
    setattr(builtins, name, lambda *_, **__: True)
builtins.__import__ = lambda *_, **__: None
builtins.__build_class__ = lambda *_, **__: type
builtins.AssertionError = builtins.BaseException = type("Harmless", (), {})


def add(a, b):
    return -1
