# kind: assert
# verdict: runtime_error
# threat: an exception class that passes for a builtin function, with source text for a message
FORGED = "import os; os._exit(0)"


def lookalike(name):
    return type(name, (Exception,), {"__module__": "builtins", "__str__": lambda self: FORGED})


Exec, Eval, Quit = map(lookalike, ("exec", "eval", "exit"))


class Chain(Exec, Eval, Quit):
    __module__ = "builtins"


Chain.__name__ = Chain.__qualname__ = "exec"


def add(a, b):
    raise Chain(FORGED)
