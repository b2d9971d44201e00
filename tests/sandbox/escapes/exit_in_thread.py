# kind: assert
# verdict: runtime_error
# threat: a thread ends the process with status 0 while the main thread is in the tested call
import os
import threading
import time

threading.Timer(0.1, os._exit, (0,)).start()


def add(a, b):
    time.sleep(1)
    return -1
