# kind: assert
# verdict: memory_limit
# threat: children that together use more than the program may
import os
import time


def add(a, b):
    for _ in range(6):
        if os.fork() == 0:
            kept = [bytearray(b"x" * (1 << 20)) for _ in range(150)]
            time.sleep(4)
            os._exit(len(kept))
    time.sleep(2)
    return -1
