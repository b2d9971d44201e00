# kind: assert
# verdict: memory_limit
# threat: children whose main thread has ended, so that their memory can't be asked for
import ctypes
import os
import threading
import time


def add(a, b):
    for _ in range(6):
        if os.fork() == 0:
            kept = [bytearray(b"x" * (1 << 20)) for _ in range(150)]
            threading.Thread(target=lambda: (time.sleep(4), os._exit(len(kept)))).start()
            exit_this_thread = 60
            ctypes.CDLL(None).syscall(exit_this_thread, 0)
    time.sleep(2)
    return -1
