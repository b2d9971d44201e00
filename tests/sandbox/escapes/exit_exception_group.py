# kind: call
# verdict: runtime_error
# threat: an exception group, which no single message can rebuild
import builtins


def add(a, b):
    group = getattr(builtins, "BaseExceptionGroup", None)
    if group is None:
        raise KeyboardInterrupt
    raise group("several", [SystemExit(0), KeyboardInterrupt()])
