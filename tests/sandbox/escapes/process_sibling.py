# kind: stdio
# verdict: accepted
# threat: the right answer, and a child of the template's own made with CLONE_PARENT
import ctypes
import os
import signal
import time

a, b = map(int, input().split())
print(a + b, flush=True)
clone, clone_parent = 56, 0x8000
child = ctypes.CDLL(None).syscall(clone, clone_parent | signal.SIGCHLD, 0, 0, 0, 0)
if child == 0:
    time.sleep(8)
    os._exit(1)
