# kind: assert
# verdict: memory_limit time_limit
# threat: children with shared mappings, which don't count as their own
import mmap
import os
import time


def add(a, b):
    for _ in range(6):
        if os.fork() == 0:
            kept = mmap.mmap(-1, 150 << 20)
            for _ in range(150):
                kept.write(b"x" * (1 << 20))
            time.sleep(4)
            os._exit(0)
    os.wait()
    return -1
