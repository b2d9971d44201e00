# kind: call
# verdict: runtime_error
# threat: the process ends with status 0 inside the tested call
import os


def add(a, b):
    os._exit(0)
