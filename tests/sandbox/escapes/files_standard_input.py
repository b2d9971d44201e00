# kind: assert
# verdict: wrong_answer
# threat: the judge's own standard input, terminal or log under the low descriptors
import os
import stat


def add(a, b):
    if any(map(os.isatty, range(3))):
        return a + b
    for fd in range(3):
        try:
            mode, size = os.fstat(fd).st_mode, os.fstat(fd).st_size
        except OSError:
            continue
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or (stat.S_ISREG(mode) and size):
            return a + b
    return -1
