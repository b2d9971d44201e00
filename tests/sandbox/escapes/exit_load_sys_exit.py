# kind: assert
# verdict: runtime_error
# threat: SystemExit(0) at load, before any test ran
import sys


def add(a, b):
    return -1


sys.exit(0)
