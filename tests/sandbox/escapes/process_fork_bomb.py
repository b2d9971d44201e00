# kind: assert
# verdict: wrong_answer
# threat: as many processes as the system gives, 200 at most, for eight seconds
import os
import time

for _ in range(200):
    try:
        if os.fork() == 0:
            time.sleep(8)
            os._exit(0)
    except OSError:
        break


def add(a, b):
    return -1
