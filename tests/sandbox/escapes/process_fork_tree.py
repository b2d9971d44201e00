# kind: assert
# verdict: wrong_answer runtime_error
# threat: children that fork children, six levels deep, and leave the harness's loop to each
import os
import time

for _ in range(6):
    try:
        os.fork()
    except OSError:
        time.sleep(1)


def add(a, b):
    return -1
