# kind: assert
# verdict: runtime_error
# threat: SIGKILL to itself, as an out-of-memory killer would
import os
import signal


def add(a, b):
    os.kill(os.getpid(), signal.SIGKILL)
