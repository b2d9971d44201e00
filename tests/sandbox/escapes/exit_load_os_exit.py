# kind: assert
# verdict: runtime_error
# threat: the process ends with status 0 while the program loads
import os

os._exit(0)


def add(a, b):
    return -1
