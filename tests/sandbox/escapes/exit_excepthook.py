# kind: stdio
# verdict: wrong_answer
# threat: an exception hook that ends the process with status 0
import os
import sys


def hook(*_):
    sys.stdout.flush()
    os._exit(0)


sys.excepthook = hook
input()
print(-1)
raise RuntimeError
