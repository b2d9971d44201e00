# kind: assert
# verdict: time_limit
# threat: a sleeping parent with children that compute
import os
import time


def add(a, b):
    for _ in range(3):
        if os.fork() == 0:
            while time.process_time() < 3:
                pass
            os._exit(0)
    for _ in range(3):
        os.wait()
    return -1
