# kind: stdio
# verdict: time_limit
# threat: siblings, children of the zygote's own, that compute for a sleeping program
import ctypes
import os
import signal
import time

input()
clone, clone_parent = 56, 0x8000
for _ in range(3):
    if ctypes.CDLL(None).syscall(clone, clone_parent | signal.SIGCHLD, 0, 0, 0, 0) == 0:
        end = time.monotonic() + 8
        while time.monotonic() < end:
            pass
        os._exit(0)
time.sleep(2.5)
print(-1)
