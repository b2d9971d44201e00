# kind: assert
# verdict: wrong_answer
# threat: a sparse file of a terabyte
import os


def add(a, b):
    return a + b if LEFT else -1


LEFT = os.listdir()

import signal

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with open("sparse", "wb") as file:
    for size in (1 << 40, 1 << 30, 1 << 24):
        try:
            file.truncate(size)
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError:
            pass
