# kind: assert
# verdict: runtime_error
# threat: the program ends, a child holds the conversation open
import os
import time


def add(a, b):
    if os.fork() == 0:
        os.setsid()
        time.sleep(8)
        os._exit(0)
    os._exit(0)
