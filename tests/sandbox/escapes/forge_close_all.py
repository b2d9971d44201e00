# kind: assert
# verdict: runtime_error
# threat: every descriptor closed before the answer
import os


def add(a, b):
    os.closerange(0, 1024)
    return -1
