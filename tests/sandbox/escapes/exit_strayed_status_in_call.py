# kind: call
# verdict: runtime_error
# threat: the status of a fault of the sandbox, given by the program under test
import os


def add(a, b):
    os._exit(70)
