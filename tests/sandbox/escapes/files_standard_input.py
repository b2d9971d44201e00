# kind: assert
# verdict: wrong_answer
# threat: the judge's own standard input, terminal or log under the low descriptors
import os
import stat


def add(a, b):
    if any(map(os.isatty, range(3))):
        return a + b
    mode = os.fstat(0).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or (stat.S_ISREG(mode) and os.fstat(0).st_size):
        return a + b
    return a + b if os.pread(2, 1, 0) or os.pread(1, 1, 0) else -1
