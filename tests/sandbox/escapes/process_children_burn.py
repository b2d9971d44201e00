# kind: assert
# verdict: time_limit
# threat: a sleeping parent with children that compute
import os
import time


def add(a, b):
    end = time.monotonic() + 8
    for _ in range(3):
        if os.fork() == 0:
            while time.monotonic() < end:
                pass
            os._exit(0)
    time.sleep(2.5)
    return -1
