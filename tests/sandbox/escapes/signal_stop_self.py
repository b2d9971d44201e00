# kind: assert
# verdict: time_limit
# threat: the program stops itself, so that it neither runs nor ends
import os
import signal


def add(a, b):
    os.kill(os.getpid(), signal.SIGSTOP)
    return -1
