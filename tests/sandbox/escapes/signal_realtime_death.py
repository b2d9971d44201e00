# kind: assert
# verdict: runtime_error
# threat: death by a real-time signal, which has no name
import os


def add(a, b):
    os.kill(os.getpid(), 40)
    return -1
