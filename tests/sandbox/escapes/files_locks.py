# kind: assert
# verdict: wrong_answer
# threat: locks and leases on files that other workers share
import os


def add(a, b):
    return a + b if LEFT else -1


LEFT = os.listdir("/tmp")

import fcntl
import json

with open(json.__file__) as library:
    for take in (lambda: fcntl.flock(library, fcntl.LOCK_EX), lambda: fcntl.fcntl(library, 1024, fcntl.F_RDLCK)):
        try:
            take()
        except OSError:
            pass
