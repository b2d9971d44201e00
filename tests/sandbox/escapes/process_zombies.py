# kind: assert
# verdict: wrong_answer
# threat: two hundred children that nobody waits for
import os

for _ in range(200):
    try:
        if os.fork() == 0:
            os._exit(0)
    except OSError:
        break


def add(a, b):
    return -1
