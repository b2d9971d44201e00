# kind: assert
# verdict: runtime_error
# threat: a read from address zero
import ctypes


def add(a, b):
    return ctypes.string_at(0)
